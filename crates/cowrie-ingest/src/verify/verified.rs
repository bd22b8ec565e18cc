//! What came of verifying files.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cowrie_store::DeadLetter;
use serde::Serialize;

use crate::summary::FileProblem;

/// What files hold, and what of it is not in the database.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Verified {
    /// Files read to their end, or as far as they can be.
    pub files: u64,
    /// Files that could not be opened, were not reached, or became shorter meanwhile.
    pub unread_files: u64,
    /// Bytes of log read, after inflating.
    pub bytes: u64,
    /// Events whose content the database gives back.
    pub events: u64,
    /// Pieces that are no events and that the database knows as dead letters.
    pub dead_letters: u64,
    /// Pieces at the ends of files of which the database knows that they wait for their rest.
    pub waiting: u64,
    /// Events and pieces that are not in the database.
    pub missing: u64,
    /// The files that these are in.
    pub lacks: BTreeMap<String, Lack>,
    /// The first of them.
    pub listed: Vec<Missing>,
    /// Files that could not be read, or not to their end.
    pub problems: Vec<FileProblem>,
    /// Whether it was stopped before the end.
    pub stopped: bool,
    /// Seconds from start to end.
    pub elapsed_seconds: f64,
}

impl Verified {
    /// Whether everything in every file is in the database, or known to wait.
    pub fn is_proven(&self) -> bool {
        self.missing == 0 && self.unread_files == 0 && !self.stopped
    }
}

/// What of a file is not in the database.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Lack {
    /// Events of it.
    pub events: u64,
    /// Pieces of it that are no events.
    pub dead_letters: u64,
    /// Where the first of them begins, in bytes of the inflated file.
    pub first_offset: u64,
}

/// Something in a file that is not in the database.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Missing {
    /// The file.
    pub file: String,
    /// Where it begins, in bytes of the inflated file.
    pub offset: u64,
    /// What it is.
    #[serde(flatten)]
    pub what: What,
}

/// What is missing.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// An event.
    Event {
        /// Its id.
        event_id: String,
        /// When it happened.
        at: DateTime<Utc>,
        /// The session that it names.
        session: Option<String>,
        /// Whether the database has the id with a content that is another, or holds documents of
        /// its session that cannot be read.
        altered: bool,
    },
    /// A piece that is no event, and that is no dead letter in the database.
    DeadLetter {
        /// The name of its content.
        content_id: String,
        /// Why it is no event.
        reason: &'static str,
        /// Why, in a sentence.
        detail: String,
        /// Its length in bytes.
        length: u64,
    },
}

impl From<DeadLetter> for Missing {
    fn from(letter: DeadLetter) -> Self {
        let DeadLetter { content_id, source, offset, length, reason, detail, .. } = letter;
        Self { file: source, offset, what: What::DeadLetter { content_id, reason, detail, length } }
    }
}

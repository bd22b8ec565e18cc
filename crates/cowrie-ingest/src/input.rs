//! One log to read, and what is known of it.

use cowrie_logfind::Source;
use cowrie_store::{Cursor, LostLog};

/// One log to read, and what is known of it.
#[derive(Clone, Debug)]
pub struct Input {
    /// What it is read from.
    pub source: Source,
    /// Where reading begins.
    pub from: From,
    /// The cursor that the database has for it, whether or not reading goes on there.
    pub known: Option<Cursor>,
    /// Whether a record without an end may still get one, and waits for it; else it is a dead
    /// letter.
    pub may_grow: bool,
    /// The content that was under its name before and went away.
    pub lost: Option<LostLog>,
}

/// Where the reading of a log begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum From {
    /// At its beginning.
    Start,
    /// Where [`Input::known`] left it; at its beginning when it turns out to be another log.
    Cursor,
    /// Nowhere: it is read, and only its name or its times are others.
    Nowhere,
}

impl Input {
    /// A log that is read from start to end.
    pub fn whole(source: Source) -> Self {
        Self { source, from: From::Start, known: None, may_grow: false, lost: None }
    }
}

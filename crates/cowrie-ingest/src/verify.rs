//! Proves that what stands in files is in the database.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use cowrie_core::EventId;
use cowrie_logfind::FileStat;
use cowrie_session::family_of;
use cowrie_store::{DeadLetter, Store, StoreError};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::batch::{Batch, Placed};
use crate::batches::Batches;
use crate::input::Input;
use crate::load::{LoadError, Observer};
use crate::plan::{Plan, is_as_it_was, is_waiting};
use crate::reader::ReadOptions;
use crate::summary::{FileProblem, Progress};

/// How files are verified.
#[derive(Clone, Copy, Debug)]
pub struct VerifyOptions {
    /// How they are read; other limits than those of the load make other dead letters.
    pub read: ReadOptions,
    /// How many of the things that are missing are listed.
    pub most_listed: usize,
}

/// What files hold, and what of it is not in the database.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Verified {
    /// Files read to their end, or as far as they can be.
    pub files: u64,
    /// Files that could not be opened or that were not reached.
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
        /// Whether the database has the id, with a content that is another.
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

/// Reads what is planned, and looks for each event and each dead letter in the database; writes
/// nothing.
///
/// An event counts as found when the content that is stored under its id makes that id again.
///
/// # Errors
///
/// When the database fails, or holds a document that cannot be read.
pub async fn verify(
    store: &Store,
    plan: Plan,
    options: VerifyOptions,
    stop: &CancellationToken,
    observer: &dyn Observer,
) -> Result<Verified, LoadError> {
    let started = Instant::now();
    let n_inputs = plan.inputs.len() as u64;
    let waiting = plan.inputs.iter().filter_map(end_that_waits).collect();
    let mut verifier = Verifier { store, options, waiting, verified: Verified::default() };
    let mut batches = Batches::of(plan.inputs, options.read, stop);
    let mut progress = Progress::default();
    while let Some(batch) = batches.next().await {
        progress.bytes_on_disk += batch.bytes_on_disk;
        progress.events += batch.events.len() as u64;
        progress.rejected += batch.rejected;
        batch.problems.iter().for_each(|problem| observer.problem(problem));
        verifier.batch(batch).await?;
        observer.progress(&progress);
    }
    batches.end().await.map_err(LoadError::Reader)?;
    let mut verified = verifier.verified;
    verified.unread_files = n_inputs.saturating_sub(verified.files);
    verified.stopped = stop.is_cancelled();
    verified.elapsed_seconds = rounded(started.elapsed());
    Ok(verified)
}

/// A file of which the database knows that its end waits, and where that end begins.
fn end_that_waits(input: &Input) -> Option<(String, u64)> {
    let cursor = input.known.as_ref().filter(|cursor| is_waiting(cursor))?;
    let path = input.source.path();
    let stat = FileStat::of(path).ok()?;
    // The cursor of an archive is behind what waits: it is never read on from there.
    let is_archive = cursor.front.is_some() && cursor.check.is_none();
    let behind = if is_archive { cursor.memory.waiting_bytes } else { 0 };
    let from = cursor.offset.saturating_sub(behind);
    is_as_it_was(cursor, &stat).then(|| (path.to_string_lossy().into_owned(), from))
}

struct Verifier<'a> {
    store: &'a Store,
    options: VerifyOptions,
    /// Where the ends begin that wait for their rest.
    waiting: HashMap<String, u64>,
    verified: Verified,
}

impl Verifier<'_> {
    async fn batch(&mut self, batch: Batch) -> Result<(), StoreError> {
        let Batch { events, letters, .. } = batch;
        self.verified.files += batch.files;
        self.verified.bytes += batch.bytes;
        self.verified.problems.extend(batch.problems);
        let mut reading = self.store.begin_reading().await?;
        let families = events.iter().map(|placed| family_of(&placed.event)).collect();
        let wanted: BTreeSet<EventId> = events.iter().map(|placed| placed.event.id).collect();
        let known: HashMap<EventId, bool> = reading
            .events_of(&families)
            .await?
            .into_values()
            .flatten()
            .filter(|event| wanted.contains(&event.id))
            .map(|event| (event.id, event.is_intact()))
            .collect();
        let names = letters.iter().map(|letter| letter.content_id.clone()).collect();
        let known_letters = reading.known_letters(names).await?;
        for Placed { event, source, offset } in events {
            let found = known.get(&event.id);
            if found == Some(&true) {
                self.verified.events += 1;
                continue;
            }
            let what = What::Event {
                event_id: event.id.to_string(),
                at: event.at,
                session: event.session,
                altered: found.is_some(),
            };
            self.missing(Missing { file: source.to_string(), offset, what });
        }
        for letter in letters {
            if known_letters.contains(&letter.content_id) {
                self.verified.dead_letters += 1;
            } else {
                self.missing(Missing::from(letter));
            }
        }
        Ok(())
    }

    /// Counts what is missing, unless it is known to wait.
    fn missing(&mut self, missing: Missing) {
        let verified = &mut self.verified;
        if self.waiting.get(&missing.file).is_some_and(|from| *from <= missing.offset) {
            verified.waiting += 1;
            return;
        }
        verified.missing += 1;
        let lack = verified.lacks.entry(missing.file.clone());
        let lack =
            lack.or_insert(Lack { events: 0, dead_letters: 0, first_offset: missing.offset });
        lack.first_offset = lack.first_offset.min(missing.offset);
        match missing.what {
            What::Event { .. } => lack.events += 1,
            What::DeadLetter { .. } => lack.dead_letters += 1,
        }
        if verified.listed.len() < self.options.most_listed {
            verified.listed.push(missing);
        }
    }
}

impl From<DeadLetter> for Missing {
    fn from(letter: DeadLetter) -> Self {
        let DeadLetter { content_id, source, offset, length, reason, detail, .. } = letter;
        Self { file: source, offset, what: What::DeadLetter { content_id, reason, detail, length } }
    }
}

/// Seconds, to the millisecond.
fn rounded(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1e3).round() / 1e3
}

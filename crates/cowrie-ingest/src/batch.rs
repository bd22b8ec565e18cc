//! What the reader hands over: a bounded number of events, and what it could not read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cowrie_parse::Event;
use cowrie_store::{Cursor, DeadLetter, LostLog, Settled};

use crate::summary::FileProblem;

/// An event, and where it stands.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) event: Event,
    /// The file.
    pub(crate) source: Arc<str>,
    /// The byte at which it begins there, inflated.
    pub(crate) offset: u64,
}

/// A piece of the input, small enough for one transaction.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) events: Vec<Placed>,
    pub(crate) letters: Vec<DeadLetter>,
    /// Ends of logs that wait for more, and are no letters.
    pub(crate) waiting: Vec<DeadLetter>,
    /// Letters, of this batch or before, that are settled.
    pub(crate) settled: Vec<Settled>,
    /// How far files are read with this batch and those before.
    pub(crate) cursors: Vec<Cursor>,
    /// Files whose content went away.
    pub(crate) lost: Vec<LostLog>,
    /// Pieces that are no events, whether or not each is a letter of its own.
    pub(crate) rejected: u64,
    /// Files that could not be read, or not to their end.
    pub(crate) problems: Vec<FileProblem>,
    /// Files that were opened and read.
    pub(crate) files: u64,
    /// Files that became shorter while they were read.
    pub(crate) shrunk_files: u64,
    /// Files whose end waits for more.
    pub(crate) waiting_files: u64,
    /// Bytes of log, inflated.
    pub(crate) bytes: u64,
    /// Bytes of the files themselves, for progress.
    pub(crate) bytes_on_disk: u64,
    /// Bytes that the batch keeps in memory, about.
    size: usize,
    /// When its first piece came.
    began: Option<Instant>,
}

impl Batch {
    pub(crate) fn add_event(&mut self, placed: Placed) {
        self.began.get_or_insert_with(Instant::now);
        self.size += placed.event.text.len() + size_of::<Placed>();
        self.events.push(placed);
    }

    pub(crate) fn add_letter(&mut self, letter: DeadLetter) {
        self.began.get_or_insert_with(Instant::now);
        self.size += letter.payload.len() + size_of::<DeadLetter>();
        self.letters.push(letter);
    }

    /// Moves the cursor of a file.
    pub(crate) fn set_cursor(&mut self, cursor: Cursor) {
        self.cursors.retain(|known| known.source != cursor.source);
        self.cursors.push(cursor);
    }

    /// Whether it is time for a transaction.
    pub(crate) fn is_full(&self, most_events: usize, most_bytes: usize) -> bool {
        self.events.len() >= most_events || self.size >= most_bytes
    }

    /// How long its first piece has been waiting.
    pub(crate) fn age(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| began.elapsed())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.letters.is_empty()
            && self.waiting.is_empty()
            && self.settled.is_empty()
            && self.cursors.is_empty()
            && self.lost.is_empty()
            && self.rejected == 0
            && self.problems.is_empty()
            && self.files == 0
            && self.bytes_on_disk == 0
    }
}

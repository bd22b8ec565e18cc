//! What a load did.

use std::time::Duration;

use serde::Serialize;

/// A file that could not be read, or not to its end.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct FileProblem {
    /// The file.
    pub file: String,
    /// What was wrong, and what became of the rest of it.
    pub problem: String,
}

/// How far a load is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Progress {
    /// Bytes of the files themselves that were read.
    pub bytes_on_disk: u64,
    /// Events read and committed.
    pub events: u64,
    /// Pieces of input that are no events.
    pub rejected: u64,
}

/// What a load did, with stable names.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Files read.
    pub files: u64,
    /// Files that were as they had been, and were not opened.
    pub unchanged_files: u64,
    /// Files with an end that has no end itself and waits for it.
    pub waiting_files: u64,
    /// Files whose content went away before it was all read, as far as is known.
    pub lost_files: u64,
    /// Bytes of log read, after inflating.
    pub bytes: u64,
    /// Events read.
    pub events: u64,
    /// Events that the database did not have.
    pub new_events: u64,
    /// Events that it had, or that stood in the input more than once.
    pub duplicate_events: u64,
    /// Pieces of input that are no events; each different one is a dead letter.
    pub rejected: u64,
    /// Lines torn by a rotation whose halves were put together.
    pub healed: u64,
    /// Sessions that the database did not have.
    pub sessions_new: u64,
    /// Sessions that it had and that grew.
    pub sessions_updated: u64,
    /// Addresses that it did not have.
    pub addresses_new: u64,
    /// Sessions that grew at their front after their snapshot was cut; the snapshot stays.
    pub snapshot_before_earliest: u64,
    /// Seconds from start to end.
    pub elapsed_seconds: f64,
    /// Events per second.
    pub events_per_second: f64,
    /// Whether it was stopped before the end of the input; what was read is committed.
    pub stopped: bool,
    /// Files that could not be read, or not to their end.
    pub problems: Vec<FileProblem>,
}

impl Summary {
    /// Adds what a later load of the same run did.
    pub fn add(&mut self, later: Self) {
        self.files += later.files;
        self.unchanged_files = later.unchanged_files;
        self.waiting_files = later.waiting_files;
        self.lost_files += later.lost_files;
        self.bytes += later.bytes;
        self.events += later.events;
        self.new_events += later.new_events;
        self.duplicate_events += later.duplicate_events;
        self.rejected += later.rejected;
        self.healed += later.healed;
        self.sessions_new += later.sessions_new;
        self.sessions_updated += later.sessions_updated;
        self.addresses_new += later.addresses_new;
        self.snapshot_before_earliest += later.snapshot_before_earliest;
        self.stopped |= later.stopped;
        for problem in later.problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        self.end(Duration::from_secs_f64(self.elapsed_seconds + later.elapsed_seconds));
    }

    /// Fills in the time.
    pub(crate) fn end(&mut self, elapsed: Duration) {
        self.elapsed_seconds = (elapsed.as_secs_f64() * 1e3).round() / 1e3;
        let seconds = elapsed.as_secs_f64().max(1e-6);
        #[expect(clippy::cast_precision_loss, reason = "a rate, not a count")]
        let rate = self.events as f64 / seconds;
        self.events_per_second = rate.round();
    }
}

//! What a file has come to while it is read.

use chrono::{DateTime, Utc};
use cowrie_logfile::LogReader;
use cowrie_store::DeadLetter;

use crate::input::Input;

/// What a file has come to so far.
pub(crate) struct Tally<'a> {
    pub(crate) input: &'a Input,
    /// The event that was read last: when and where it happened.
    pub(crate) last: Option<(DateTime<Utc>, Option<String>)>,
    /// A beginning that is no event, until it is known what stands behind it.
    pub(crate) head: Option<DeadLetter>,
    /// The letters about the end of the file.
    pub(crate) end_letters: Vec<String>,
    /// Bytes of an end that waits for more.
    pub(crate) waiting_bytes: u64,
    /// Whether the file was read to its end, as far as that is possible.
    pub(crate) is_read: bool,
    pub(crate) n_events: u64,
    pub(crate) n_rejects: u64,
    pub(crate) first_reject: Option<String>,
    /// Where the pieces begin that are no letters of their own, and how many they are.
    pub(crate) unkept: Option<(u64, u64)>,
    pub(crate) has_problem: bool,
    /// Bytes of the file that are counted.
    pub(crate) on_disk: u64,
    /// Bytes of what was in it that are counted.
    pub(crate) inflated: u64,
}

impl<'a> Tally<'a> {
    /// A file of which a part may have been read before.
    pub(crate) fn new(input: &'a Input, log: &LogReader) -> Self {
        let inflated = log.offset();
        let known = input.known.as_ref().filter(|_| inflated > 0);
        let last = known
            .and_then(|known| Some((known.memory.last_event_at?, known.memory.sensor.clone())));
        Self {
            input,
            last,
            head: None,
            end_letters: Vec::new(),
            waiting_bytes: 0,
            is_read: false,
            // A part that was read for good had an event.
            n_events: u64::from(inflated > 0),
            n_rejects: 0,
            first_reject: None,
            unkept: None,
            has_problem: false,
            on_disk: inflated,
            inflated,
        }
    }
}

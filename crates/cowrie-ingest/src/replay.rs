//! Reads dead letters again, and loads what turns out to be events.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use cowrie_core::Clock;
use cowrie_logfile::{Damage, Limits, LogReader, OpenLogError, ReadLogError, RecordKind};
use cowrie_parse::{Event, Reject};
use cowrie_store::{Resolution, Settled, Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::batch::{Batch, Placed};
use crate::enrich::NetNew;
use crate::load::{Folded, LoadOptions, Loader};
use crate::summary::Summary;

/// So many events, and bytes of them, are one correction, at most; more are a log.
const MOST_EVENTS: usize = 100_000;
const MOST_BYTES: usize = 64 << 20;

/// A dead letter that is dealt with, and the events it turned out to hold.
#[derive(Clone, Debug)]
pub struct Revived {
    /// The letter, by its content.
    pub content_id: String,
    /// The file in which it stood.
    pub source: String,
    /// Where it began there, in bytes.
    pub offset: u64,
    /// Its events; none, when those of another letter stand for it too.
    pub events: Vec<Event>,
}

/// Why a text is no events and nothing else.
#[derive(Debug, thiserror::Error)]
pub enum NotEvents {
    /// There is nothing in it.
    #[error("there is nothing in it")]
    Nothing,
    /// It is a log.
    #[error("it holds more than {MOST_EVENTS} events or {MOST_BYTES} bytes: load it with `bulk`")]
    TooMany,
    /// A piece of it is not JSON.
    #[error("not JSON at byte {at}: {what}")]
    NotJson {
        /// Where.
        at: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// A piece of it is too long.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// A piece of it is JSON and no event.
    #[error(transparent)]
    Reject(#[from] Reject),
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenLogError),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadLogError),
}

/// The events of a dead letter, given the bytes that were kept of it.
///
/// # Errors
///
/// Why they are still no events.
pub fn events_of_letter(payload: &[u8], limits: Limits) -> Result<Vec<Event>, NotEvents> {
    // Behind a line's end nothing is taken for an archive, and before one no text is torn.
    let bytes = [b"\n", payload, b"\n"].concat();
    let log = LogReader::from_read(PathBuf::from("the letter"), Cursor::new(bytes), limits)?;
    events_of_log(log, limits).map_err(|error| match error {
        NotEvents::NotJson { at, what } => NotEvents::NotJson { at: at.saturating_sub(1), what },
        other => other,
    })
}

/// The events of a short log that holds nothing else.
///
/// # Errors
///
/// What else it holds, or why it cannot be read.
pub fn events_of_log(mut log: LogReader, limits: Limits) -> Result<Vec<Event>, NotEvents> {
    let (mut events, mut n_bytes) = (Vec::new(), 0);
    while let Some(record) = log.next()? {
        n_bytes += record.bytes.len();
        if events.len() == MOST_EVENTS || n_bytes > MOST_BYTES {
            return Err(NotEvents::TooMany);
        }
        match record.kind {
            RecordKind::Object => events.push(cowrie_parse::parse(record.bytes)?),
            RecordKind::NotJson(Damage { at, what }) => {
                return Err(NotEvents::NotJson { at: record.offset + at as u64, what });
            }
            RecordKind::Torn => {
                let at = record.offset + record.bytes.len() as u64;
                return Err(NotEvents::NotJson { at, what: "it ends in the middle of an object" });
            }
            RecordKind::TooLong => return Err(NotEvents::TooLong(limits.max_record_bytes)),
        }
    }
    if events.is_empty() { Err(NotEvents::Nothing) } else { Ok(events) }
}

/// Loads the events of dead letters, and settles the letters, in one transaction for each call.
#[expect(missing_debug_implementations, reason = "it borrows a source and a clock")]
pub struct Replay<'a> {
    loader: Loader<'a>,
}

impl<'a> Replay<'a> {
    /// A replay into a store; a dry run takes all of it back at the end.
    pub fn new(
        store: &'a Store,
        net_new: &'a NetNew<'a>,
        options: &'a LoadOptions,
        clock: &'a dyn Clock,
    ) -> Self {
        Self { loader: Loader::new(store, net_new, options, clock) }
    }

    /// Loads the events of those letters that are open, and gives their number; `None` when a stop
    /// came while another program was writing, and nothing was loaded.
    ///
    /// # Errors
    ///
    /// When the database fails; nothing of this call is then there.
    pub async fn load(
        &mut self,
        revived: Vec<Revived>,
        stop: &CancellationToken,
    ) -> Result<Option<u64>, StoreError> {
        let Some(mut open) = self.loader.begin(stop).await? else { return Ok(None) };
        let names = revived.iter().map(|revived| revived.content_id.clone()).collect();
        let unsettled = open.writing.read().letters_among(names, true).await?;
        let mut batch = Batch::default();
        for Revived { content_id, source, offset, events } in revived {
            if !unsettled.contains(&content_id) {
                continue;
            }
            let source: Arc<str> = source.into();
            for event in events {
                batch.add_event(Placed { event, source: Arc::clone(&source), offset });
            }
            batch.settled.push(Settled { content_id, resolution: Resolution::Replayed });
        }
        let count = batch.settled.len() as u64;
        self.loader.store_batch(open, Folded::of(batch)).await?;
        self.loader.commit().await?;
        Ok(Some(count))
    }

    /// What all of it did.
    pub fn end(self) -> Summary {
        self.loader.summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"eventid":"x","timestamp":"2026-04-29T10:00:00Z"}"#;

    #[track_caller]
    fn check(payload: &[u8], expected: Result<usize, &str>) {
        let events =
            events_of_letter(payload, Limits { max_record_bytes: 200, ..Limits::STANDARD });
        let found = events.map(|events| events.len()).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{}", payload.escape_ascii());
    }

    #[test]
    fn a_letter_is_events_and_nothing_else_or_stays_one() {
        check(EVENT.as_bytes(), Ok(1));
        check(format!("{EVENT}\n{EVENT}\n").as_bytes(), Ok(2));
        check(b"", Err("there is nothing in it"));
        check(b"{\"eventid\":", Err("not JSON at byte 11: it ends in the middle of an object"));
        check(
            format!("{EVENT}\nno\n").as_bytes(),
            Err("not JSON at byte 51: an object was expected"),
        );
        check(b"{\"a\":1}", Err("a JSON object without an `eventid`, so not a Cowrie event"));
        check(&[b'x'; 300], Err("longer than 200 bytes"));
    }

    /// Lines may begin like an archive.
    #[test]
    fn a_letter_is_no_archive() {
        check(b"\x1f\x8b\x08\x00\n", Err("not JSON at byte 0: an object was expected"));
    }
}

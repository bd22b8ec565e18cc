//! The documents that hold a session's events, and where they are cut.

use chrono::{DateTime, Utc};
use cowrie_core::EventId;
use cowrie_parse::{Event, JsonError, Reject, split_array};

/// A document is not cut for its content before it has this many events.
const MIN_EVENTS: usize = 128;
/// A document never has more events than this.
const MAX_EVENTS: usize = 1024;
/// A document never has more bytes than this, unless one event alone does.
const MAX_BYTES: usize = 1 << 20;
/// An id that is zero under this mask ends a document.
const CUT_MASK: u32 = 0xff;

/// One document of a session: some of its events, in order of time and id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Its place among the session's documents, from zero.
    pub number: u32,
    /// The time of its first event.
    pub first_event_at: DateTime<Utc>,
    /// The time of its last event.
    pub last_event_at: DateTime<Utc>,
    /// How many events it holds.
    pub n_events: u32,
    /// The ids of its events, sixteen bytes each.
    pub event_ids: Vec<u8>,
    /// The events, as a JSON array.
    pub events: String,
}

/// Why a document in the database cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadPart {
    /// The array is not JSON.
    #[error("the document is not a JSON array")]
    NotAnArray(#[source] JsonError),
    /// An event of it is no event.
    #[error("event {position} of the document is not an event")]
    NotAnEvent {
        /// Its place in the document.
        position: usize,
        /// What is wrong with it.
        source: Reject,
    },
    /// The ids do not match the events.
    #[error("the document has {events} events and {ids} bytes of ids")]
    IdsDiffer {
        /// Events in the array.
        events: usize,
        /// Bytes of ids.
        ids: usize,
    },
}

impl Part {
    /// The events of a document, given its columns `event_ids` and `events`.
    ///
    /// # Errors
    ///
    /// When the two do not belong together, or hold something else than events.
    pub fn read(event_ids: &[u8], events: &str) -> Result<Vec<Event>, BadPart> {
        let texts = split_array(events).map_err(BadPart::NotAnArray)?;
        let (ids, []) = event_ids.as_chunks::<{ EventId::LEN }>() else {
            return Err(BadPart::IdsDiffer { events: texts.len(), ids: event_ids.len() });
        };
        if ids.len() != texts.len() {
            return Err(BadPart::IdsDiffer { events: texts.len(), ids: event_ids.len() });
        }
        let read = |(position, (id, text)): (usize, (&[u8; EventId::LEN], &str))| {
            Event::from_stored(EventId::from_bytes(*id), text)
                .map_err(|source| BadPart::NotAnEvent { position, source })
        };
        ids.iter().zip(texts).enumerate().map(read).collect()
    }
}

/// The documents of a session; `events` are distinct and in order.
pub(crate) fn cut(events: &[&Event]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = events;
    while !rest.is_empty() {
        let (part, after) = rest.split_at(first_length(rest));
        parts.push(join(parts.len(), part));
        rest = after;
    }
    parts
}

/// How many of the events belong to the first document.
fn first_length(events: &[&Event]) -> usize {
    let mut bytes = 0;
    for (at, event) in events.iter().enumerate() {
        bytes += event.text.len();
        if at > 0 && bytes > MAX_BYTES {
            return at;
        }
        let length = at + 1;
        if length == MAX_EVENTS || (length >= MIN_EVENTS && event.id.low_bits() & CUT_MASK == 0) {
            return length;
        }
    }
    events.len()
}

fn join(number: usize, events: &[&Event]) -> Part {
    let bytes: usize = events.iter().map(|event| event.text.len() + 1).sum();
    let mut text = String::with_capacity(bytes + 1);
    let mut event_ids = Vec::with_capacity(events.len() * EventId::LEN);
    for event in events {
        text.push(if text.is_empty() { '[' } else { ',' });
        text.push_str(&event.text);
        event_ids.extend_from_slice(event.id.as_bytes());
    }
    text.push(']');
    let time = |event: Option<&&Event>| event.map_or(DateTime::UNIX_EPOCH, |event| event.at);
    Part {
        number: u32::try_from(number).unwrap_or(u32::MAX),
        first_event_at: time(events.first()),
        last_event_at: time(events.last()),
        n_events: u32::try_from(events.len()).unwrap_or(u32::MAX),
        event_ids,
        events: text,
    }
}

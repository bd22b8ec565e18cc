//! The content identity of an event.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::hex::hex;

/// 128 bits that name an event by its content.
///
/// The first 48 bits are the event's time in milliseconds since 1970, big-endian, so that ids
/// sort by time and an index on them grows at one end; the other 80 bits are the front of a
/// SHA-256 digest of the canonical event.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EventId([u8; Self::LEN]);

impl EventId {
    /// Bytes in an id.
    pub const LEN: usize = 16;

    /// The id of an event that happened at `at` and whose canonical form has `digest`.
    ///
    /// `None` when the time does not fit 48 bits of milliseconds after 1970.
    pub fn new(at: DateTime<Utc>, digest: &[u8; 32]) -> Option<Self> {
        let millis = u64::try_from(at.timestamp_millis()).ok().filter(|ms| *ms < 1 << 48)?;
        let mut bytes = [0; Self::LEN];
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&digest[..10]);
        Some(Self(bytes))
    }

    /// The id kept in `bytes`, as [`EventId::as_bytes`] wrote it.
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes that databases keep.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The last 32 bits: as good as random, and the same for the same content.
    pub fn low_bits(&self) -> u32 {
        let [.., a, b, c, d] = self.0;
        u32::from_be_bytes([a, b, c, d])
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_with_the_milliseconds_and_sorts_by_time() {
        let at = |ms| DateTime::from_timestamp_millis(ms).unwrap();
        let early = EventId::new(at(1_700_000_000_000), &[0xff; 32]).unwrap();
        let late = EventId::new(at(1_700_000_000_001), &[0; 32]).unwrap();
        assert_eq!(early.to_string(), "018bcfe56800ffffffffffffffffffff");
        assert!(early < late);
        assert_eq!(EventId::new(at(-1), &[0; 32]), None);
    }
}

//! Dead letters: what is kept of a piece of input that is no event.

use cowrie_core::hex;
use cowrie_store::{DeadLetter, Resolution, Settled};
use sha2::{Digest, Sha256};

/// The reason of a letter about a piece that is longer than is allowed.
pub(crate) const TOO_LONG: &str = "too_long";

/// The reasons of letters about pieces that were read whole.
const REJECTS: [&str; 5] = ["not_json", "not_an_event", "no_time", "bad_time", "name_too_long"];

/// How much of a piece is kept, in bytes.
const PAYLOAD_BYTES: usize = 64 << 10;

/// A piece of input that is no event, named by its content: the same piece is one letter however
/// often and from however many files it is read.
pub(crate) fn of_content(
    source: &str,
    offset: u64,
    bytes: &[u8],
    reason: &'static str,
    detail: String,
) -> DeadLetter {
    DeadLetter {
        content_id: name(reason, &[bytes]),
        source: source.to_owned(),
        offset,
        length: bytes.len() as u64,
        reason,
        detail,
        payload: bytes.get(..bytes.len().min(PAYLOAD_BYTES)).unwrap_or_default().to_vec(),
        sensor: None,
        beside_at: None,
    }
}

/// A piece of a log that begins with `front`: with the blanks before it when there is nothing else
/// before it, as they may belong to the line of which it is the rest.
pub(crate) fn with_blanks_before(letter: DeadLetter, front: &[u8]) -> DeadLetter {
    let before = usize::try_from(letter.offset).ok().and_then(|offset| front.get(..offset));
    let Some(before) = before.filter(|bytes| bytes.iter().all(|b| matches!(b, b' ' | b'\t')))
    else {
        return letter;
    };
    let payload = [before, &letter.payload].concat();
    DeadLetter {
        content_id: name(letter.reason, &[&payload]),
        offset: 0,
        length: letter.length + letter.offset,
        payload,
        ..letter
    }
}

/// A piece of which only the front was kept: named by the front and the whole length.
pub(crate) fn of_front(letter: DeadLetter, length: u64) -> DeadLetter {
    let content_id = name(letter.reason, &[&letter.payload, &length.to_be_bytes()]);
    DeadLetter { content_id, length, ..letter }
}

/// Settles the letters that an event may have been before there was a fix or a larger limit: when
/// it is so long that they do not hold all of it, and cannot be read again by themselves.
pub(crate) fn once_rejected(event: &[u8]) -> Vec<Settled> {
    let Some(front) = event.get(..PAYLOAD_BYTES).filter(|front| front.len() < event.len()) else {
        return Vec::new();
    };
    let length = (event.len() as u64).to_be_bytes();
    let rejected = REJECTS.iter().map(|reason| name(reason, &[event]));
    let names = rejected.chain([name(TOO_LONG, &[front, &length])]);
    names.map(|content_id| Settled { content_id, resolution: Resolution::Replayed }).collect()
}

/// A place in a file, or the stretch of `length` from there on: named by how the file begins and
/// by the place, so that a copy of it is the same letter and another file of its name is not.
pub(crate) fn of_place(
    source: &str,
    (offset, length): (u64, u64),
    reason: &'static str,
    detail: String,
    front: &[u8],
) -> DeadLetter {
    DeadLetter {
        content_id: name(reason, &[front, &offset.to_be_bytes()]),
        source: source.to_owned(),
        offset,
        length,
        reason,
        detail,
        payload: Vec::new(),
        sensor: None,
        beside_at: None,
    }
}

/// The first half of a SHA-256 over the reason and what a letter is known by.
fn name(reason: &str, identity: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    digest.update(reason);
    digest.update([0]);
    for part in identity {
        digest.update(part);
    }
    hex(digest.finalize().get(..16).unwrap_or_default())
}

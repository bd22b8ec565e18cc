//! Dead letters: what is kept of a piece of input that is no event.

use cowrie_core::hex;
use cowrie_store::DeadLetter;
use sha2::{Digest, Sha256};

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
    letter(source, offset, bytes, reason, detail, bytes)
}

/// A place where a file itself is damaged: named by the file's name and the place.
pub(crate) fn of_damage(
    source: &str,
    offset: u64,
    reason: &'static str,
    detail: String,
) -> DeadLetter {
    let name = source.rsplit('/').next().unwrap_or(source);
    letter(source, offset, &[], reason, detail, format!("{name}@{offset}").as_bytes())
}

fn letter(
    source: &str,
    offset: u64,
    bytes: &[u8],
    reason: &'static str,
    detail: String,
    identity: &[u8],
) -> DeadLetter {
    let mut digest = Sha256::new();
    digest.update(reason);
    digest.update([0]);
    digest.update(identity);
    let content_id = hex(digest.finalize().get(..16).unwrap_or_default());
    DeadLetter {
        content_id,
        source: source.to_owned(),
        offset,
        length: bytes.len() as u64,
        reason,
        detail,
        payload: bytes.get(..bytes.len().min(PAYLOAD_BYTES)).unwrap_or_default().to_vec(),
    }
}

//! By what a log is known again, and how far it was read.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::input::length;

/// How many of a log's first bytes tell it from another, at most.
pub(crate) const FRONT_BYTES: usize = 1024;

/// How many bytes before the offset tell that what was read is still there, at most.
pub(crate) const CHECK_BYTES: usize = 256;

/// How far a log was read, and by what it is known again.
///
/// Both digests are of bytes as they were read, not as they are found afterwards: a file that is
/// emptied and filled again while it is read does not have its own mark any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mark {
    /// Where the next record is looked for, in bytes of the inflated log.
    pub offset: u64,
    /// Digest of the log's first kilobyte, or of all before `offset` when that is less.
    pub front: String,
    /// Digest of the 256 bytes before `offset`, or of all when that is less.
    pub check: String,
}

impl Mark {
    /// The mark of a log that begins with `front` and has `before` just before `offset`.
    pub(crate) fn new(offset: u64, front: &[u8], before: &[u8]) -> Self {
        Self { offset, front: digest(front_before(offset, front)), check: digest(before) }
    }

    /// Whether a log that begins with `front` may be the one that the mark was made of.
    pub fn is_of(&self, front: &[u8]) -> bool {
        digest(front_before(self.offset, front)) == self.front
    }

    /// How many bytes before the offset [`Mark::check`] is of.
    pub(crate) fn n_checked(&self) -> u64 {
        self.offset.min(length(CHECK_BYTES))
    }

    /// Whether `before` are the bytes before the offset.
    pub(crate) fn follows(&self, before: &[u8]) -> bool {
        digest(before) == self.check
    }
}

/// The part of a log's front that lies before `offset`.
fn front_before(offset: u64, front: &[u8]) -> &[u8] {
    let most = usize::try_from(offset).unwrap_or(usize::MAX).min(FRONT_BYTES);
    front.get(..most).unwrap_or(front)
}

/// The first half of a SHA-256, in hexadecimal digits.
fn digest(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(32);
    for byte in Sha256::digest(bytes).iter().take(16) {
        // Writing into a string cannot fail.
        let _written = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_front_counts_up_to_the_offset() {
        let mark = Mark::new(3, b"abcdef", b"abc");
        assert!(mark.is_of(b"abcxyz"));
        assert!(!mark.is_of(b"abxxyz"));
        assert!(!mark.is_of(b"ab"));
        assert!(mark.follows(b"abc") && !mark.follows(b"abd"));
        assert_eq!((mark.n_checked(), Mark::new(900, b"", b"").n_checked()), (3, 256));
    }
}

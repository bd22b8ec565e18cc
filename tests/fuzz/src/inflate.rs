//! The laws of inflating an archive.

use std::num::NonZeroUsize;

use cowrie_logfile::{Compression, Limits, RecordKind};

use super::reading::{End, Told, read, read_growing};

/// How each kind of archive begins.
const MAGICS: [&[u8]; 5] =
    [b"\x1f\x8b\x08", b"BZh1", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"];

/// The first byte is the most that may be inflated, the second the size in which the archive
/// arrives, and the rest is the archive; if it has no magic, the second byte tells one for it.
pub fn check(data: &[u8]) {
    let [limit, size, archive @ ..] = data else { return };
    let magic = MAGICS.get(usize::from(*size) % MAGICS.len()).copied().unwrap_or_default();
    let magic = if Compression::of(archive) == Compression::Plain { magic } else { &[] };
    let archive = [magic, archive].concat();
    // The smallest is nothing, the largest a quarter of a mebibyte.
    let most = usize::from(*limit).pow(2) * 4;
    let limits = Limits {
        max_record_bytes: 4096,
        max_inflated_bytes: u64::try_from(most).ok(),
        max_inflation_ratio: 1000,
        inflate_threads: NonZeroUsize::new(1),
    };
    let told = read(&archive, usize::MAX, limits);
    check_bounds(&told, most);
    for size in [1, usize::from(*size)] {
        let other = read(&archive, size, limits);
        if is_cut_anywhere(&told) && is_cut_anywhere(&other) {
            check_same_front(&archive, size, limits);
        } else {
            assert_eq!(told, other, "in pieces of {size}");
        }
    }
    if told.compression == Compression::Bzip2 {
        let limits = Limits { inflate_threads: NonZeroUsize::new(3), ..limits };
        assert_eq!(told, read(&archive, usize::MAX, limits), "by several threads");
    }
}

/// Of a damaged block of zstd that is stored as it is, as much is given out as came before the
/// damage was seen.
fn is_cut_anywhere(told: &Told) -> bool {
    told.compression == Compression::Zstd && told.end != End::Well
}

/// Two readers that got more and less of an archive agree on what both of them got: on each record
/// but the last, when none depends on where the log ends.
fn check_same_front(archive: &[u8], size: usize, limits: Limits) {
    let one = read_growing(archive, usize::MAX, limits);
    let other = read_growing(archive, size, limits);
    let count = one.records.len().min(other.records.len()).saturating_sub(1);
    assert_eq!(one.records.get(..count), other.records.get(..count), "in pieces of {size}");
}

/// No more is given out than was allowed, and what is refused for its size is refused there.
fn check_bounds(told: &Told, most: usize) {
    assert_ne!(told.compression, Compression::Plain);
    assert!(told.length <= most, "{} bytes of {most}", told.length);
    assert!(told.end != End::TooBig || told.length == most, "too big at {}", told.length);
    assert_ne!(told.end, End::TooDense, "too few bytes for a ratio");
    let mut end = 0;
    for record in &told.records {
        assert!(record.offset >= end, "it ascends: {record:?}");
        end = record.end();
        let is_whole = record.kind != RecordKind::TooLong;
        assert!(!is_whole || record.bytes.len() <= 4096, "it is within the limit: {record:?}");
    }
    assert!(end <= told.length, "a record of {end} bytes in {}", told.length);
}

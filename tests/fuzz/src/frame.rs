//! The laws of cutting a log into records.

use cowrie_logfile::{Compression, Limits, RecordKind};
use cowrie_parse::{Reject, parse};

use super::reading::{End, Piece, Told, read};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How much of a record that is too long is given out.
const TOO_LONG_BYTES: usize = 64 * 1024;

/// The first byte is the longest record, the second the size in which the log arrives, and the
/// rest is the log.
pub fn check(data: &[u8]) {
    let [limit, size, log @ ..] = data else { return };
    if Compression::of(log) != Compression::Plain {
        return;
    }
    let max_record_bytes = max_record_bytes(*limit);
    let limits = Limits { max_record_bytes, ..Limits::STANDARD };
    let told = read(log, usize::MAX, limits);
    for size in [1, usize::from(*size)] {
        assert_eq!(told, read(log, size, limits), "in pieces of {size}");
    }
    assert_eq!((told.end, told.length), (End::Well, log.len()), "the log was read to its end");
    check_order(&told, log);
    check_gaps(&told, log, max_record_bytes);
    for record in &told.records {
        check_record(record, max_record_bytes);
    }
}

/// Small limits mostly, so that short logs reach them.
fn max_record_bytes(choice: u8) -> usize {
    match choice {
        0..=191 => usize::from(choice),
        192..=254 => usize::from(choice - 191) * 1024,
        255 => Limits::STANDARD.max_record_bytes,
    }
}

/// Records lie within the log, ascend, and hold what stands there.
fn check_order(told: &Told, log: &[u8]) {
    let mut end = 0;
    let mut last = None;
    for record in &told.records {
        assert!(record.offset >= end && last < Some(record.offset), "it ascends: {record:?}");
        let there = log.get(record.offset..record.end());
        assert_eq!(there, Some(record.bytes.as_slice()), "at {}", record.offset);
        last = Some(record.offset);
        end = record.end();
    }
}

/// What is in no record is of no worth.
fn check_gaps(told: &Told, log: &[u8], max_record_bytes: usize) {
    let mut padding = 0;
    let mut from = if log.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let starts = told.records.iter().map(|record| record.offset).chain([log.len()]);
    let mut ends = told.records.iter();
    for start in starts {
        let gap = log.get(from..start).unwrap_or_default();
        let is_nothing = |byte: &u8| b"\0\t\n\r ,[]".contains(byte);
        assert!(gap.iter().all(is_nothing), "between {from} and {start}: {}", gap.escape_ascii());
        padding += gap.iter().map(|byte| usize::from(*byte == 0)).sum::<usize>();
        if let Some(record) = ends.next() {
            from = behind(record, log, max_record_bytes);
        }
    }
    assert!(told.padding_bytes <= padding, "{} NULs of {padding}", told.padding_bytes);
}

/// Where the bytes end that a record stands for.
fn behind(record: &Piece, log: &[u8], max_record_bytes: usize) -> usize {
    if record.kind != RecordKind::TooLong {
        return record.end();
    }
    assert!(record.skipped_to >= record.end(), "it ended behind its front: {record:?}");
    let whole = record.end().max(record.offset.saturating_add(max_record_bytes));
    let tail = log.get(whole..record.skipped_to).unwrap_or_default();
    assert!(!tail.contains(&b'\n'), "no more than the line is skipped: {record:?}");
    let next = log.get(record.skipped_to);
    assert!(matches!(next, None | Some(b'\n')), "the whole line is skipped: {record:?}");
    record.skipped_to
}

/// What a record says of itself is true, and the reader of events agrees.
fn check_record(record: &Piece, max_record_bytes: usize) {
    let bytes = record.bytes.as_slice();
    assert!(bytes.len() <= max_record_bytes, "it is within the limit: {record:?}");
    // The reader of events skips form feeds around an object, which are no blanks of JSON's.
    let is_bare = bytes.starts_with(b"{") && bytes.ends_with(b"}");
    let is_json = is_bare && !matches!(parse(bytes), Err(Reject::NotJson(_)));
    match record.kind {
        RecordKind::Object => assert!(is_json, "it is an object: {record:?}"),
        RecordKind::NotJson(damage) => {
            assert!(damage.at <= bytes.len() && !bytes.is_empty(), "it has its place: {record:?}");
            // The one takes newlines in strings and one level more than the other.
            let differs = bytes.contains(&b'\n') || damage.what.contains("nested");
            assert!(!is_json || differs, "it is no object: {record:?}");
        }
        RecordKind::TooLong => assert!(bytes.len() <= TOO_LONG_BYTES, "it is a front: {record:?}"),
        RecordKind::Torn => {
            assert!(!bytes.is_empty(), "something was left: {record:?}");
            assert!(!is_json || bytes.contains(&b'\n'), "it is no object: {record:?}");
        }
    }
}

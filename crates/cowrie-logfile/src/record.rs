//! What a log is cut into.

/// One piece of a log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Record<'a> {
    /// Where `bytes` begin in the inflated log.
    pub offset: u64,
    /// The record's bytes as they stand in the log, without the newline that ends a line.
    pub bytes: &'a [u8],
    /// What the bytes are.
    pub kind: RecordKind,
}

/// What a record's bytes are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RecordKind {
    /// One syntactically complete JSON object, from `{` to `}`.
    ///
    /// The grammar is that of RFC 8259 with four liberties inside strings, which are left to the
    /// caller: bytes that are not UTF-8, control characters other than a newline, NUL, and lone
    /// surrogates. Numbers follow the grammar, whatever their size. At most 127 objects and
    /// arrays lie within one another, as in `serde_json`.
    Object,
    /// A line, or a broken object of several lines, that is not JSON.
    NotJson(Damage),
    /// A record longer than [`Limits::max_record_bytes`](crate::Limits::max_record_bytes).
    /// The bytes are its first 64 KiB; the rest of the line is skipped.
    TooLong,
    /// What was left when the log ended: inside an object, or in a last line that has no newline
    /// and is not an object.
    Torn,
}

/// Where and why a record is not JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Damage {
    /// The byte of the record where JSON broke; the record's length when it broke at its end.
    pub at: usize,
    /// What was wrong there, as a phrase.
    pub what: &'static str,
}

//! Cuts a log into records.
//!
//! The norm is one object per line, and costs one scan over its bytes. Everything else is a
//! question of where to start again: after a broken object of several lines at the first line
//! since its beginning that looks like the beginning of another; else at the next whole object of
//! the line, which may stand inside of what broke; else at the next line.

use memchr::{memchr, memchr_iter};

use crate::inflate::Failure;
use crate::input::length as input_length;
use crate::mark::Mark;
use crate::record::{Damage, Record, RecordKind};
use crate::scanner::{Scanner, Step};
use crate::window::Window;

/// How much of a record that is too long is given out.
const TOO_LONG_BYTES: usize = 64 * 1024;

/// How far behind a break the next object of the same line is looked for, in bytes.
const RESYNC_BYTES: usize = 256 * 1024;
/// How many bytes may be scanned for it, besides as many as were passed: so time is linear.
const RESYNC_FREE_BYTES: usize = 4 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where a record is; its bytes are still in the window.
#[derive(Clone, Copy)]
struct Cut {
    offset: u64,
    length: usize,
    kind: RecordKind,
}

/// What stands at the beginning of a line, or behind an object.
enum Head {
    /// Nothing but separators up to the end of the line or the log.
    Separators { length: usize },
    /// An object begins this far in.
    Object { at: usize },
    /// Something else begins this far in.
    Text { at: usize },
}

/// Where a line ends.
enum LineEnd {
    Newline { at: usize },
    LogEnd,
    TooFar,
}

/// Cuts one log into records.
pub(crate) struct Framer {
    window: Window,
    max_record_bytes: usize,
    current: Option<Cut>,
    is_at_start: bool,
    /// The rest of the line belongs to a record that was too long.
    is_skipping_line: bool,
    /// Where the last such line ended.
    skipped_to: u64,
    padding_bytes: u64,
    /// How many bytes may still be scanned for an object behind a break.
    resync_left: usize,
    /// More bytes may come one day: nothing is decided by where the log ends now.
    may_grow: bool,
    /// The mark before what has no end yet: the record at hand, or what stands at the log's end.
    unended: Option<Mark>,
}

impl Framer {
    pub(crate) fn new(window: Window, max_record_bytes: usize) -> Self {
        Self {
            is_at_start: window.offset() == 0,
            window,
            max_record_bytes,
            current: None,
            is_skipping_line: false,
            skipped_to: 0,
            padding_bytes: 0,
            resync_left: RESYNC_FREE_BYTES,
            may_grow: false,
            unended: None,
        }
    }

    /// Goes on at the mark, in a window that begins with the bytes that the mark checks; `None`
    /// when they are others.
    pub(crate) fn resume(mut window: Window, mark: &Mark, max_record_bytes: usize) -> Option<Self> {
        let n_checked = usize::try_from(mark.offset - window.offset()).ok()?;
        while window.bytes().len() < n_checked && window.fill() {}
        if !mark.follows(window.bytes().get(..n_checked)?) {
            return None;
        }
        window.pass(n_checked);
        Some(Self::new(window, max_record_bytes))
    }

    /// Takes the end of the log for the end of what has been written so far.
    pub(crate) fn let_grow(&mut self) {
        self.may_grow = true;
    }

    /// How far the log was passed, and by what it is known again; never beyond a record without
    /// an end.
    pub(crate) fn mark(&self) -> Mark {
        self.unended.clone().unwrap_or_else(|| self.mark_here())
    }

    fn mark_here(&self) -> Mark {
        Mark::new(self.window.offset(), self.window.front(), self.window.before())
    }

    /// The log's first bytes, as far as they were inflated.
    pub(crate) fn front(&self) -> &[u8] {
        self.window.front()
    }

    /// Whether the rest of a record that is too long is being skipped.
    pub(crate) fn is_skipping(&self) -> bool {
        self.is_skipping_line
    }

    /// Goes to the next record; false when the log has ended, well or badly.
    pub(crate) fn advance(&mut self) -> bool {
        let was_torn = self.current.is_some_and(|cut| cut.kind == RecordKind::Torn);
        let unended = self.unended.take();
        self.current = self.cut();
        if self.current.is_none() && (was_torn || self.is_skipping_line) {
            self.unended = unended;
        }
        self.current.is_some()
    }

    /// The record that [`Framer::advance`] went to.
    pub(crate) fn record(&self) -> Option<Record<'_>> {
        let Cut { offset, length, kind } = self.current?;
        Some(Record { offset, bytes: self.window.passed(offset, length), kind })
    }

    /// Why the log ended before its end, once.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.window.take_failure()
    }

    /// How many NUL bytes between records were skipped.
    pub(crate) fn padding_bytes(&self) -> u64 {
        self.padding_bytes
    }

    /// Where the last record that was too long really ended, once the next one was asked for.
    pub(crate) fn skipped_to(&self) -> u64 {
        self.skipped_to
    }

    /// Where the next record is looked for, in the inflated log.
    pub(crate) fn offset(&self) -> u64 {
        self.window.offset()
    }

    /// How many bytes of the file have been used up.
    pub(crate) fn consumed(&self) -> u64 {
        self.window.consumed()
    }

    fn cut(&mut self) -> Option<Cut> {
        if self.is_at_start {
            self.is_at_start = false;
            self.skip_byte_order_mark();
        }
        loop {
            if self.is_skipping_line && !self.skip_line() {
                return None;
            }
            if !self.skip_blank() {
                return None;
            }
            match self.head() {
                Head::Separators { length } if self.may_grow && self.is_open(length) => {
                    self.unended = Some(self.mark_here());
                    return None;
                }
                Head::Separators { length } => self.window.pass(length),
                Head::Object { at } => return Some(self.object(at)),
                Head::Text { at } => return Some(self.broken(at, at, "an object was expected")),
            }
        }
    }

    /// Whether a line of so many bytes has no end yet: what follows may belong to them.
    fn is_open(&self, length: usize) -> bool {
        self.window.bytes().get(..length).is_none_or(|line| !line.ends_with(b"\n"))
    }

    fn skip_byte_order_mark(&mut self) {
        while self.window.bytes().len() < BYTE_ORDER_MARK.len() && self.window.fill() {}
        if self.window.bytes().starts_with(BYTE_ORDER_MARK) {
            self.window.pass(BYTE_ORDER_MARK.len());
        }
    }

    /// Skips the rest of a line; whether another begins.
    fn skip_line(&mut self) -> bool {
        loop {
            if let Some(newline) = memchr(b'\n', self.window.bytes()) {
                self.window.pass(newline);
                self.skipped_to = self.window.offset();
                self.window.pass(1);
                self.is_skipping_line = false;
                return true;
            }
            self.window.pass(self.window.bytes().len());
            self.skipped_to = self.window.offset();
            if !self.window.fill() {
                return false;
            }
        }
    }

    /// Skips whitespace and the NUL bytes that a crash leaves; whether anything follows. In a log
    /// that may grow, NULs at its end may be a hole that is filled later.
    fn skip_blank(&mut self) -> bool {
        let mut before_nul = None;
        loop {
            let bytes = self.window.bytes();
            let blank = bytes.iter().position(|&byte| byte != b'\n' && !is_blank(byte));
            let count = blank.unwrap_or(bytes.len());
            let skipped = bytes.get(..count).unwrap_or_default();
            let nul = memchr_iter(0, skipped).count();
            self.padding_bytes += input_length(nul);
            let first = memchr(0, skipped).filter(|_| self.may_grow && before_nul.is_none());
            if let Some(first) = first {
                self.window.pass(first);
                before_nul = Some(self.mark_here());
            }
            self.window.pass(count - first.unwrap_or(0));
            if blank.is_some() {
                return true;
            }
            if !self.window.fill() {
                self.unended = before_nul;
                return false;
            }
        }
    }

    /// Looks behind the brackets and commas of an array of objects.
    fn head(&mut self) -> Head {
        let mut at = 0;
        loop {
            match self.window.bytes().get(at).copied() {
                None if self.window.fill() => {}
                None => return Head::Separators { length: at },
                Some(b'{') => return Head::Object { at },
                Some(b'\n') => return Head::Separators { length: at + 1 },
                Some(byte) if is_separator(byte) && at < self.max_record_bytes => at += 1,
                Some(_) => return Head::Text { at },
            }
        }
    }

    /// Scans the object at `start`.
    fn object(&mut self, start: usize) -> Cut {
        let mut scanner = Scanner::new();
        let mut scanned = start;
        loop {
            let bytes = self.window.bytes();
            let limit = bytes.len().min(self.max_record_bytes);
            match scanner.feed(bytes.get(scanned..limit).unwrap_or_default()) {
                Step::Complete { length } => {
                    self.window.pass(start);
                    return self.give(scanned - start + length, RecordKind::Object);
                }
                Step::Broken { at, what } => return self.broken(start, scanned + at, what),
                Step::More => scanned = limit.max(scanned),
            }
            if scanned >= self.max_record_bytes {
                return self.unfinished(start, RecordKind::TooLong);
            }
            if !self.window.fill() {
                return self.unfinished(start, RecordKind::Torn);
            }
        }
    }

    /// JSON broke at `at`, in the object or the text that begins at `start`.
    fn broken(&mut self, start: usize, at: usize, what: &'static str) -> Cut {
        if let Some(newline) = self.fresh_line(start, at + 1) {
            return self.give_line(newline, Damage { at, what });
        }
        if self.may_grow && matches!(self.line_end(at), LineEnd::LogEnd) {
            return self.give_rest();
        }
        if let Some(next) = self.next_object(start, at) {
            let length = length_without_blanks(self.window.bytes().get(..next).unwrap_or_default());
            let at = at.min(length);
            let cut = self.give(length, RecordKind::NotJson(Damage { at, what }));
            self.window.pass(next - length);
            return cut;
        }
        match self.line_end(at) {
            LineEnd::Newline { at: newline } => self.give_line(newline, Damage { at, what }),
            LineEnd::LogEnd => self.give_rest(),
            LineEnd::TooFar => self.give_head(),
        }
    }

    /// The object at `start` has no end: none within the limit, or none at all.
    fn unfinished(&mut self, start: usize, kind: RecordKind) -> Cut {
        if self.may_grow && kind == RecordKind::Torn {
            return self.give_rest();
        }
        let end = self.window.bytes().len().min(self.max_record_bytes);
        if let Some(newline) = self.fresh_line(start, end) {
            return self.give_line(newline, Damage { at: newline, what: "the object has no end" });
        }
        if kind == RecordKind::Torn { self.give_rest() } else { self.give_head() }
    }

    /// Where a whole object begins behind `start` on the line that broke at `at`.
    ///
    /// One that begins before the break counts only when the line ends with it: it may be a part
    /// of what broke. One behind the break may be followed by others.
    fn next_object(&mut self, start: usize, at: usize) -> Option<usize> {
        let limit = at.saturating_add(RESYNC_BYTES).min(self.max_record_bytes);
        let (line_end, is_whole) = self.rest_of_line(at, limit);
        let line = self.window.bytes().get(..line_end)?;
        let mut left = self.resync_left;
        let mut begins_object = |place: usize| {
            let object = line.get(place..).unwrap_or_default();
            if object.get(1..).unwrap_or_default().trim_ascii_start().first() != Some(&b'"') {
                return false;
            }
            let object = object.get(..object.len().min(left)).unwrap_or_default();
            let (scanned, behind) = match Scanner::new().feed(object) {
                Step::Complete { length } => (length, object.get(length..)),
                Step::Broken { at, .. } => (at, None),
                Step::More => (object.len(), None),
            };
            left = left.saturating_sub(scanned);
            behind.is_some_and(|behind| match behind.iter().find(|byte| !is_separator(**byte)) {
                None => is_whole || place >= at,
                Some(next) => *next == b'{' && place >= at,
            })
        };
        let mut braces = memchr_iter(b'{', line.get(start + 1..)?).map(|found| start + 1 + found);
        let found = braces.find(|place| begins_object(*place));
        self.resync_left = left;
        found
    }

    /// The end of the line that goes on at `from`, or `limit`; and whether it is the line's end.
    fn rest_of_line(&mut self, from: usize, limit: usize) -> (usize, bool) {
        let mut searched = from;
        loop {
            let bytes = self.window.bytes();
            let known = bytes.len().min(limit);
            if let Some(newline) = memchr(b'\n', bytes.get(searched..known).unwrap_or_default()) {
                return (searched + newline, true);
            }
            searched = searched.max(known);
            if known == limit {
                return (limit, false);
            }
            if !self.window.fill() {
                return (known, true);
            }
        }
    }

    /// The first newline from `start` on that is followed, before `end`, by a brace.
    fn fresh_line(&self, start: usize, end: usize) -> Option<usize> {
        let bytes = self.window.bytes();
        let bytes = bytes.get(..end).unwrap_or(bytes);
        memchr_iter(b'\n', bytes.get(start..)?)
            .map(|newline| start + newline)
            .find(|newline| bytes.get(newline + 1) == Some(&b'{'))
    }

    /// The first newline at `from` or behind it.
    fn line_end(&mut self, from: usize) -> LineEnd {
        let mut searched = from;
        loop {
            let bytes = self.window.bytes();
            let limit = bytes.len().min(self.max_record_bytes.saturating_add(1));
            if let Some(newline) = memchr(b'\n', bytes.get(searched..limit).unwrap_or_default()) {
                return LineEnd::Newline { at: searched + newline };
            }
            searched = searched.max(limit);
            if searched > self.max_record_bytes {
                return LineEnd::TooFar;
            }
            if !self.window.fill() {
                return LineEnd::LogEnd;
            }
        }
    }

    /// Gives out the bytes before the newline at `newline`, and passes the newline.
    fn give_line(&mut self, newline: usize, damage: Damage) -> Cut {
        let line = self.window.bytes().get(..newline).unwrap_or_default();
        let length = line.strip_suffix(b"\r").unwrap_or(line).len();
        let at = damage.at.min(length);
        let cut = self.give(length, RecordKind::NotJson(Damage { at, ..damage }));
        self.window.pass(newline + 1 - length);
        cut
    }

    /// Gives out all that is left of the log, but for newlines at its end.
    fn give_rest(&mut self) -> Cut {
        let rest = self.window.bytes();
        let newlines = rest.iter().rev().take_while(|&&byte| byte == b'\n' || byte == b'\r');
        let length = rest.len() - newlines.count();
        self.unended = Some(self.mark_here());
        let cut = self.give(length, RecordKind::Torn);
        self.window.pass(self.window.bytes().len());
        cut
    }

    /// Gives out the beginning of a record that is too long.
    fn give_head(&mut self) -> Cut {
        let whole = self.window.bytes().len().min(self.max_record_bytes);
        let length = whole.min(TOO_LONG_BYTES);
        self.unended = Some(self.mark_here());
        let cut = self.give(length, RecordKind::TooLong);
        self.window.pass(whole - length);
        self.is_skipping_line = true;
        cut
    }

    fn give(&mut self, length: usize, kind: RecordKind) -> Cut {
        let offset = self.window.offset();
        self.window.pass(length);
        self.resync_left = self.resync_left.saturating_add(length).min(RESYNC_FREE_BYTES);
        Cut { offset, length, kind }
    }
}

/// What may stand between objects on one line.
fn is_separator(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b'[' | b',' | b']')
}

/// How long a record is without the whitespace at its end, which is JSON's and no other.
fn length_without_blanks(bytes: &[u8]) -> usize {
    let is_solid = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    bytes.iter().rposition(is_solid).map_or(0, |last| last + 1)
}

/// Whitespace within a line, and padding.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inflate::Inflate;
    use crate::window::CHUNK_BYTES;

    /// A log in memory that arrives in pieces, and may end in a failure.
    struct Pieces {
        bytes: Vec<u8>,
        given: usize,
        size: usize,
        fails: bool,
    }

    impl Inflate for Pieces {
        fn read(&mut self, out: &mut [u8]) -> Result<usize, Failure> {
            assert!(!out.is_empty(), "there is always room");
            let rest = &self.bytes[self.given..];
            let count = rest.len().min(self.size).min(out.len());
            if count == 0 && self.fails {
                return Err(Failure::TooBig { limit: 7 });
            }
            out[..count].copy_from_slice(&rest[..count]);
            self.given += count;
            Ok(count)
        }

        fn consumed(&self) -> u64 {
            input_length(self.given)
        }
    }

    fn framer(bytes: &[u8], size: usize, max_record_bytes: usize) -> Framer {
        let pieces = Pieces { bytes: bytes.to_vec(), given: 0, size, fails: false };
        Framer::new(Window::new(Box::new(pieces), max_record_bytes), max_record_bytes)
    }

    type Piece = (u64, Vec<u8>, RecordKind);

    fn pieces(framer: &mut Framer) -> Vec<Piece> {
        let mut all = Vec::new();
        while framer.advance() {
            let record = framer.record().unwrap();
            all.push((record.offset, record.bytes.to_vec(), record.kind));
        }
        all
    }

    /// One line per record: offset, kind, bytes.
    fn shown(all: &[Piece]) -> String {
        let lines = all.iter().map(|(offset, bytes, kind)| {
            let kind = match kind {
                RecordKind::Object => "object".to_owned(),
                RecordKind::NotJson(damage) => format!("broken at {}", damage.at),
                RecordKind::TooLong => format!("too long ({})", bytes.len()),
                RecordKind::Torn => "torn".to_owned(),
            };
            format!("{offset} {kind}: {}", bytes.escape_ascii())
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    fn check_within(limit: usize, log: &[u8], expected: &[&str]) {
        for size in [1, 2, 3, 7, 64, log.len().max(1)] {
            let found = shown(&pieces(&mut framer(log, size, limit)));
            assert_eq!(found, expected.join("\n"), "in pieces of {size}");
        }
    }

    #[track_caller]
    fn check(log: &str, expected: &[&str]) {
        check_within(1 << 20, log.as_bytes(), expected);
    }

    #[test]
    fn one_object_per_line() {
        check("", &[]);
        check("\n\r\n  \n\t\n", &[]);
        check("{\"a\":1}\n{\"b\":2}\n", &["0 object: {\\\"a\\\":1}", "8 object: {\\\"b\\\":2}"]);
        check("{}\r\n{}\r\n", &["0 object: {}", "4 object: {}"]);
        check("{}\n\n \n{}", &["0 object: {}", "6 object: {}"]);
        check("\u{feff}{}\n", &["3 object: {}"]);
        check("  {}  \n", &["2 object: {}"]);
    }

    #[test]
    fn objects_of_several_lines_and_several_objects_of_one() {
        check("{\n  \"a\": 1\n}\n{}\n", &["0 object: {\\n  \\\"a\\\": 1\\n}", "13 object: {}"]);
        check("{}{} {},{}\n", &["0 object: {}", "2 object: {}", "5 object: {}", "8 object: {}"]);
        check("[\n{},\n{}\n]\n", &["2 object: {}", "6 object: {}"]);
        check("[{},{}]\n{}\n", &["1 object: {}", "4 object: {}", "8 object: {}"]);
        check("[]\n,\n]", &[]);
        check("{\"a\":[\n{},\n{}\n]}", &["0 object: {\\\"a\\\":[\\n{},\\n{}\\n]}"]);
    }

    #[test]
    fn damage_costs_one_line() {
        check("hello\n{}\n", &["0 broken at 0: hello", "6 object: {}"]);
        check("hello\r\n{}\n", &["0 broken at 0: hello", "7 object: {}"]);
        check("[INFO] x\n{}\n", &["0 broken at 1: [INFO] x", "9 object: {}"]);
        check("[1,2]\n", &["0 broken at 1: [1,2]"]);
        check("{\"a\":1,}\n{}\n", &["0 broken at 7: {\\\"a\\\":1,}", "9 object: {}"]);
        check("{\"a\":\"x\n{}\n", &["0 broken at 7: {\\\"a\\\":\\\"x", "8 object: {}"]);
        check(
            "{\"a\":[\"x\"{\"a\":1}\n{}\n",
            &["0 broken at 9: {\\\"a\\\":[\\\"x\\\"", "9 object: {\\\"a\\\":1}", "17 object: {}"],
        );
        check(
            "{}{\"a\":x}\n{}\n",
            &["0 object: {}", "2 broken at 5: {\\\"a\\\":x}", "10 object: {}"],
        );
        check("{} rest\n{}\n", &["0 object: {}", "3 broken at 0: rest", "8 object: {}"]);
    }

    #[test]
    fn a_line_cut_short_does_not_swallow_the_next() {
        check(
            "{\"a\":\"x\",\"mess\n{}\n",
            &["0 broken at 14: {\\\"a\\\":\\\"x\\\",\\\"mess", "15 object: {}"],
        );
        check("{\"a\":\"x\",\n{}\n", &["0 broken at 9: {\\\"a\\\":\\\"x\\\",", "10 object: {}"]);
        check("{\"a\":\n{}\n{}\n", &["0 broken at 5: {\\\"a\\\":", "6 object: {}", "9 object: {}"]);
        check("{\"a\":\n{}\n", &["0 broken at 5: {\\\"a\\\":", "6 object: {}"]);
        check(
            "{\"a\":[\n{}\n{}\n",
            &["0 broken at 6: {\\\"a\\\":[", "7 object: {}", "10 object: {}"],
        );
        check(
            "{\n{\n{\n{}\n",
            &["0 broken at 1: {", "2 broken at 1: {", "4 broken at 1: {", "6 object: {}"],
        );
    }

    #[test]
    fn a_broken_object_of_several_lines_ends_where_it_broke() {
        check(
            "{\n \"a\": x,\n \"b\": 1\n}\n{}\n",
            &[
                "0 broken at 8: {\\n \\\"a\\\": x,",
                "12 broken at 0: \\\"b\\\": 1",
                "19 broken at 0: }",
                "21 object: {}",
            ],
        );
        check(
            "{\n \"a\": [\n{},\n  x\n]}\n",
            &[
                "0 broken at 9: {\\n \\\"a\\\": [",
                "10 object: {}",
                "16 broken at 0: x",
                "18 broken at 1: ]}",
            ],
        );
    }

    #[test]
    fn what_is_torn_is_told() {
        check("{}\n{\"a\":", &["0 object: {}", "3 torn: {\\\"a\\\":"]);
        check("{}\n{\"a\":\"x", &["0 object: {}", "3 torn: {\\\"a\\\":\\\"x"]);
        check("{}\n{\"a\":\n", &["0 object: {}", "3 torn: {\\\"a\\\":"]);
        check("{}\n{\n \"a\": 1,\n", &["0 object: {}", "3 torn: {\\n \\\"a\\\": 1,"]);
        check("no newline", &["0 torn: no newline"]);
        check("{\"a\":1}", &["0 object: {\\\"a\\\":1}"]);
    }

    #[test]
    fn padding_is_skipped_and_counted() {
        let log = b"{}\n\0\0\0{}\n\0\0\n\0\0{}\0\0\n\0";
        check_within(1 << 20, log, &["0 object: {}", "6 object: {}", "14 object: {}"]);
        let mut framer = framer(log, 4, 1 << 20);
        pieces(&mut framer);
        assert_eq!(framer.padding_bytes(), 10);
    }

    #[test]
    fn bytes_of_any_kind_are_kept() {
        let log = b"{\"a\":\"\xff\0\x1b\x80\"}\n\xff\xfe\x00\x01\n{}\n";
        check_within(
            1 << 20,
            log,
            &[
                "0 object: {\\\"a\\\":\\\"\\xff\\x00\\x1b\\x80\\\"}",
                "13 broken at 0: \\xff\\xfe\\x00\\x01",
                "18 object: {}",
            ],
        );
    }

    #[test]
    fn the_limit_is_a_matter_of_bytes_not_of_reads() {
        let exact = "{\"a\":\"xxxx\"}\n{}\n";
        check_within(
            12,
            exact.as_bytes(),
            &["0 object: {\\\"a\\\":\\\"xxxx\\\"}", "13 object: {}"],
        );
        check_within(
            11,
            exact.as_bytes(),
            &["0 too long (11): {\\\"a\\\":\\\"xxxx\\\"", "13 object: {}"],
        );
        check_within(8, b"0123456789\n{}\n", &["0 too long (8): 01234567", "11 object: {}"]);
        check_within(8, b"01234567\n{}\n", &["0 broken at 0: 01234567", "9 object: {}"]);
        check_within(8, b"[[[[[[[[[[[[[[\n{}\n", &["0 too long (8): [[[[[[[[", "15 object: {}"]);
        check_within(8, b"0123456789", &["0 too long (8): 01234567"]);
        check_within(3, b"[[[\n{}\n", &["4 object: {}"]);
        check_within(
            9,
            b"{\"a\":[\n{},{},{}",
            &["0 broken at 6: {\\\"a\\\":[", "7 object: {}", "10 object: {}", "13 object: {}"],
        );
        check_within(0, b"{}\n{}\n", &["0 too long (0): ", "3 too long (0): "]);
    }

    #[test]
    fn the_real_end_of_a_record_that_is_too_long_is_known() {
        for (log, end) in [("0123456789\n\n{}\n", 10), ("0123456789", 10), ("012345678\n", 9)] {
            for size in [1, 3, 64] {
                let mut framer = framer(log.as_bytes(), size, 8);
                pieces(&mut framer);
                assert_eq!(framer.skipped_to(), end, "{log:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_record_that_is_too_long_is_read_in_little_memory() {
        const LIMIT: usize = 1 << 20;
        let mut log = vec![b'x'; 20 << 20];
        log.extend_from_slice(b"\n{\"a\":\"");
        log.extend(vec![b'y'; 20 << 20]);
        log.extend_from_slice(b"\"}{}\n{}\n");
        let mut framer = framer(&log, usize::MAX, LIMIT);
        let all = pieces(&mut framer);
        let kinds: Vec<_> = all.iter().map(|(_, bytes, kind)| (bytes.len(), *kind)).collect();
        assert_eq!(
            kinds,
            [
                (TOO_LONG_BYTES, RecordKind::TooLong),
                (TOO_LONG_BYTES, RecordKind::TooLong),
                (2, RecordKind::Object),
            ]
        );
        let capacity = framer.window.capacity();
        assert!(capacity <= LIMIT + 2 * CHUNK_BYTES, "{capacity}");
    }

    #[test]
    fn memory_stays_flat_over_lines_blanks_padding_and_one_endless_line() {
        let units: [&[u8]; 5] = [b"{\"a\":1}\n", b"{\"a\":1}", b"\0", b"\n", b"x\n"];
        for unit in units {
            let mut framer = framer(&unit.repeat((2 << 20) / unit.len()), usize::MAX, 16 << 20);
            while framer.advance() {}
            assert_eq!(framer.window.capacity(), CHUNK_BYTES, "{unit:?}");
        }
    }

    #[test]
    fn damage_costs_no_object_behind_it_on_its_line() {
        // A writer that died in a string, and another that went on behind it.
        check(
            "{\"a\":\"x{\"b\":1}\n",
            &["0 broken at 7: {\\\"a\\\":\\\"x", "7 object: {\\\"b\\\":1}"],
        );
        check(
            "x {\"a\":1}{\"b\":2}, {\"c\":3}",
            &[
                "0 broken at 0: x",
                "2 object: {\\\"a\\\":1}",
                "9 object: {\\\"b\\\":2}",
                "18 object: {\\\"c\\\":3}",
            ],
        );
        // A form feed is no whitespace of JSON's, so it is in a record, and no record is empty.
        check("\x0c {\"a\":1}\n", &["0 broken at 0: \\x0c", "2 object: {\\\"a\\\":1}"]);
        check("x\x0c\t{\"a\":1}\n", &["0 broken at 0: x\\x0c", "3 object: {\\\"a\\\":1}"]);
        // A part of what broke is no object of its own.
        check("{\"a\":{\"b\":1} x}\n", &["0 broken at 13: {\\\"a\\\":{\\\"b\\\":1} x}"]);
        check(
            "{\"a\":{\"b\":1},{\"c\":2}}\n",
            &["0 broken at 13: {\\\"a\\\":{\\\"b\\\":1},{\\\"c\\\":2}}"],
        );
        let one = "{\"a\":1}".repeat(5_000);
        let all = pieces(&mut framer(format!("{one}x{one}").as_bytes(), 1 << 16, 16 << 20));
        assert_eq!(all.iter().filter(|piece| piece.2 == RecordKind::Object).count(), 10_000);
    }

    #[test]
    fn looking_for_objects_behind_damage_takes_linear_time() {
        // Each brace could begin an object, and none does; trying all from each would take hours.
        for unit in ["{\"a\":", "{\"a\":1} x ", "x{\"a\"", "{\"a\":[1}"] {
            let log = unit.repeat((8 << 20) / unit.len());
            let mut framer = framer(log.as_bytes(), 1 << 16, 16 << 20);
            while framer.advance() {}
        }
    }

    #[test]
    fn a_long_record_within_the_limit_is_given_whole() {
        let line = format!("{{\"a\":\"{}\"}}", "x".repeat(15 << 20));
        let all = pieces(&mut framer(format!("{line}\n{{}}\n").as_bytes(), 1 << 16, 16 << 20));
        assert_eq!(all.len(), 2);
        assert_eq!(all[0], (0, line.into_bytes(), RecordKind::Object));
    }

    #[test]
    fn a_failure_comes_after_every_record_and_once() {
        let bytes = b"{}\nhello\n{\"a\"".to_vec();
        let pieces_of = Pieces { bytes, given: 0, size: 5, fails: true };
        let mut framer = Framer::new(Window::new(Box::new(pieces_of), 100), 100);
        let found = shown(&pieces(&mut framer));
        assert_eq!(found, "0 object: {}\n3 broken at 0: hello\n9 torn: {\\\"a\\\"");
        assert!(matches!(framer.take_failure(), Some(Failure::TooBig { limit: 7 })));
        assert!(framer.take_failure().is_none());
        assert!(!framer.advance());
    }

    #[test]
    fn binary_junk_is_survived() {
        // A linear congruential generator (Knuth's MMIX constants): junk, but always the same.
        let mut state = 1_u64;
        let junk: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .take(1 << 20)
        .collect();
        let all = pieces(&mut framer(&[&junk, b"\n{}\n".as_slice()].concat(), 777, 1 << 16));
        assert_eq!(all.last().unwrap().2, RecordKind::Object);
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<f32>().prop_map(|number| serde_json::Value::from(f64::from(number))),
            any::<String>().prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                object(inner),
            ]
        })
    }

    fn object(
        inner: impl Strategy<Value = serde_json::Value>,
    ) -> impl Strategy<Value = serde_json::Value> {
        prop::collection::vec((any::<String>(), inner), 0..4)
            .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect()))
    }

    /// A line, and the record it must become.
    fn line() -> impl Strategy<Value = (Vec<u8>, Option<(Vec<u8>, bool)>)> {
        prop_oneof![
            4 => object(value()).prop_map(|object| {
                let text = object.to_string().into_bytes();
                (text.clone(), Some((text, true)))
            }),
            2 => object(value()).prop_map(|object| {
                let text = serde_json::to_vec_pretty(&object).unwrap();
                (text.clone(), Some((text, true)))
            }),
            1 => "[a-z<#!\\\\:\"0-9][a-z{}\\[\\]\",:0-9 ]{0,20}[a-z]".prop_map(|text| {
                (text.clone().into_bytes(), Some((text.into_bytes(), false)))
            }),
            // An object that ends too early, in the middle of a string.
            1 => "[a-z]{0,9}".prop_map(|text| {
                let text = format!("{{\"k\":\"{text}").into_bytes();
                (text.clone(), Some((text, false)))
            }),
            1 => Just((b" \t\r".to_vec(), None)),
        ]
    }

    proptest! {
        #[test]
        fn every_line_becomes_its_record(
            lines in prop::collection::vec(line(), 0..12),
            size in 1usize..200,
        ) {
            let mut log = Vec::new();
            let mut expected = Vec::new();
            for (bytes, record) in &lines {
                if let Some((record, is_object)) = record {
                    expected.push((input_length(log.len()), record.clone(), *is_object));
                }
                log.extend_from_slice(bytes);
                log.push(b'\n');
            }
            let found = pieces(&mut framer(&log, size, 1 << 20)).into_iter();
            let found: Vec<_> = found
                .map(|(offset, bytes, kind)| (offset, bytes, kind == RecordKind::Object))
                .collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn reads_of_any_size_give_the_same_records(
            log in "(\\{|\\}|\\[|\\]|,|\"|:|a|1| |\n|\\{\"a\":1\\}|\\{\"a\":\\[?\n|\0){0,60}",
            size in 1usize..20,
            limit in 0usize..40,
        ) {
            let whole = pieces(&mut framer(log.as_bytes(), usize::MAX, limit));
            prop_assert_eq!(&pieces(&mut framer(log.as_bytes(), size, limit)), &whole);
            // No byte is given out twice, and an object is one.
            let mut end = 0;
            for (offset, bytes, kind) in whole {
                prop_assert!(offset >= end);
                end = offset + input_length(bytes.len());
                if kind == RecordKind::Object {
                    // A NUL in a string is one of the scanner's liberties.
                    let bytes: Vec<u8> = bytes.into_iter().map(|byte| if byte == 0 { b' ' } else { byte }).collect();
                    prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
                }
            }
        }
    }
}

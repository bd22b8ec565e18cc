//! Log lines laid out for PostgreSQL's `COPY`: a key and the line itself.
//!
//! <https://www.postgresql.org/docs/current/sql-copy.html>, "Text Format".

use std::io::{BufRead, Result, Write};

use md5::{Digest as _, Md5};
use serde::de::IgnoredAny;

/// Writes lines as rows.
#[derive(Debug)]
pub(crate) struct CopyLines<W> {
    to: W,
    last: Option<u128>,
    counts: Counts,
}

/// What became of the lines.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    /// Lines that are rows.
    pub(crate) rows: u64,
    /// Lines that are the same as the one before.
    pub(crate) repeated: u64,
    /// Lines that are no JSON objects.
    pub(crate) damaged: u64,
}

impl<W: Write> CopyLines<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { to, last: None, counts: Counts::default() }
    }

    /// Writes every line of a log. A line that was met before is left out where it stands right
    /// behind itself; elsewhere it would break the key, and that the `COPY` tells.
    pub(crate) fn add(&mut self, mut log: impl BufRead) -> Result<()> {
        let mut line = Vec::new();
        while log.read_until(b'\n', &mut line)? > 0 {
            self.add_line(line.trim_ascii())?;
            line.clear();
        }
        Ok(())
    }

    fn add_line(&mut self, line: &[u8]) -> Result<()> {
        let Some(line) = object(line) else {
            self.counts.damaged += 1;
            return Ok(());
        };
        let key = u128::from_be_bytes(Md5::digest(line).into());
        if self.last.replace(key) == Some(key) {
            self.counts.repeated += 1;
            return Ok(());
        }
        self.counts.rows += 1;
        writeln!(self.to, "{key:032x}\t{}", escaped(line))
    }

    pub(crate) fn finish(mut self) -> Result<Counts> {
        self.to.flush()?;
        Ok(self.counts)
    }
}

/// The line, if it is a JSON object.
fn object(line: &[u8]) -> Option<&str> {
    let is_object = line.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(line).is_ok();
    std::str::from_utf8(line).ok().filter(|_| is_object)
}

/// The text as a field. `jsonb` takes no NUL, so that it is replaced; that the backslash before
/// its escape may itself be escaped makes another text, but still JSON.
fn escaped(line: &str) -> String {
    line.replace("\\u0000", "\\ufffd").replace('\\', "\\\\").replace(['\t', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(log: &str, rows: &str, counts: (u64, u64, u64)) {
        let mut written = Vec::new();
        let mut lines = CopyLines::new(&mut written);
        lines.add(log.as_bytes()).unwrap();
        let Counts { rows: n_rows, repeated, damaged } = lines.finish().unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), rows);
        assert_eq!((n_rows, repeated, damaged), counts);
    }

    #[test]
    fn a_line_is_its_digest_and_itself() {
        check("{}\n", "99914b932bd37a50b983c5e7c90ae93b\t{}\n", (1, 0, 0));
    }

    #[test]
    fn a_line_behind_itself_is_left_out() {
        let row = "99914b932bd37a50b983c5e7c90ae93b\t{}\n";
        check("{}\n{}\r\n", row, (1, 1, 0));
        check("{}\n{\"a\n{}", row, (1, 1, 1));
    }

    #[test]
    fn what_is_no_object_is_left_out() {
        check("{\"a\": 1\nTraceback\n[1]\n7\n\n", "", (0, 0, 5));
    }

    #[test]
    fn what_the_format_or_the_type_refuses_is_replaced() {
        assert_eq!(escaped(r#"{"a":"\u0000\n"}"#), r#"{"a":"\\ufffd\\n"}"#);
        assert_eq!(escaped("{\t\"a\":\r1}"), "{ \"a\": 1}");
    }
}

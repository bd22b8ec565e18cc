//! What Pwned Passwords sends, as it spells it.
//!
//! Source: the documentation of the API of Have I Been Pwned, version 3, "Searching by range" and
//! "Introducing padding". Lines end with CR and LF; the last one may have no end.

use std::str::Utf8Error;

/// How many digits of a SHA-1 come after the prefix.
const SUFFIX_DIGITS: usize = 35;

/// One password, or padding.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Line<'a> {
    pub(crate) suffix: Suffix<'a>,
    /// How often it was seen; zero for padding.
    pub(crate) count: u64,
}

/// What follows the prefix of a SHA-1: 35 hexadecimal digits.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Suffix<'a>(&'a str);

impl<'a> Suffix<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        (text.len() == SUFFIX_DIGITS && is_hex).then_some(Self(text))
    }

    /// Its one spelling, in upper case.
    pub(crate) fn spelled(&self) -> String {
        self.0.to_ascii_uppercase()
    }
}

/// An answer that is not a list of suffixes and counts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadRange {
    #[error("it is not text")]
    Text(#[source] Utf8Error),
    #[error("line {line} is not 35 digits and a count")]
    Line { line: usize },
}

/// All lines of an answer, of which there is at least one.
pub(crate) fn lines(body: &[u8]) -> Result<Vec<Line<'_>>, BadRange> {
    let text = str::from_utf8(body).map_err(BadRange::Text)?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let numbered = text.split('\n').zip(1..);
    numbered.map(|(text, line)| line_of(text).ok_or(BadRange::Line { line })).collect()
}

fn line_of(text: &str) -> Option<Line<'_>> {
    let (suffix, count) = text.strip_suffix('\r').unwrap_or(text).split_once(':')?;
    // A sign would pass as part of a number.
    let is_number = count.bytes().all(|byte| byte.is_ascii_digit());
    let count = is_number.then(|| count.parse().ok()).flatten()?;
    Some(Line { suffix: Suffix::parse(suffix)?, count })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a body comes to: suffixes and counts, or the complaint.
    #[track_caller]
    fn check(body: impl AsRef<[u8]>, expected: Result<&[(&str, u64)], &str>) {
        let found = lines(body.as_ref()).map_err(|error| error.to_string());
        let found = found.map(|lines| {
            lines.iter().map(|line| (line.suffix.spelled(), line.count)).collect::<Vec<_>>()
        });
        let expected = expected.map_err(str::to_owned);
        let expected = expected.map(|lines| {
            lines.iter().map(|(suffix, count)| ((*suffix).to_owned(), *count)).collect::<Vec<_>>()
        });
        assert_eq!(found, expected);
    }

    const A: &str = "0018A45C4D1DEF81644B54AB7F969B88D65"; // pragma: allowlist secret
    const B: &str = "00D4F6E8FA6EECAD2A3AA415EEC418D38EC"; // pragma: allowlist secret

    #[test]
    fn a_range_is_lines_of_a_suffix_and_a_count() {
        let both: &[_] = &[(A, 10), (B, 0)];
        check(format!("{A}:10\r\n{B}:0"), Ok(both));
        check(format!("{A}:10\r\n{B}:0\r\n"), Ok(both));
        check(format!("{A}:10\n{B}:0\n"), Ok(both));
        check(format!("{}:10\r\n{B}:0", A.to_lowercase()), Ok(both));
        check(format!("{A}:18446744073709551615"), Ok(&[(A, u64::MAX)]));
    }

    #[test]
    fn one_line_that_is_not_one_spoils_the_range() {
        let first = Err("line 1 is not 35 digits and a count");
        for body in ["", "\r\n", "\n", "<html>", "{}", "[]", "0:0", ":", "\0"] {
            check(body, first);
        }
        for line in [
            A.to_owned(),
            format!("{A}:"),
            format!("{A}:+1"),
            format!("{A}:-1"),
            format!("{A}: 1"),
            format!("{A}:1:2"),
            format!("{A}:1,000"),
            format!("{A}:18446744073709551616"),
            format!("{A}0:1"),
            format!(" {A}:1"),
            format!("{}:1", A.replace('A', "G")),
            A.get(1..).unwrap().to_owned() + ":1",
        ] {
            check(&line, first);
            check(format!("{B}:1\r\n{line}"), Err("line 2 is not 35 digits and a count"));
        }
        check(format!("{A}:1\r\n\r\n{B}:1"), Err("line 2 is not 35 digits and a count"));
        check(b"\xff\xfe", Err("it is not text"));
    }
}

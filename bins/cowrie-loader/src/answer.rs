//! Parts of answers for people.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use cowrie_cli::safe;
use cowrie_cli::table::thousands;

/// A time for people, to the second.
pub(crate) fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Bytes for a terminal: text made harmless, and `\xNN` for what is not UTF-8.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&safe::terminal(chunk.valid()));
        for byte in chunk.invalid() {
            // Writing into a string cannot fail.
            write!(shown, "\\x{byte:02x}").unwrap_or_default();
        }
    }
    shown
}

/// A fact on a line of its own.
pub(crate) fn fact(text: &mut String, name: &str, value: &str) {
    // Writing into a string cannot fail.
    writeln!(text, "{name:<12} {}", safe::terminal(value)).unwrap_or_default();
}

/// A count on a line of its own; nothing when there is nothing to count.
pub(crate) fn count(text: &mut String, name: &str, number: u64) {
    if number > 0 {
        // Writing into a string cannot fail.
        writeln!(text, "  {name:<24}{:>13}", thousands(number)).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_whatever_they_are() {
        assert_eq!(bytes(b"a\x1b[1m\0\xff\xc3\xbc\n"), "a\\u{1b}[1m\\u{0}\\xffü\\u{a}");
        assert_eq!(bytes(b""), "");
    }
}

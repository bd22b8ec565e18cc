//! Lines of text.

/// The lines that say something: not blank, and no comment; `None` for one that is not UTF-8.
///
/// A line ends with LF or CRLF. A byte order mark at the beginning is skipped.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = Option<&str>> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .map(|line| str::from_utf8(line).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_something() {
        let text = b"\xef\xbb\xbfone\r\n\r\n  # no\n \ntwo # three\n\xff\n#\xff\nfour";
        let found: Vec<_> = lines(text).collect();
        assert_eq!(found, [Some("one"), Some("two # three"), None, Some("four")]);
    }
}

//! The canonical form of an event: keys sorted, blanks gone, escapes spelled one way.
//!
//! Numbers stay as they were written. Strings hold every character raw except `"`, `\` and the
//! control characters, which are spelled `\u00xx`. Of two equal keys the one that stands first
//! comes first.

use std::borrow::Cow;
use std::ops::Range;

use crate::escape::MARK;
use crate::json::decode;

/// Writes the canonical form of a text that is known to be one JSON value.
pub(crate) fn write(text: &str, out: &mut Vec<u8>) {
    Writer { text, at: 0, out }.value();
}

struct Writer<'a, 'out> {
    text: &'a str,
    at: usize,
    out: &'out mut Vec<u8>,
}

impl<'a> Writer<'a, '_> {
    fn value(&mut self) {
        match self.next_byte() {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => {
                let string = self.string();
                write_string(&string, self.out);
            }
            _ => {
                let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
                let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || is_blank(*byte);
                let length = rest.iter().position(ends).unwrap_or(rest.len());
                self.out.extend_from_slice(rest.get(..length).unwrap_or_default());
                self.at += length;
            }
        }
    }

    fn array(&mut self) {
        self.take(b'[');
        while !matches!(self.next_byte(), b']' | 0) {
            self.value();
            self.comma();
        }
        self.take(b']');
    }

    /// Writes the members as they stand, and puts them in order behind the last of them.
    fn object(&mut self) {
        self.take(b'{');
        let start = self.out.len();
        let mut members: Vec<(Cow<'a, str>, Range<usize>)> = Vec::new();
        while self.next_byte() == b'"' {
            let member = self.out.len();
            let key = self.string();
            write_string(&key, self.out);
            self.next_byte();
            self.take(b':');
            self.value();
            members.push((key, member..self.out.len()));
            self.comma();
        }
        if !members.is_sorted_by(|a, b| a.0.as_bytes() <= b.0.as_bytes()) {
            members.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
            let mut sorted = Vec::with_capacity(self.out.len() - start);
            for (at, (_, member)) in members.iter().enumerate() {
                if at > 0 {
                    sorted.push(b',');
                }
                sorted.extend_from_slice(self.out.get(member.clone()).unwrap_or_default());
            }
            self.out.truncate(start);
            self.out.append(&mut sorted);
        }
        self.take(b'}');
    }

    /// The string that begins here, decoded.
    fn string(&mut self) -> Cow<'a, str> {
        let from = self.at + 1;
        let mut to = from;
        let bytes = self.text.as_bytes();
        while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(to..).unwrap_or_default()) {
            to += found;
            if bytes.get(to) == Some(&b'"') {
                break;
            }
            to += 2;
        }
        self.at = to + 1;
        decode(self.text.get(from..to).unwrap_or_default())
    }

    /// The next byte that is no blank; zero at the end.
    fn next_byte(&mut self) -> u8 {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
        self.at += blanks;
        rest.get(blanks).copied().unwrap_or_default()
    }

    /// Writes a byte that stands here.
    fn take(&mut self, byte: u8) {
        self.out.push(byte);
        self.at += 1;
    }

    fn comma(&mut self) {
        if self.next_byte() == b',' {
            self.take(b',');
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let text = one_spelling(text);
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        let (before, from) = rest.split_at(at);
        out.extend_from_slice(before);
        if let Some((byte, after)) = from.split_first() {
            match byte {
                b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
                _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            }
            rest = after;
        }
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// The stored form keeps in which case half a surrogate pair was spelled; here it makes no
/// difference.
fn one_spelling(text: &str) -> Cow<'_, str> {
    let mut pieces = text.split(MARK);
    let Some(first) = pieces.next().filter(|first| first.len() < text.len()) else {
        return Cow::Borrowed(text);
    };
    let mut out = first.to_owned();
    for piece in pieces {
        out.push(MARK);
        match piece.split_at_checked(4) {
            Some((unit, rest)) if unit.starts_with(['d', 'D']) => {
                out.push_str(&unit.to_ascii_lowercase());
                out.push_str(rest);
            }
            _ => out.push_str(piece),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Walker;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut out = Vec::new();
        assert!(Walker::new(text).object().is_ok());
        write(text, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn deep_and_wide_objects_take_linear_time() {
        // Walking every level again for each would take hours.
        let wide = vec!["1"; 1 << 20].join(",");
        let deep = format!("{}[{wide}]{}", "{\"a\":".repeat(120), "}".repeat(120));
        check(&deep, &deep);
    }

    #[test]
    fn one_form_for_every_spelling() {
        check(
            r#"{"b": 1.50, "a": ["x", {"d":2,"c":null}]}"#,
            r#"{"a":["x",{"c":null,"d":2}],"b":1.50}"#,
        );
        check(r#"{"a":"\u0041\/\u00e9\n"}"#, "{\"a\":\"A/é\\u000a\"}");
        check(r#"{"\u0061":"\""}"#, r#"{"a":"\""}"#);
        check(r"{}", "{}");
        check(" { \"b\" : [ ] , \"a\":[ 1 , { } ,\t\"x\" ]} ", r#"{"a":[1,{},"x"],"b":[]}"#);
        check(r#"{"b":1,"a":2,"b":0}"#, r#"{"a":2,"b":1,"b":0}"#);
        check(r#"{"a":"\ue000D83D \ue000e"}"#, "{\"a\":\"\u{e000}d83d \u{e000}e\"}");
    }
}

//! The stored form of an event: what a database cannot keep, written so that it can, and back.

use std::borrow::Cow;

/// The private-use character that begins every escape.
pub(crate) const MARK: char = '\u{e000}';
/// The same character, as JSON spells it.
const MARK_SPELLED: &[u8] = b"\\ue000";
/// And raw, in UTF-8.
const MARK_RAW: &[u8] = "\u{e000}".as_bytes();
/// Follows the mark in a top-level key that stands again later in the object.
pub(crate) const REPEATED_KEY: &str = "\\ue000k";

/// The stored form of one JSON object.
///
/// Bytes outside strings are taken as they are: if they are not JSON, the reader says so.
pub(crate) fn escape_json(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes)
        && !needs_escape(bytes)
    {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut in_string = false;
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = match first {
            b'"' => {
                in_string = !in_string;
                out.push(b'"');
                after
            }
            b'\\' if in_string => escape_backslash(rest, &mut out),
            0..0x20 if in_string => escape_byte(*first, after, &mut out),
            0..0x80 => {
                out.push(*first);
                after
            }
            _ => escape_character(rest, &mut out),
        };
    }
    // Only whole characters and ASCII were written, so nothing is replaced here.
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Whether anything in the bytes might have to be escaped; errs on the safe side.
fn needs_escape(bytes: &[u8]) -> bool {
    let suspicious = |at: usize| {
        matches!(
            bytes.get(at + 2..at + 6),
            Some([b'0' | b'e' | b'E', b'0', b'0', b'0'] | [b'd' | b'D', ..])
        )
    };
    bytes.iter().any(|byte| *byte < 0x20)
        || memchr::memmem::find_iter(bytes, b"\\u").any(suspicious)
        || memchr::memmem::find(bytes, MARK_RAW).is_some()
}

/// A backslash in a string and what it escapes.
fn escape_backslash<'a>(rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let Some((unit, after)) = utf16_unit(rest) else {
        let (pair, after) = rest.split_at(rest.len().min(2));
        if pair.is_ascii() {
            out.extend_from_slice(pair);
            return after;
        }
        // No escape begins so; a blank keeps it that way, for the reader to refuse.
        out.extend_from_slice(b"\\ ");
        return rest.get(1..).unwrap_or_default();
    };
    let spelled = rest.get(..6).unwrap_or_default();
    let digits = spelled.get(2..).unwrap_or_default();
    match unit {
        0 => out.extend_from_slice(b"\\ue0000"),
        0xe000 => {
            out.extend_from_slice(spelled);
            out.push(b'e');
        }
        0xd800..=0xdbff if matches!(utf16_unit(after), Some((0xdc00..=0xdfff, _))) => {
            out.extend_from_slice(rest.get(..12).unwrap_or_default());
            return rest.get(12..).unwrap_or_default();
        }
        0xd800..=0xdfff => {
            out.extend_from_slice(MARK_SPELLED);
            out.extend_from_slice(digits);
        }
        _ => out.extend_from_slice(spelled),
    }
    after
}

/// The UTF-16 unit that `\uXXXX` at the front spells.
fn utf16_unit(rest: &[u8]) -> Option<(u16, &[u8])> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    let all_hex = digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok().filter(|_| all_hex)?;
    Some((u16::from_str_radix(text, 16).ok()?, rest.get(6..)?))
}

fn escape_byte<'a>(byte: u8, after: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    out.extend_from_slice(MARK_SPELLED);
    out.extend_from_slice(format!("x{byte:02x}").as_bytes());
    after
}

/// A character of more than one byte, or a byte that begins none.
fn escape_character<'a>(rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let whole = (2..=4).find(|n| rest.get(..*n).is_some_and(|b| std::str::from_utf8(b).is_ok()));
    let Some(length) = whole else {
        let [byte, after @ ..] = rest else { return rest };
        return escape_byte(*byte, after, out);
    };
    let (character, after) = rest.split_at(length);
    out.extend_from_slice(character);
    if character == MARK_RAW {
        out.push(b'e');
    }
    after
}

/// The bytes of the log line that a stored event was read from.
pub fn unescape_json(stored: &str) -> Cow<'_, [u8]> {
    unescape(stored.as_bytes(), |mark, code, out| {
        match code {
            [b'0', ..] => out.extend_from_slice(b"\\u0000"),
            [b'e', ..] => out.extend_from_slice(mark),
            [b'd' | b'D', ..] => {
                out.extend_from_slice(b"\\u");
                out.extend_from_slice(code.get(..4)?);
                return Some(4);
            }
            [b'k', ..] => {}
            [b'x', ..] => {
                out.push(hex_byte(code.get(1..3)?)?);
                return Some(3);
            }
            _ => return None,
        }
        Some(1)
    })
}

/// The bytes that a decoded string of a stored event stands for: what the attacker really sent.
///
/// Half a surrogate pair becomes its three bytes of generalised UTF-8 (WTF-8).
pub fn unescape_text(text: &str) -> Cow<'_, [u8]> {
    unescape(text.as_bytes(), |mark, code, out| {
        match code {
            [b'0', ..] => out.push(0),
            [b'e', ..] => out.extend_from_slice(mark),
            [b'd' | b'D', ..] => {
                let digits = std::str::from_utf8(code.get(..4)?).ok()?;
                let [high, low] = u16::from_str_radix(digits, 16).ok()?.to_be_bytes();
                let middle = 0x80 | (high & 0x0f) << 2 | low >> 6;
                out.extend_from_slice(&[0xe0 | high >> 4, middle, 0x80 | low & 0x3f]);
                return Some(4);
            }
            [b'k', ..] => {}
            [b'x', ..] => {
                out.push(hex_byte(code.get(1..3)?)?);
                return Some(3);
            }
            _ => return None,
        }
        Some(1)
    })
}

/// Replaces each mark and its code by what `replace` writes; it returns the code's length.
fn unescape(
    bytes: &[u8],
    mut replace: impl FnMut(&[u8], &[u8], &mut Vec<u8>) -> Option<usize>,
) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((at, length)) = find_mark(rest) {
        let (before, marked) = rest.split_at(at);
        let (mark, code) = marked.split_at(length);
        out.extend_from_slice(before);
        let used = replace(mark, code, &mut out);
        if used.is_none() {
            out.extend_from_slice(mark);
        }
        rest = code.get(used.unwrap_or(0)..).unwrap_or_default();
    }
    if rest.len() == bytes.len() {
        return Cow::Borrowed(bytes);
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// Offset and length of the first mark, in either spelling.
fn find_mark(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'\\', 0xee, bytes.get(at..)?) {
        let here = bytes.get(at + found..)?;
        if here.starts_with(MARK_RAW) {
            return Some((at + found, MARK_RAW.len()));
        }
        if here.get(..6).is_some_and(|six| six.eq_ignore_ascii_case(MARK_SPELLED))
            && here.starts_with(b"\\u")
        {
            return Some((at + found, MARK_SPELLED.len()));
        }
        // A backslash takes the next byte with it, so that `\\ue000` is no mark.
        at += found + if here.first() == Some(&b'\\') { 2 } else { 1 };
    }
    None
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(original: &[u8], stored: &str) {
        let escaped = escape_json(original);
        assert_eq!(escaped, stored);
        assert_eq!(unescape_json(&escaped), original, "and back");
    }

    #[test]
    fn what_a_database_cannot_keep_is_kept() {
        check(br#"{"a":"b"}"#, r#"{"a":"b"}"#);
        check(br#"{"a":"x\u0000y"}"#, r#"{"a":"x\ue0000y"}"#);
        check(br#"{"a":"\ud83d\ude00"}"#, r#"{"a":"\ud83d\ude00"}"#);
        check(br#"{"a":"\uD83Dx"}"#, r#"{"a":"\ue000D83Dx"}"#);
        check(br#"{"a":"\ude00\ud83d"}"#, r#"{"a":"\ue000de00\ue000d83d"}"#);
        check(b"{\"a\":\"\xff\xc3\xa9\x01\"}", "{\"a\":\"\\ue000xffé\\ue000x01\"}");
        check("{\"a\":\"\u{e000}0\"}".as_bytes(), "{\"a\":\"\u{e000}e0\"}");
        check(br#"{"a":"\uE000d800"}"#, r#"{"a":"\uE000ed800"}"#);
        check(br#"{"a":"\\u0000 \\ue0000"}"#, r#"{"a":"\\u0000 \\ue0000"}"#);
        check(b"{\n\t\"a\": 1\r\n}", "{\n\t\"a\": 1\r\n}");
    }

    #[test]
    fn decoded_strings_give_the_bytes_that_were_sent() {
        assert_eq!(unescape_text("a\u{e000}0b").as_ref(), b"a\0b");
        assert_eq!(unescape_text("\u{e000}xff\u{e000}e").as_ref(), b"\xff\xee\x80\x80");
        assert_eq!(unescape_text("\u{e000}d83d").as_ref(), b"\xed\xa0\xbd");
        assert_eq!(unescape_text("plain é").as_ref(), "plain é".as_bytes());
    }

    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            &b"a"[..],
            b"\\u0000",
            b"\\ud800",
            b"\\udfff",
            b"\\ue000",
            b"\\uE000",
            b"\xee\x80\x80",
            b"\xff",
            b"\xc3",
            b"\xa9",
            b"\\\\",
            b"\\n",
            b"\x01",
            b"0",
            b"e",
            b"k",
            b"d800",
            b"x41",
        ]);
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_string_comes_back(inner in pieces()) {
            let original = [b"{\"k\":\"", inner.as_slice(), b"\"}"].concat();
            let stored = escape_json(&original).into_owned();
            let back = unescape_json(&stored).into_owned();
            prop_assert_eq!(back, original);
            let value: serde_json::Value = serde_json::from_str(&stored).unwrap();
            prop_assert!(!value["k"].as_str().unwrap().contains('\0'));
        }
    }
}

//! What of a line could not be stored as it was written.

use serde_json::{Value, json};

/// U+E000 as a character and spelled out: with either begins what was escaped.
const MARK_RAW: &[u8] = "\u{e000}".as_bytes();
const MARK_SPELLED: &[u8] = b"\\ue000";

/// Every place of a stored event that was escaped: where it stands there, and what stood in the
/// log.
pub(crate) fn of(stored: &str) -> Value {
    let bytes = stored.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let length = token_length(rest);
        let token = rest.get(..length).unwrap_or_default();
        if token == MARK_RAW || token.eq_ignore_ascii_case(MARK_SPELLED) {
            let escaped = rest.get(length..).unwrap_or_default();
            found.push(json!({ "at": at, "stood": stood(escaped) }));
        }
        at += length;
    }
    Value::Array(found)
}

/// How long what is written at the front is: an escape of JSON, the mark, or one byte.
fn token_length(rest: &[u8]) -> usize {
    match rest {
        [b'\\', b'u', ..] => 6.min(rest.len()),
        [b'\\', _, ..] => 2,
        _ if rest.starts_with(MARK_RAW) => MARK_RAW.len(),
        _ => 1,
    }
}

/// What stood in the log where the mark is, by what follows it.
fn stood(escaped: &[u8]) -> String {
    let text = |length: usize| {
        String::from_utf8_lossy(escaped.get(..length).unwrap_or_default()).into_owned()
    };
    match escaped {
        [b'e', ..] => "U+E000 itself".to_owned(),
        [b'k', ..] => "a key that stands again later".to_owned(),
        [b'0', ..] => "NUL, as \\u0000".to_owned(),
        [b'x', ..] => format!("the byte 0{}", text(3)),
        _ => format!("half a surrogate pair, as \\u{}", text(4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_escape_is_told() {
        let line = b"{\"eventid\":\"x\",\"time\":\"2026-04-29T10:00:00Z\",\
                     \"a\":\"\\u0000\xff\\ud83d\\\\ue000\\uE000\",\"b\":1,\"b\":\"\xee\x80\x80\"}";
        let event = cowrie_parse::parse(line).unwrap();
        let found = of(&event.text);
        let stood: Vec<&str> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|escape| escape["stood"].as_str().unwrap())
            .collect();
        let expected = [
            "NUL, as \\u0000",
            "the byte 0xff",
            "half a surrogate pair, as \\ud83d",
            "U+E000 itself",
            "a key that stands again later",
            "U+E000 itself",
        ];
        assert_eq!(stood, expected, "{}", event.text);
        assert_eq!(of("{\"a\":\"plain \\n ü\"}"), json!([]));
        assert_eq!(of("\\"), json!([]));
    }
}

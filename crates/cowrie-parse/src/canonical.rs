//! The canonical form of an event: keys sorted, blanks gone, escapes spelled one way.
//!
//! Numbers stay as they were written. Strings hold every character raw except `"`, `\` and the
//! control characters, which are spelled `\u00xx`. Of two equal keys the one that stands first
//! comes first.

use std::borrow::Cow;

use crate::json::{JsonError, Member, Walker, decode};

/// Writes the canonical form of an object, given its members.
pub(crate) fn write_object(members: &[Member<'_>], out: &mut Vec<u8>) -> Result<(), JsonError> {
    let mut sorted: Vec<(Cow<'_, str>, &str)> =
        members.iter().map(|member| (decode(member.key), member.value)).collect();
    sorted.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    out.push(b'{');
    for (at, (key, value)) in sorted.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_string(key, out);
        out.push(b':');
        write_value(value, out)?;
    }
    out.push(b'}');
    Ok(())
}

fn write_value(value: &str, out: &mut Vec<u8>) -> Result<(), JsonError> {
    match value.as_bytes() {
        [b'"', inner @ .., b'"'] => {
            if memchr::memchr(b'\\', inner).is_some() {
                write_string(&decode(value.get(1..value.len() - 1).unwrap_or_default()), out);
            } else {
                out.extend_from_slice(value.as_bytes());
            }
        }
        [b'{', ..] => write_object(&Walker::new(value).object()?, out)?,
        [b'[', ..] => write_array(&Walker::new(value).array()?, out)?,
        plain => out.extend_from_slice(plain),
    }
    Ok(())
}

fn write_array(values: &[&str], out: &mut Vec<u8>) -> Result<(), JsonError> {
    out.push(b'[');
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_value(value, out)?;
    }
    out.push(b']');
    Ok(())
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut out = Vec::new();
        write_object(&Walker::new(text).object().unwrap(), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
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
    }
}

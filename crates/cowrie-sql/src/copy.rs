//! Rows in the text format of PostgreSQL's `COPY`.
//!
//! <https://www.postgresql.org/docs/current/sql-copy.html>, "Text Format".

use std::fmt::Write as _;

use cowrie_core::format_time;

use crate::rows::{Rows, Values};

/// How much is sent at a time, in bytes.
const PIECE: usize = 1 << 20;

/// The rows in pieces of about a mebibyte.
pub(crate) fn pieces(rows: &Rows) -> impl Iterator<Item = String> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut piece = String::new();
        while at < rows.len() && piece.len() < PIECE {
            for (place, (_, values)) in rows.columns().iter().enumerate() {
                if place > 0 {
                    piece.push('\t');
                }
                add(&mut piece, values, at);
            }
            piece.push('\n');
            at += 1;
        }
        (!piece.is_empty()).then_some(piece)
    })
}

fn add(piece: &mut String, values: &Values, at: usize) {
    // A `String` takes whatever is written.
    let mut put = |value: Option<&dyn std::fmt::Display>| {
        let _written = match value {
            Some(value) => write!(piece, "{value}"),
            None => write!(piece, "\\N"),
        };
    };
    match values {
        Values::Text(texts) | Values::Jsonb(texts) | Values::Json(texts) | Values::Date(texts) => {
            match texts.get(at) {
                Some(text) => escape(piece, text),
                None => piece.push_str("\\N"),
            }
        }
        Values::Int(numbers) => put(numbers.get(at).and_then(Option::as_ref).map(|n| n as _)),
        Values::Real(numbers) => put(numbers.get(at).and_then(Option::as_ref).map(|n| n as _)),
        Values::Bool(flags) => put(flags.get(at).map(|flag| flag as _)),
        Values::Time(times) => {
            let time = times.get(at).copied().flatten().map(format_time);
            put(time.as_ref().map(|time| time as _));
        }
        Values::Bytes(blobs) => {
            piece.push_str("\\\\x");
            for byte in blobs.get(at).map(Vec::as_slice).unwrap_or_default() {
                for half in [byte >> 4, byte & 0xf] {
                    piece.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
                }
            }
        }
    }
}

/// Text, with what the format uses for itself behind a backslash.
fn escape(piece: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '\t', '\n', '\r']) {
        let (before, from) = rest.split_at(at);
        piece.push_str(before);
        let mut letters = from.chars();
        piece.push_str(match letters.next() {
            Some('\t') => "\\t",
            Some('\n') => "\\n",
            Some('\r') => "\\r",
            _ => "\\\\",
        });
        rest = letters.as_str();
    }
    piece.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_is_spelled() {
        let rows = Rows::new(vec![
            ("a", Values::Text([Some("x\\N\t\r\ny"), None].into_iter().collect())),
            ("b", Values::Int(vec![Some(-7), None])),
            ("c", Values::Real(vec![Some(0.25), None])),
            ("d", Values::Bool(vec![true, false])),
            ("e", Values::Bytes(vec![vec![0, 0xab], Vec::new()])),
            ("f", Values::Json([Some(r#"["\u00e9"]"#), Some("[]")].into_iter().collect())),
        ]);
        let text: String = pieces(&rows).collect();
        let expected = "x\\\\N\\t\\r\\ny\t-7\t0.25\ttrue\t\\\\x00ab\t[\"\\\\u00e9\"]\n\
                        \\N\t\\N\t\\N\tfalse\t\\\\x\t[]\n";
        assert_eq!(text, expected);
    }
}

//! Quoted and substituted parts of a command: where they end, and what is in them.

use memchr::memchr;

/// Whether a quoted part begins with these two bytes.
pub(crate) fn opens_construct(byte: u8, next: u8) -> bool {
    match byte {
        b'\'' | b'"' | b'`' => true,
        b'$' => matches!(next, b'(' | b'\''),
        b'<' | b'>' => next == b'(',
        _ => false,
    }
}

/// Where the quoted part that opens at `at` ends; `None` when it never does.
pub(crate) fn construct_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut closers: Vec<u8> = Vec::new();
    let mut at = at;
    loop {
        let byte = *bytes.get(at)?;
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        let inside = closers.last().copied();
        at = match byte {
            b'\\' => at + 2,
            _ if inside == Some(byte) => {
                closers.pop();
                at + 1
            }
            b'\'' if inside == Some(b'"') => at + 1,
            b'\'' => at + 2 + memchr(b'\'', bytes.get(at + 1..)?)?,
            b'"' | b'`' => push(&mut closers, byte, at + 1),
            b'$' if next == b'\'' && inside != Some(b'"') => ansi_quote_end(bytes, at + 2)?,
            b'$' | b'<' | b'>' if next == b'(' => push(&mut closers, b')', at + 2),
            b'(' if inside == Some(b')') => push(&mut closers, b')', at + 1),
            _ => at + 1,
        };
        if closers.is_empty() {
            return Some(at).filter(|end| *end <= bytes.len());
        }
    }
}

fn push(closers: &mut Vec<u8>, closer: u8, at: usize) -> usize {
    closers.push(closer);
    at
}

/// The end of `$'..'`, in which a backslash escapes the quote.
fn ansi_quote_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'\'' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The commands inside `$(..)` and `` `..` `` of a statement, outermost only.
pub fn substitutions(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    let mut in_double = false;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        let inner_start = match byte {
            b'`' => Some(at + 1),
            b'$' | b'<' | b'>' if next == b'(' => Some(at + 2),
            _ => None,
        };
        at = match (inner_start, byte) {
            (Some(start), _) => {
                let Some(end) = construct_end(bytes, at) else { return found };
                found.extend(text.get(start..end.saturating_sub(1)));
                end
            }
            (None, b'\\') => at + 2,
            (None, b'\'') if !in_double => {
                match memchr(b'\'', bytes.get(at + 1..).unwrap_or_default()) {
                    Some(length) => at + length + 2,
                    None => at + 1,
                }
            }
            (None, b'"') => {
                in_double = !in_double;
                at + 1
            }
            _ => at + 1,
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_substituted() {
        let found = substitutions("a $(b $(c)) '$(d)' \"e `f`\" <(g)");
        assert_eq!(found, ["b $(c)", "f", "g"]);
        assert_eq!(substitutions("$(open"), Vec::<&str>::new());
    }

    #[test]
    fn knows_where_quotes_end() {
        for (text, end) in [
            ("'a;b' c", Some(5)),
            ("\"a $(b ')') c\" d", Some(14)),
            ("`a \\` b` c", Some(8)),
            ("$((1+2)) c", Some(8)),
            ("\"open", None),
            ("'a\\", None),
            ("\"\\", None),
        ] {
            assert_eq!(construct_end(text.as_bytes(), 0), end, "{text}");
        }
    }
}

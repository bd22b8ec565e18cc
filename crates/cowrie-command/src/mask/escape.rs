//! Bytes written as escapes.

/// Where a run of bytes written as `\x41`, `\u0041`, `\101` or `\0101` ends; `at` when there is none.
///
/// Up to eight letters or digits between two escapes belong to the run. One octal escape alone
/// does not count: it is more often a colour than a payload.
pub(super) fn escapes_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    let mut next = at;
    let mut weight = 0;
    while let Some((length, is_hex)) = escape_length(bytes.get(next..).unwrap_or_default()) {
        end = next + length;
        weight += if is_hex { 2 } else { 1 };
        let rest = bytes.get(end..).unwrap_or_default();
        let gap = rest.iter().take(9).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        next = end + if gap <= 8 { gap } else { 0 };
    }
    if weight >= 2 { end } else { at }
}

fn escape_length(bytes: &[u8]) -> Option<(usize, bool)> {
    let backslashes = bytes.iter().take(3).take_while(|byte| **byte == b'\\').count();
    if !(1..=2).contains(&backslashes) {
        return None;
    }
    let code = bytes.get(backslashes..)?;
    let (skipped, fewest, most) = match code.first()? {
        b'x' => (1, 1, 2),
        b'u' => (1, 4, 4),
        b'0'..=b'7' => (0, 3, 4),
        _ => return None,
    };
    let is_hex = skipped == 1;
    let is_digit =
        |byte: &&u8| if is_hex { byte.is_ascii_hexdigit() } else { matches!(byte, b'0'..=b'7') };
    let digits = code.get(skipped..)?.iter().take(most).take_while(is_digit).count();
    (digits >= fewest).then_some((backslashes + skipped + digits, is_hex))
}

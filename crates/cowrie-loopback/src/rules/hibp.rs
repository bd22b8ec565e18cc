//! Have I Been Pwned: the range of the first five digits of a SHA-1. Everybody is answered.
//!
//! Lines end in CR LF and hold the other 35 digits and a count; with `Add-Padding: true`, lines with
//! the count 0 are added, which stand for nothing.
//! Source: <https://haveibeenpwned.com/API/v3#PwnedPasswords>.

use super::{Rules, only, step, unchanged};
use crate::{Asked, Canned, digest};

/// Counts and passwords, of which ranges are made.
const PASSWORDS: &str = include_str!("../../samples/hibp/passwords.txt");

/// How many lines of padding are added to a range; the real service adds hundreds.
const PADDING: u8 = 20;

pub(super) const RULES: Rules = Rules {
    key: |asked| step(asked, &["range", "*"]),
    canonical: str::to_ascii_uppercase,
    refusal: |asked| only("GET", asked).or_else(|| bad_prefix(&asked.key)),
    unknown: |asked, _book| range(lines_of(&asked.key), asked),
    finish: unchanged,
    samples: || {
        let sample = include_str!("../../samples/hibp/5BAA6.txt").replace('\n', "\r\n");
        vec![("5BAA6", Canned::text(sample))]
    },
};

fn bad_prefix(key: &str) -> Option<Canned> {
    let is_prefix = key.len() == 5 && key.bytes().all(|digit| digit.is_ascii_hexdigit());
    let refusal = || Canned::text("The hash prefix was not in a valid format").with_status(400);
    (!key.is_empty() && !is_prefix).then(refusal)
}

/// The lines of the passwords whose digest begins so.
pub(crate) fn lines_of(prefix: &str) -> Vec<String> {
    let passwords = PASSWORDS.lines().filter_map(|line| line.split_once(' '));
    let lines = passwords.filter_map(|(count, password)| {
        let digest = digest::sha1(password.as_bytes());
        digest.strip_prefix(prefix).map(|suffix| format!("{suffix}:{count}"))
    });
    lines.collect()
}

/// The lines in order, with padding if it was asked for.
fn range(mut lines: Vec<String>, asked: &Asked) -> Canned {
    if asked.header("add-padding").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        lines.extend((0..PADDING).filter_map(|n| {
            let digest = digest::sha1(format!("{}:{n}", asked.key).as_bytes());
            digest.get(5..).map(|suffix| format!("{suffix}:0"))
        }));
    }
    lines.sort_unstable();
    Canned::text(lines.join("\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_in_their_range() {
        // SHA-1 of `123456` is 7C4A8D09CA3762AF61E59520943DC26494F8941B.
        let line = "D09CA3762AF61E59520943DC26494F8941B:42542807"; // pragma: allowlist secret
        assert_eq!(lines_of("7C4A8"), [line]);
        assert_eq!(lines_of("00000"), [""; 0]);
    }
}

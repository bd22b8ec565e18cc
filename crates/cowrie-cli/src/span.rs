//! Lengths of time, as people write them: `90d`, `12h`, `30m`.

use std::str::FromStr;
use std::time::Duration;

use chrono::TimeDelta;

/// A length that a flag takes.
#[derive(Clone, Copy, Debug)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text)?.to_std().map(Self).map_err(|error| error.to_string())
    }
}

/// Reads a whole number of days, hours, minutes or seconds.
pub fn parse(text: &str) -> Result<TimeDelta, String> {
    let is_unit = |c: char| !c.is_ascii_digit();
    let (number, unit) = text.split_at(text.find(is_unit).unwrap_or(text.len()));
    let Ok(number) = number.parse::<u32>() else { return Err(complaint()) };
    let seconds = match unit {
        "d" => 24 * 60 * 60,
        "h" => 60 * 60,
        "m" => 60,
        "s" => 1,
        _ => return Err(complaint()),
    };
    TimeDelta::try_seconds(i64::from(number) * seconds).ok_or_else(complaint)
}

fn complaint() -> String {
    "write a whole number of days, hours, minutes or seconds, as `90d`, `12h`, `30m` or `5s`"
        .to_owned()
}

/// The length in its two largest units, as `3 d 4 h`.
pub fn shown(length: TimeDelta) -> String {
    let (days, hours) = (length.num_days(), length.num_hours() % 24);
    let minutes = length.num_minutes() % 60;
    match (days, hours, minutes) {
        (0, 0, minutes) => format!("{minutes} m"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} m"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_with_a_unit_are_lengths() {
        for (text, expected) in [
            ("90d", Some("90 d")),
            ("12h", Some("12 h")),
            ("30m", Some("30 m")),
            ("90m", Some("1 h 30 m")),
            ("25h", Some("1 d 1 h")),
            ("0m", Some("0 m")),
            ("4294967295d", Some("4294967295 d")),
            ("4294967296d", None),
            ("", None),
            ("d", None),
            ("90", None),
            ("-1d", None),
            ("+1d", None),
            ("1.5h", None),
            ("1 d", None),
            ("1D", None),
            ("1dd", None),
            ("1w", None),
            ("١d", None),
        ] {
            assert_eq!(parse(text).ok().map(shown).as_deref(), expected, "{text}");
        }
    }
}

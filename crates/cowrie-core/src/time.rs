//! Event times, as Cowrie has written them over the years.

use chrono::{DateTime, FixedOffset, NaiveDateTime, SecondsFormat, Utc};

/// The latest second an event may claim: the end of the year 9998, so that the day after it
/// still has a year of four digits, and text sorts as time.
const LAST_SECOND: i64 = 253_370_764_799;

/// Reads the time of an event; `None` when the text is not a time between 1970 and 9998.
///
/// Understood: RFC 3339, offsets without a colon or minutes (`+0200`, `+02`), a blank for the `T`, any number of
/// digits after the second (kept to the microsecond), and no offset at all, which old releases
/// wrote for UTC.
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let offset = parse_offset_time(text);
    let naive = || {
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .map(|time| time.and_utc())
    };
    offset.map(|time| time.to_utc()).or_else(naive).and_then(bounded)
}

fn parse_offset_time(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok().or_else(|| {
        ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"]
            .iter()
            .find_map(|format| DateTime::parse_from_str(text, format).ok())
    })
}

/// Cuts a time to the microsecond, the precision of both databases.
fn bounded(time: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let seconds = time.timestamp();
    let micros = DateTime::from_timestamp_micros(time.timestamp_micros());
    micros.filter(|_| (0..=LAST_SECOND).contains(&seconds))
}

/// The one text form of a time: UTC, six digits, `+00:00`, so that text order is time order.
///
/// This is the form that SQLite columns hold.
pub fn format_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse_time(text).map(format_time).as_deref(), expected);
    }

    #[test]
    fn reads_every_spelling_cowrie_has_used() {
        let noon = Some("2026-03-29T10:00:00.123456+00:00");
        check("2026-03-29T10:00:00.123456Z", noon);
        check("2026-03-29T12:00:00.123456+0200", noon);
        check("2026-03-29T12:00:00.123456+02:00", noon);
        check("2026-03-29T12:00:00.123456+02", noon);
        check("2026-03-29 10:00:00.123456", noon);
        check("2026-03-29T10:00:00.123456789Z", noon);
        check("2016-12-30T23:59:59", Some("2016-12-30T23:59:59.000000+00:00"));
    }

    #[test]
    fn refuses_what_is_not_a_time_or_out_of_range() {
        check("yesterday", None);
        check("2026-13-01T00:00:00Z", None);
        check("1969-12-31T23:59:59Z", None);
        check("", None);
    }
}

//! Times, as people write them on the command line and as they read them.

use std::ops::Range;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use clap::Args;

use crate::{Failure, span};

/// A time for people, to the second.
pub fn shown(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Which stretch of time.
#[derive(Args, Clone, Debug)]
pub struct TimeArgs {
    /// Only from this time on: `2026-04-29`, `2026-04-29T12:30:00Z`, or `24h` ago
    #[arg(long, value_name = "TIME")]
    pub since: Option<Moment>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    pub until: Option<Moment>,
}

/// A point in time, or how long ago it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Moment {
    /// This one.
    At(DateTime<Utc>),
    /// So long before now.
    Ago(TimeDelta),
}

impl TimeArgs {
    /// From the first time to before the last one; what is not said is as far away as years of
    /// four digits go.
    ///
    /// # Errors
    ///
    /// When nothing lies between the two.
    pub fn range(&self, now: DateTime<Utc>) -> Result<Range<DateTime<Utc>>, Failure> {
        let start = self.since.map_or(DateTime::UNIX_EPOCH, |moment| moment.before(now));
        let end = self.until.map_or_else(end_of_time, |moment| moment.before(now));
        if start < end {
            Ok(start..end)
        } else {
            Err(Failure::usage("nothing lies between `--since` and `--until`"))
        }
    }
}

impl Moment {
    fn before(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::At(time) => time,
            Self::Ago(length) => now.checked_sub_signed(length).unwrap_or(DateTime::UNIX_EPOCH),
        }
    }
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(time.to_utc()));
        }
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Ok(Self::At(date.and_time(NaiveTime::MIN).and_utc()));
        }
        match span::parse(text) {
            Ok(length) => Ok(Self::Ago(length)),
            Err(_) => Err("write `2026-04-29`, `2026-04-29T12:30:00Z`, or `24h` for a time ago"),
        }
    }
}

fn end_of_time() -> DateTime<Utc> {
    let last_day = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX);
    last_day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        times: TimeArgs,
    }

    #[track_caller]
    fn check(words: &str, expected: Option<&str>) {
        let words = ["program"].into_iter().chain(words.split_whitespace());
        let now = DateTime::parse_from_rfc3339("2026-04-29T12:00:00Z").unwrap().to_utc();
        let program = Program::try_parse_from(words).ok();
        let range = program.and_then(|program| program.times.range(now).ok());
        let shown = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M").to_string();
        let shown = range.map(|range| shown(range.start) + " " + &shown(range.end));
        assert_eq!(shown.as_deref(), expected);
    }

    #[test]
    fn times_are_dates_or_stretches_before_now() {
        check("", Some("1970-01-01T00:00 9999-12-31T00:00"));
        check("--since 2026-04-28", Some("2026-04-28T00:00 9999-12-31T00:00"));
        check("--since 24h --until 90m", Some("2026-04-28T12:00 2026-04-29T10:30"));
        check("--until 2026-04-28T12:30:00+02:00", Some("1970-01-01T00:00 2026-04-28T10:30"));
        check("--since 4294967295d", Some("1970-01-01T00:00 9999-12-31T00:00"));
        check("--since 1h --until 2h", None);
        check("--since yesterday", None);
        check("--since 2026-02-30", None);
    }
}

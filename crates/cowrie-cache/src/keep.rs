//! How long answers hold.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_enrichment::{Question, SourceName};
use sha2::{Digest as _, Sha256};

use crate::Kept;

/// The longest that an answer holds, whatever is said: ten years.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// How long the answers of a service hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Keep {
    /// Data.
    pub found: Duration,
    /// That the service knows nothing; usually the shorter one.
    pub not_found: Duration,
}

impl Keep {
    /// How long this answer holds.
    pub(crate) fn of(self, kept: &Kept) -> Duration {
        match kept {
            Kept::Found(_) => self.found,
            Kept::NotFound => self.not_found,
        }
    }

    /// Until when an answer from `at` holds: up to a tenth less than it might, and always the same
    /// for the same question.
    ///
    /// Who loads a year of logs in one hour asks about everything in that hour, and would have to
    /// ask about everything again in one other hour; so the answers end over a tenth of their life.
    pub(crate) fn spread_end(
        self,
        kept: &Kept,
        at: DateTime<Utc>,
        service: SourceName,
        question: &Question,
    ) -> DateTime<Utc> {
        let keep = self.of(kept).min(LONGEST);
        let digest: [u8; 32] = Sha256::digest(format!("{}:{question}", service.name())).into();
        let [a, b, c, d, ..] = digest;
        let share = u128::from(u32::from_be_bytes([a, b, c, d]));
        let less = u64::try_from(((keep / 10).as_micros() * share) >> 32).unwrap_or(0);
        end(at, keep.saturating_sub(Duration::from_micros(less)))
    }
}

/// Until when an answer from `at` holds, to the microsecond.
pub(crate) fn end(at: DateTime<Utc>, keep: Duration) -> DateTime<Utc> {
    let micros = i64::try_from(keep.min(LONGEST).as_micros()).unwrap_or(0);
    at.checked_add_signed(TimeDelta::microseconds(micros)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn question(number: u32) -> Question {
        Question::Passwords(format!("{number:05X}").parse().unwrap())
    }

    fn end_of(number: u32) -> TimeDelta {
        let keep = Keep { found: Duration::ZERO, not_found: DAY };
        let at = DateTime::UNIX_EPOCH;
        keep.spread_end(&Kept::NotFound, at, SourceName::Hibp, &question(number)) - at
    }

    #[test]
    fn ends_spread_over_the_last_tenth() {
        let mut n_in_hour = [0; 24];
        for number in 0..2_400 {
            let end = end_of(number);
            assert!((TimeDelta::seconds(77_760)..=TimeDelta::days(1)).contains(&end), "{end}");
            assert_eq!(end, end_of(number));
            let tenth_of_tenth = usize::try_from((end.num_seconds() - 77_760) / 864).unwrap();
            n_in_hour[tenth_of_tenth] += 1;
        }
        assert!(n_in_hour[..10].iter().all(|n| (180..=300).contains(n)), "{n_in_hour:?}");
    }

    #[test]
    fn no_life_is_too_long_to_be_written_down() {
        let keep = Keep { found: Duration::MAX, not_found: Duration::ZERO };
        let at = DateTime::UNIX_EPOCH;
        let data = serde_json::json!({"a": 1}).as_object().cloned().unwrap();
        let found = Kept::Found(cowrie_enrichment::Data::new(data).unwrap());
        let end = keep.spread_end(&found, at, SourceName::Hibp, &question(1));
        assert!(end > at && end <= at + TimeDelta::days(3650), "{end}");
        assert_eq!(keep.spread_end(&Kept::NotFound, at, SourceName::Hibp, &question(1)), at);
    }
}

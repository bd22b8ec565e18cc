//! What a service is asked to bear.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use crate::Terms;

/// How a service may be asked. The caller fills every field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Time between two requests at an even pace: the inverse of the rate.
    pub spacing: Duration,
    /// How many requests may go out together after a pause; none is taken for one.
    pub burst: u32,
    /// Requests in a day of UTC; `None` when there is no quota.
    pub daily_quota: Option<u64>,
    /// Requests that may be under way, or wait for their turn, at once in this process.
    pub in_flight: NonZeroUsize,
    /// How long a question may wait for its turn, or for the end of a pause, before it is
    /// answered without being asked.
    pub patience: Duration,
    /// How many requests a question may be in; none is taken for one.
    pub tries: u32,
    /// When a service that keeps failing is left alone.
    pub breaker: BreakerLimits,
}

/// When a service that keeps failing is left alone, and for how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BreakerLimits {
    /// After so many failed requests in a row.
    pub failures: NonZeroU32,
    /// How long at first; it doubles with each probe that fails.
    pub first_pause: Duration,
    /// How long at most.
    pub max_pause: Duration,
}

impl Limits {
    /// What the ledger needs to know of them.
    pub fn terms(&self) -> Terms {
        Terms {
            spacing: self.spacing,
            burst: self.burst,
            daily_quota: self.daily_quota,
            horizon: self.patience,
        }
    }
}

/// The time between two requests at this many in a second.
///
/// A rate that is zero, negative or no number gives a day; an infinite one gives no time at all.
pub fn spacing(rate_per_second: f64) -> Duration {
    const DAY: Duration = Duration::from_hours(24);
    if rate_per_second.is_nan() || rate_per_second <= 0.0 {
        return DAY;
    }
    Duration::try_from_secs_f64(rate_per_second.recip()).map_or(DAY, |spacing| spacing.min(DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rate: f64, expected: Duration) {
        assert_eq!(spacing(rate), expected, "{rate}");
    }

    #[test]
    fn a_rate_is_turned_over() {
        check(4.0 / 60.0, Duration::from_secs(15));
        check(1.0, Duration::from_secs(1));
        check(100.0, Duration::from_millis(10));
        check(f64::INFINITY, Duration::ZERO);
    }

    #[test]
    fn a_rate_that_is_none_lets_hardly_anything_through() {
        for rate in [0.0, -0.0, -3.0, f64::NAN, f64::NEG_INFINITY, f64::MIN_POSITIVE, 1e-12] {
            check(rate, Duration::from_hours(24));
        }
    }
}

//! The port of what counts requests, for one process or for all.

use std::error::Error;
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use cowrie_enrichment::SourceName;

/// What hands out the moments at which a service may be asked, and counts them.
///
/// Whoever shares a ledger shares the rate and the quota of each service in it.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Hands out at most `wanted` requests of a service, as [`grant`](crate::grant) says.
    async fn reserve(
        &self,
        service: SourceName,
        terms: &Terms,
        wanted: NonZeroU32,
        now: DateTime<Utc>,
    ) -> Result<Grant, LedgerError>;

    /// Lets nobody ask the service before `until`; a pause is never made shorter.
    ///
    /// Requests that were handed out before are not taken back.
    async fn pause(&self, service: SourceName, until: DateTime<Utc>) -> Result<(), LedgerError>;

    /// How much of the service has been used.
    async fn usage(&self, service: SourceName, now: DateTime<Utc>) -> Result<Usage, LedgerError>;
}

/// On which terms requests are handed out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Terms {
    /// Time between two requests at an even pace, taken up to the next microsecond.
    pub spacing: Duration,
    /// How many requests may go out together after a pause; none is taken for one.
    pub burst: u32,
    /// Requests in a day of UTC; `None` when there is no quota.
    pub daily_quota: Option<u64>,
    /// How far ahead a request may be handed out.
    pub horizon: Duration,
}

/// The longest time that is reckoned with, in microseconds: a leap year.
const LONGEST: i64 = 366 * 24 * 60 * 60 * 1_000_000;

impl Terms {
    /// When the request of this number may go out, counted from 0 for `first`.
    ///
    /// May lie in the past, where a burst is allowed: the request may go out at once.
    pub fn slot(&self, first: DateTime<Utc>, number: u32) -> DateTime<Utc> {
        let after = self.spacing_micros().saturating_mul(i64::from(number));
        first.checked_add_signed(TimeDelta::microseconds(after)).unwrap_or(first)
    }

    pub(crate) fn spacing_micros(&self) -> i64 {
        micros(self.spacing)
    }

    pub(crate) fn horizon_micros(&self) -> i64 {
        micros(self.horizon)
    }

    /// How far before its time at an even pace a request may go out.
    pub(crate) fn tolerance_micros(&self) -> i64 {
        let ahead = i64::from(self.burst.max(1)) - 1;
        self.spacing_micros().saturating_mul(ahead).min(LONGEST)
    }
}

/// Databases keep microseconds, so that nothing finer is reckoned with.
fn micros(length: Duration) -> i64 {
    let micros = length.as_nanos().div_ceil(1_000);
    i64::try_from(micros).unwrap_or(LONGEST).min(LONGEST)
}

/// What a ledger answers to who wants to ask a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grant {
    /// Requests at their times, see [`Terms::slot`].
    Slots {
        /// When the first may go out.
        first: DateTime<Utc>,
        /// How many there are: at least one, and no more than were wanted.
        n: u32,
    },
    /// The next request lies beyond the horizon.
    Later {
        /// When it could go out.
        until: DateTime<Utc>,
    },
    /// Nobody may ask the service now.
    Paused {
        /// When the pause ends.
        until: DateTime<Utc>,
    },
    /// The quota of the day is used up.
    Spent {
        /// The end of that day of UTC.
        until: DateTime<Utc>,
    },
}

/// How much of a service has been used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Usage {
    /// Requests handed out for this day of UTC.
    pub used_today: u64,
    /// Requests allowed today, as the last grant of today had it; `None` without a quota.
    pub allowed: Option<u64>,
    /// When the next request is due at an even pace; `None` when at once.
    pub next_at: Option<DateTime<Utc>>,
    /// Until when nobody may ask.
    pub paused_until: Option<DateTime<Utc>>,
}

/// The ledger could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("failed to {doing} of `{service}`")]
pub struct LedgerError {
    /// What was being done.
    pub doing: &'static str,
    /// The service in question.
    pub service: SourceName,
    /// Why it could not be done.
    pub source: Box<dyn Error + Send + Sync>,
}

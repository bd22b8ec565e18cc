//! The law by which requests are handed out, as a pure function.
//!
//! The pace is that of the generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): for
//! each service one time is kept, that of the next request at an even pace, and a request may go
//! out before its time by as much as the burst allows.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};

use crate::{Grant, Terms, Usage};

/// By how much the clocks of two hosts may differ.
///
/// A grant that lies further in the future than this was made before the clock went back.
pub const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(30);

/// For how many days the requests of a day are remembered.
pub const KEPT_DAYS: u64 = 30;

/// All that is remembered of a service.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct State {
    /// When the next request is due at an even pace.
    pub next_at: Option<DateTime<Utc>>,
    /// When requests were last handed out, by the clock of whoever wanted them.
    pub granted_at: Option<DateTime<Utc>>,
    /// Until when nobody may ask.
    pub paused_until: Option<DateTime<Utc>>,
    /// The requests of each day of UTC, counted in the day in which they may go out.
    pub days: BTreeMap<NaiveDate, DayCount>,
}

/// The requests of one day.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DayCount {
    /// How many were handed out.
    pub used: u64,
    /// How many were allowed when the last was handed out; `None` without a quota.
    pub allowed: Option<u64>,
}

/// Hands out at most `wanted` requests, and gives what is to be remembered.
///
/// In any time of the length `w` there are at most `burst + w / spacing` of them, whoever wants
/// them; in a day of UTC no more than the quota; and none before the end of a pause. All of one
/// grant are of one day, and lie within the horizon.
///
/// Where the clock went back by more than [`CLOCK_TOLERANCE`], what lay ahead is moved with it,
/// so that neither a pace nor a pause lasts longer for it.
pub fn grant(
    state: State,
    terms: &Terms,
    wanted: NonZeroU32,
    now: DateTime<Utc>,
) -> (State, Grant) {
    let mut state = state.seen_at(now);
    if let Some(until) = state.paused_until.filter(|until| *until > now) {
        return (state, Grant::Paused { until });
    }
    let due = state.next_at.map_or(now, |next_at| next_at.max(now));
    let first = moved(due, -terms.tolerance_micros());
    let begins = first.max(now);
    let horizon = moved(now, terms.horizon_micros());
    if begins > horizon {
        return (state, Grant::Later { until: begins });
    }
    let (day, end) = (begins.date_naive(), end_of_day(begins));
    let count = state.days.get(&day).copied().unwrap_or_default();
    let left = terms.daily_quota.map_or(u64::MAX, |quota| quota.saturating_sub(count.used));
    if left == 0 {
        return (state, Grant::Spent { until: end });
    }
    let last = horizon.min(moved(end, -1));
    let n = wanted.get().min(saturated(left)).min(fitting(first, last, terms));
    state.next_at = Some(terms.slot(due, n));
    state.granted_at = Some(now);
    let used = count.used.saturating_add(n.into());
    state.days.insert(day, DayCount { used, allowed: terms.daily_quota });
    (state, Grant::Slots { first, n })
}

impl State {
    /// The state in which nobody may ask before `until`; a pause is never made shorter.
    #[must_use]
    pub fn paused(mut self, until: DateTime<Utc>) -> Self {
        let until = until.with_nanosecond(until.nanosecond() / 1_000 * 1_000).unwrap_or(until);
        self.paused_until = self.paused_until.max(Some(until));
        self
    }

    /// How much has been used.
    pub fn usage(self, now: DateTime<Utc>) -> Usage {
        let state = self.seen_at(now);
        let today = state.days.get(&now.date_naive()).copied().unwrap_or_default();
        Usage {
            used_today: today.used,
            allowed: today.allowed,
            next_at: state.next_at.filter(|next_at| *next_at > now),
            paused_until: state.paused_until.filter(|until| *until > now),
        }
    }

    /// The state as it is to be read at `now`: moved back with a clock that went back, and
    /// without the days that need not be remembered.
    fn seen_at(mut self, now: DateTime<Utc>) -> Self {
        let back = self.granted_at.map_or(TimeDelta::zero(), |granted_at| granted_at - now);
        if back > CLOCK_TOLERANCE {
            let moved_back = |time: DateTime<Utc>| time.checked_sub_signed(back);
            self.next_at = self.next_at.and_then(moved_back);
            self.paused_until = self.paused_until.and_then(moved_back);
            self.granted_at = Some(now);
        }
        let oldest = now.date_naive().checked_sub_days(Days::new(KEPT_DAYS));
        self.days.retain(|day, _| oldest.is_none_or(|oldest| *day >= oldest));
        self
    }
}

/// How many requests from `first` to `last` there is room for; `first` is not after `last`.
fn fitting(first: DateTime<Utc>, last: DateTime<Utc>, terms: &Terms) -> u32 {
    let length = (last - first).num_microseconds().unwrap_or(i64::MAX);
    let more = length.checked_div(terms.spacing_micros()).unwrap_or(i64::MAX);
    u32::try_from(more).unwrap_or(u32::MAX).saturating_add(1)
}

fn saturated(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn moved(time: DateTime<Utc>, micros: i64) -> DateTime<Utc> {
    time.checked_add_signed(TimeDelta::microseconds(micros)).unwrap_or(time)
}

/// The next midnight of UTC.
pub(crate) fn end_of_day(time: DateTime<Utc>) -> DateTime<Utc> {
    let next = time.date_naive().succ_opt();
    next.map_or(time, |day| day.and_time(NaiveTime::MIN).and_utc())
}

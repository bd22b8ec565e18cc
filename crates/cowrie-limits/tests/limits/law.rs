//! The law, call by call.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_limits::{CLOCK_TOLERANCE, Grant, State, Terms, grant};
use proptest::prelude::*;

use crate::support::{NOON, check_rate, seconds, time};

const TERMS: Terms = Terms {
    spacing: Duration::from_secs(15),
    burst: 1,
    daily_quota: None,
    horizon: Duration::from_mins(1),
};

fn wanted(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

/// What a grant says, its times in seconds after `start`.
fn shown(said: Grant, start: DateTime<Utc>) -> String {
    let after = |time: DateTime<Utc>| (time - start).num_seconds();
    match said {
        Grant::Slots { first, n } => format!("{n} from {}", after(first)),
        Grant::Later { until } => format!("later {}", after(until)),
        Grant::Paused { until } => format!("paused {}", after(until)),
        Grant::Spent { until } => format!("spent {}", after(until)),
    }
}

/// Each call: when, in seconds, how many were wanted, and what was said.
#[track_caller]
fn check(terms: &Terms, start: &str, calls: &[(i64, u32, &str)]) {
    let start = time(start);
    let mut state = State::default();
    for (at, n, expected) in calls {
        let now = start + TimeDelta::seconds(*at);
        let (after, said) = grant(state, terms, wanted(*n), now);
        assert_eq!(shown(said, start), *expected, "{n} wanted at {at}");
        state = after;
    }
}

#[test]
fn requests_lie_a_spacing_apart_up_to_the_horizon() {
    let calls = [(0, 3, "3 from 0"), (0, 9, "2 from 45"), (0, 1, "later 75"), (15, 2, "1 from 75")];
    check(&TERMS, NOON, &calls);
    check(&TERMS, NOON, &[(0, 1, "1 from 0"), (7, 1, "1 from 15"), (1_000, 1, "1 from 1000")]);
}

#[test]
fn a_burst_is_there_after_a_pause_and_once() {
    let terms = Terms { burst: 3, ..TERMS };
    let calls = [
        (0, 2, "2 from -30"),
        (0, 9, "5 from 0"),
        (0, 1, "later 75"),
        (1_000, 1, "1 from 970"),
        (1_001, 9, "6 from 985"),
    ];
    check(&terms, NOON, &calls);
    let none_ahead = Terms { burst: 3, horizon: Duration::ZERO, ..TERMS };
    check(&none_ahead, NOON, &[(0, 9, "3 from -30"), (1, 1, "later 15"), (15, 9, "1 from 15")]);
    check(&Terms { burst: 0, ..TERMS }, NOON, &[(0, 1, "1 from 0"), (0, 1, "1 from 15")]);
}

#[test]
fn without_a_spacing_only_the_quota_counts() {
    let terms = Terms { spacing: Duration::ZERO, daily_quota: Some(5), ..TERMS };
    check(&terms, NOON, &[(0, 3, "3 from 0"), (0, 3, "2 from 0"), (1, 1, "spent 43200")]);
}

#[test]
fn the_quota_is_of_the_day_in_which_a_request_goes_out() {
    let terms = Terms { daily_quota: Some(3), ..TERMS };
    let calls = [
        // The third would go out at midnight.
        (0, 9, "2 from 0"),
        (0, 9, "3 from 30"),
        (0, 1, "later 75"),
        (20, 1, "spent 86430"),
        (86_430, 1, "1 from 86430"),
    ];
    check(&terms, "2026-04-29T23:59:30Z", &calls);
    let none = Terms { daily_quota: Some(0), ..TERMS };
    check(&none, NOON, &[(0, 1, "spent 43200"), (43_200, 1, "spent 129600")]);
}

#[test]
fn a_pause_is_never_made_shorter() {
    let start = time(NOON);
    let state = State::default().paused(start + TimeDelta::seconds(90));
    let state = state.paused(start + TimeDelta::seconds(30));
    let paused = start + TimeDelta::seconds(89);
    let (state, said) = grant(state, &TERMS, wanted(1), paused);
    assert_eq!(shown(said, start), "paused 90");
    assert_eq!(state.clone().usage(paused).paused_until, Some(start + TimeDelta::seconds(90)));
    let (state, said) = grant(state, &TERMS, wanted(1), start + TimeDelta::seconds(90));
    assert_eq!(shown(said, start), "1 from 90");
    let usage = state.usage(start + TimeDelta::seconds(91));
    assert_eq!(usage.paused_until, None);
    assert_eq!((usage.used_today, usage.allowed), (1, None));
    assert_eq!(usage.next_at, Some(start + TimeDelta::seconds(105)));
}

/// By how far a clock went back: beyond half a minute what lay ahead goes back with it.
#[test]
fn a_clock_that_goes_back_moves_what_lay_ahead() {
    let hour = 3_600;
    let calls = [
        (0, 3, "3 from 0"),
        (-hour, 1, "1 from -3555"),
        (-hour, 9, "1 from -3540"),
        (-hour, 1, "later -3525"),
        (-hour - 30, 1, "later -3525"),
    ];
    check(&TERMS, NOON, &calls);
    let start = time(NOON);
    let (state, _) = grant(State::default(), &TERMS, wanted(1), start);
    let state = state.paused(start + TimeDelta::seconds(300));
    let earlier = start - TimeDelta::seconds(hour);
    let (state, said) = grant(state, &TERMS, wanted(1), earlier);
    assert_eq!(shown(said, start), "paused -3300");
    let (_, said) = grant(state, &TERMS, wanted(1), earlier + TimeDelta::seconds(300));
    assert_eq!(shown(said, start), "1 from -3300");
}

#[test]
fn the_days_of_a_clock_that_goes_back_over_midnight_keep_their_counts() {
    let terms = Terms { daily_quota: Some(2), spacing: seconds(1), ..TERMS };
    let calls = [
        (-100, 2, "2 from -100"),
        (0, 1, "1 from 0"),
        (-100, 1, "spent 0"),
        (0, 9, "1 from 0"),
        (1, 1, "spent 86400"),
    ];
    check(&terms, "2026-04-30T00:00:00Z", &calls);
}

#[test]
fn absurd_terms_and_times_are_survived() {
    let terms = [
        Terms { spacing: Duration::MAX, burst: u32::MAX, horizon: Duration::MAX, ..TERMS },
        Terms {
            spacing: Duration::from_nanos(1),
            burst: u32::MAX,
            horizon: Duration::MAX,
            ..TERMS
        },
        Terms { spacing: Duration::ZERO, burst: 0, horizon: Duration::MAX, ..TERMS },
    ];
    for terms in terms {
        for now in [time("0001-01-01T00:00:00Z"), time(NOON), time("9999-12-31T23:59:59Z")] {
            let mut state = State::default();
            for _ in 0..3 {
                let said;
                (state, said) = grant(state, &terms, NonZeroU32::MAX, now);
                let is_some = matches!(said, Grant::Slots { n: 1.., .. });
                assert!(is_some || matches!(said, Grant::Later { .. }), "{terms:?} {said:?}");
            }
        }
    }
}

fn some_terms() -> impl Strategy<Value = Terms> {
    let spacing = prop::sample::select(vec![100, 1_000, 1_500, 15_000]);
    let quota = prop::option::of(0..40_u64);
    (spacing, 1..6_u32, quota, 0..90_u64).prop_map(|(spacing, burst, daily_quota, horizon)| Terms {
        spacing: Duration::from_millis(spacing),
        burst,
        daily_quota,
        horizon: seconds(horizon),
    })
}

proptest! {
    #[test]
    fn no_more_than_the_rate_and_the_quota(
        terms in some_terms(),
        calls in prop::collection::vec((0..20_000_i64, 1..12_u32), 1..60),
    ) {
        let mut now = time("2026-04-29T23:55:00Z");
        let mut state = State::default();
        let mut moments = Vec::new();
        for (later, n_wanted) in calls {
            now += TimeDelta::milliseconds(later);
            let (after, said) = grant(state, &terms, wanted(n_wanted), now);
            state = after;
            if let Grant::Slots { first, n } = said {
                prop_assert!((1..=n_wanted).contains(&n));
                moments.extend((0..n).map(|number| terms.slot(first, number).max(now)));
                let furthest = now + TimeDelta::from_std(terms.horizon).unwrap();
                prop_assert!(moments.last() <= Some(&furthest));
            }
        }
        prop_assert!(moments.is_sorted());
        check_rate(&moments, terms.spacing, terms.burst, |first, last| {
            (last - first).to_std().unwrap()
        });
        let mut of_days = BTreeMap::<_, u64>::new();
        for moment in &moments {
            *of_days.entry(moment.date_naive()).or_default() += 1;
        }
        for (day, used) in &of_days {
            prop_assert!(terms.daily_quota.is_none_or(|quota| *used <= quota), "{day}: {used}");
            prop_assert_eq!(state.days[day].used, *used);
        }
    }

    #[test]
    fn a_clock_that_goes_back_stops_nobody_for_long(
        terms in some_terms(),
        calls in prop::collection::vec((0..20_000_i64, 1..12_u32), 1..20),
        back in 31..100_000_i64,
    ) {
        let terms = Terms { daily_quota: None, ..terms };
        let mut now = time(NOON);
        let mut state = State::default();
        for (later, n_wanted) in calls {
            now += TimeDelta::milliseconds(later);
            (state, _) = grant(state, &terms, wanted(n_wanted), now);
        }
        let (_, there) = grant(state.clone(), &terms, wanted(1), now);
        let back_then = now - TimeDelta::seconds(back);
        let (_, here) = grant(state, &terms, wanted(1), back_then);
        let wait = |said: Grant, now: DateTime<Utc>| match said {
            Grant::Slots { first, .. } => (first - now).max(TimeDelta::zero()),
            Grant::Later { until } => until - now,
            other => unreachable!("{other:?}"),
        };
        prop_assert!(wait(here, back_then) >= wait(there, now));
        let most = TimeDelta::from_std(terms.horizon + terms.spacing).unwrap() + CLOCK_TOLERANCE;
        prop_assert!(wait(here, back_then) <= most);
    }
}

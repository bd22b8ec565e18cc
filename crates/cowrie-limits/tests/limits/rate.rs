//! How often a service is asked by several who share a ledger.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use cowrie_enrichment::{Outcome, SourceName};
use cowrie_limits::{
    Grant, Ledger, LedgerError, Limited, Limits, MemoryLedger, Terms, Usage, spacing,
};
use proptest::prelude::*;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::support::{House, NOON, Wire, ask, check_rate, limits, run, seconds, time};

/// Asks once by each of these at its moment, in milliseconds; gives up after so many, if told.
async fn ask_all(
    several: &[Arc<Limited<Wire>>],
    callers: &[(usize, u64, Option<u64>)],
) -> Vec<Outcome> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for (which, at, gives_up) in callers.iter().copied() {
        let limited = Arc::clone(&several[which % several.len()]);
        tasks.spawn(async move {
            sleep_until(start + Duration::from_millis(at)).await;
            match gives_up {
                None => Some(ask(&limited).await),
                Some(after) => timeout(Duration::from_millis(after), ask(&limited)).await.ok(),
            }
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

fn several(house: &House, wire: &Wire, limits: Limits, n: usize) -> Vec<Arc<Limited<Wire>>> {
    (0..n).map(|_| Arc::new(house.limited(wire, limits))).collect()
}

/// A time between requests in milliseconds, and a burst.
fn paces() -> impl Strategy<Value = (u64, u32)> {
    (prop::sample::select(vec![10, 100, 1_000, 15_000]), 1..5_u32)
}

/// Which process, and when: in thousandths of the time between requests, so that there are times
/// of need and times of plenty.
fn arrivals() -> impl Strategy<Value = Vec<(usize, u64)>> {
    prop::collection::vec((0..4_usize, 0..80_000_u64), 1..100)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_callers_come_the_rate_holds_and_all_are_served(
        (spacing, burst) in paces(),
        n_processes in 1..4_usize,
        in_flight in 1..6_usize,
        latency in prop::sample::select(vec![0, 7, 400]),
        callers in arrivals(),
    ) {
        run(async {
            let callers: Vec<_> =
                callers.iter().map(|(which, at)| (*which, at * spacing / 1_000, None)).collect();
            let spacing = Duration::from_millis(spacing);
            let house = House::at(NOON);
            let wire = Wire::new(Duration::from_millis(latency), |_, _| Outcome::NotFound.into());
            let in_flight = NonZeroUsize::new(in_flight).unwrap();
            let limits = Limits { spacing, burst, in_flight, ..limits() };
            let processes = several(&house, &wire, limits, n_processes);
            let outcomes = ask_all(&processes, &callers).await;
            assert_eq!(outcomes, vec![Outcome::NotFound; callers.len()]);
            assert_eq!(wire.n_sent(), callers.len());
            check_rate(&wire.sent(), spacing, burst, |first, last| last - first);
        });
    }

    /// A request that somebody gave up may be taken a little late by another.
    #[test]
    fn who_gives_up_breaks_no_rate_and_holds_up_nobody(
        (spacing, burst) in paces(),
        callers in arrivals(),
        gives_up in prop::collection::vec(prop::option::of(0..10_000_u64), 100),
    ) {
        run(async {
            let callers: Vec<_> = callers
                .iter()
                .zip(gives_up)
                .map(|((which, at), after)| {
                    let gives_up = after.map(|after| after * spacing / 1_000);
                    (*which, at * spacing / 1_000, gives_up)
                })
                .collect();
            let spacing = Duration::from_millis(spacing);
            let house = House::at(NOON);
            let wire = Wire::answering();
            let processes = several(&house, &wire, Limits { spacing, burst, ..limits() }, 3);
            let outcomes = ask_all(&processes, &callers).await;
            let n_patient = callers.iter().filter(|(_, _, gives_up)| gives_up.is_none()).count();
            assert!(outcomes.len() >= n_patient);
            assert!(outcomes.iter().all(|outcome| *outcome == Outcome::NotFound));
            let late = Duration::from_millis(100);
            check_rate(&wire.sent(), spacing, burst, |first, last| last - first + late);
        });
    }
}

/// With so many callers at once, the last is served when the rate allows it, within 5 %.
#[track_caller]
fn check_pace(rate: f64, n_processes: usize, in_flight: usize, n: u32) {
    let spacing = spacing(rate);
    let took = run(async {
        let house = House::at(NOON);
        let wire = Wire::new(Duration::from_millis(5), |_, _| Outcome::NotFound.into());
        let in_flight = NonZeroUsize::new(in_flight).unwrap();
        let limits = Limits { spacing, in_flight, ..limits() };
        let processes = several(&house, &wire, limits, n_processes);
        let callers: Vec<_> = (0..n as usize).map(|caller| (caller, 0, None)).collect();
        let start = Instant::now();
        ask_all(&processes, &callers).await;
        check_rate(&wire.sent(), spacing, 1, |first, last| last - first);
        start.elapsed()
    });
    let best = spacing * (n - 1);
    assert!(took >= best && took <= best.mul_f64(1.05), "{took:?} instead of {best:?}");
}

#[test]
fn the_rate_is_used() {
    check_pace(4.0 / 60.0, 1, 1, 40);
    check_pace(4.0 / 60.0, 3, 4, 40);
    check_pace(1.0, 3, 2, 100);
    check_pace(100.0, 1, 8, 2_000);
    check_pace(100.0, 3, 8, 2_000);
    check_pace(10.0, 2, 500, 600);
}

#[test]
fn four_a_minute_are_four_in_any_minute() {
    run(async {
        let house = House::at(NOON);
        let wire = Wire::answering();
        let limits = Limits { spacing: spacing(4.0 / 60.0), ..limits() };
        let processes = several(&house, &wire, limits, 3);
        let callers: Vec<_> = (0..24).map(|caller| (caller, 0, None)).collect();
        ask_all(&processes, &callers).await;
        let sent = wire.sent();
        for first in &sent {
            let minute = sent.iter().filter(|at| *at >= first && **at < *first + seconds(60));
            assert!(minute.count() <= 4);
        }
    });
}

#[test]
fn a_quota_is_never_exceeded_and_is_new_at_midnight() {
    run(async {
        let house = House::at("2026-04-29T23:00:00Z");
        let wire = Wire::answering();
        let limits = Limits { daily_quota: Some(10), patience: seconds(60), ..limits() };
        let processes = several(&house, &wire, limits, 3);
        let callers: Vec<_> = (0..30).map(|caller| (caller, 0, None)).collect();
        let until = Some(time("2026-04-30T00:00:00Z"));
        let outcomes = ask_all(&processes, &callers).await;
        let n_refused = outcomes.iter().filter(|o| **o == Outcome::Quota { until }).count();
        assert_eq!((wire.n_sent(), n_refused), (10, 20));
        assert_eq!(processes.iter().map(|one| one.report().refused).sum::<u64>(), 20);

        sleep_until(Instant::now() + seconds(3_600)).await;
        let until = Some(time("2026-05-01T00:00:00Z"));
        let outcomes = ask_all(&processes, &callers).await;
        let n_refused = outcomes.iter().filter(|o| **o == Outcome::Quota { until }).count();
        assert_eq!((wire.n_sent(), n_refused), (20, 20));
    });
}

#[test]
fn who_has_patience_waits_for_the_quota_of_tomorrow() {
    run(async {
        let house = House::at("2026-04-29T23:59:00Z");
        let wire = Wire::answering();
        let limits = Limits { daily_quota: Some(5), patience: seconds(120), ..limits() };
        let processes = several(&house, &wire, limits, 2);
        let callers: Vec<_> = (0..12).map(|caller| (caller, 0, None)).collect();
        let start = Instant::now();
        let outcomes = ask_all(&processes, &callers).await;
        assert_eq!(outcomes.iter().filter(|o| **o == Outcome::NotFound).count(), 10);
        let today = wire.sent().iter().filter(|at| **at < start + seconds(60)).count();
        assert_eq!((today, wire.n_sent()), (5, 10));
    });
}

#[test]
fn who_has_no_patience_is_told_when_it_would_be_his_turn() {
    run(async {
        let house = House::at(NOON);
        let wire = Wire::answering();
        let limits = Limits { spacing: seconds(15), patience: seconds(20), ..limits() };
        let processes = several(&house, &wire, limits, 1);
        let outcomes = ask_all(&processes, &[(0, 0, None); 4]).await;
        assert_eq!(wire.n_sent(), 2);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == told(30)).count(), 2);
        // It is the fifteenth second, and his turn within the patience.
        assert_eq!(ask(&processes[0]).await, Outcome::NotFound);
        assert_eq!(house.now(), time(NOON) + TimeDelta::seconds(30));
    });
}

fn told(after: i64) -> Outcome {
    Outcome::Quota { until: Some(time(NOON) + TimeDelta::seconds(after)) }
}

/// The second waits eight seconds for the first to end, and then has patience for two more; the
/// request that he cannot wait for is there for the third.
#[test]
fn the_patience_is_for_all_of_the_waiting() {
    run(async {
        let house = House::at(NOON);
        let wire = Wire::new(seconds(8), |_, _| Outcome::NotFound.into());
        let limits = Limits {
            spacing: seconds(13),
            in_flight: NonZeroUsize::MIN,
            patience: seconds(10),
            daily_quota: Some(2),
            ..limits()
        };
        let limited = several(&house, &wire, limits, 1);
        let start = Instant::now();
        let outcomes = ask_all(&limited, &[(0, 0, None), (0, 1, None), (0, 12_000, None)]).await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == told(13)).count(), 1);
        assert_eq!(wire.sent(), [start, start + seconds(13)]);
    });
}

#[test]
fn no_more_are_under_way_than_allowed() {
    run(async {
        let house = House::at(NOON);
        let wire = Wire::new(seconds(3), |_, _| Outcome::NotFound.into());
        let in_flight = NonZeroUsize::new(4).unwrap();
        let limits = Limits { spacing: Duration::ZERO, in_flight, ..limits() };
        let limited = several(&house, &wire, limits, 1);
        ask_all(&limited, &[(0, 0, None); 30]).await;
        assert_eq!((wire.n_sent(), wire.most_under_way()), (30, 4));
    });
}

/// The clock is set back by an hour in the midst of it.
#[test]
fn a_clock_that_goes_back_stops_nobody() {
    run(async {
        let house = House::at(NOON);
        let wire = Wire::answering();
        let limits = Limits { spacing: seconds(5), patience: seconds(600), ..limits() };
        let processes = several(&house, &wire, limits, 2);
        let callers: Vec<_> =
            (0..20).map(|n| (n, u64::try_from(n).unwrap() * 5_000, None)).collect();
        let start = Instant::now();
        let clock = Arc::clone(&house.clock);
        let setting_back = async {
            sleep(seconds(42)).await;
            clock.go_back(TimeDelta::hours(1));
        };
        let (outcomes, ()) = tokio::join!(ask_all(&processes, &callers), setting_back);
        assert_eq!(outcomes, vec![Outcome::NotFound; 20]);
        check_rate(&wire.sent(), limits.spacing, 1, |first, last| last - first);
        assert!(start.elapsed() <= seconds(19 * 5 + 30), "{:?}", start.elapsed());
    });
}

/// A ledger that takes its time, as one over a network does.
#[derive(Default)]
struct SlowLedger(MemoryLedger);

#[async_trait]
impl Ledger for SlowLedger {
    async fn reserve(
        &self,
        service: SourceName,
        terms: &Terms,
        wanted: NonZeroU32,
        now: DateTime<Utc>,
    ) -> Result<Grant, LedgerError> {
        let grant = self.0.reserve(service, terms, wanted, now).await;
        sleep(Duration::from_millis(300)).await;
        grant
    }

    async fn pause(&self, service: SourceName, until: DateTime<Utc>) -> Result<(), LedgerError> {
        self.0.pause(service, until).await
    }

    async fn usage(&self, service: SourceName, now: DateTime<Utc>) -> Result<Usage, LedgerError> {
        self.0.usage(service, now).await
    }
}

#[test]
fn who_gives_up_while_the_ledger_is_asked_loses_one_request() {
    run(async {
        let ledger: Arc<dyn Ledger> = Arc::new(SlowLedger::default());
        let house = House::with(NOON, Arc::clone(&ledger));
        let wire = Wire::answering();
        let limits = Limits { daily_quota: Some(100), ..limits() };
        let limited = several(&house, &wire, limits, 1);
        // The first has the ledger asked, and is gone before it answers; the others came with it.
        let callers = [(0, 0, Some(100)), (0, 0, None), (0, 0, None), (0, 50, None)];
        let outcomes = ask_all(&limited, &callers).await;
        assert_eq!(outcomes.len(), 3);
        let usage = ledger.usage(SourceName::DShield, house.now()).await.unwrap();
        assert!((3..=4).contains(&usage.used_today), "{usage:?}");
        assert_eq!(wire.n_sent(), 3);
    });
}

#[test]
fn a_slow_ledger_makes_no_burst() {
    run(async {
        let house = House::with(NOON, Arc::new(SlowLedger::default()));
        let wire = Wire::answering();
        let spacing = Duration::from_millis(20);
        let limited = several(&house, &wire, Limits { spacing, ..limits() }, 1);
        ask_all(&limited, &[(0, 0, None); 40]).await;
        assert_eq!(wire.n_sent(), 40);
        let sent = wire.sent();
        // The first lease is for one, and late by as much as the ledger is.
        check_rate(&sent[1..], spacing, 1, |first, last| last - first);
    });
}

/// In advance no more is taken than the rate of two seconds, little where it is not needed, and
/// nothing of a quota.
#[test]
fn little_is_taken_in_advance() {
    for (gap, daily_quota, most_in_vain) in [(9, None, 200), (25, None, 600), (9, Some(9_999), 0)] {
        run(async {
            let house = House::at(NOON);
            let wire = Wire::answering();
            let spacing = Duration::from_millis(10);
            let limits = Limits { spacing, daily_quota, ..limits() };
            let limited = several(&house, &wire, limits, 1);
            let callers: Vec<_> = (0..1_000).map(|n| (0, n * gap, None)).collect();
            ask_all(&limited, &callers).await;
            let usage = house.ledger.usage(SourceName::DShield, house.now()).await.unwrap();
            let in_vain = usage.used_today - 1_000;
            assert!(in_vain <= most_in_vain, "{in_vain} at {gap}");
        });
    }
}

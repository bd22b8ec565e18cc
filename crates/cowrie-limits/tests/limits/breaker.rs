//! When a service that keeps failing is left alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use cowrie_enrichment::{Outcome, Remedy};
use cowrie_limits::{BreakerState, Limited, Limits};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{House, NOON, Wire, ask, failed, limits, run, seconds, time};

/// A service that takes five seconds for everything, and works only when the switch is on.
fn faulty() -> (Wire, Arc<AtomicBool>) {
    let works = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&works);
    let wire = Wire::new(seconds(5), move |_, _| {
        let works = works.load(Ordering::Relaxed);
        if works { Outcome::NotFound.into() } else { failed(Remedy::TryAgain).into() }
    });
    (wire, switch)
}

/// One try a question, no pace, and no patience for the breaker's first pause.
fn hasty() -> Limits {
    Limits { tries: 1, spacing: Duration::ZERO, patience: seconds(10), ..limits() }
}

async fn fail_five_times(limited: &Limited<Wire>) {
    for n in 0..5 {
        assert_eq!(limited.report().breaker, BreakerState::Closed { failures: n });
        assert_eq!(ask(limited).await, failed(Remedy::TryAgain));
    }
}

#[test]
fn after_so_many_failures_the_service_is_left_alone() {
    run(async {
        let (wire, _switch) = faulty();
        let limited = House::at(NOON).limited(&wire, hasty());
        fail_five_times(&limited).await;
        let until = time(NOON) + TimeDelta::seconds(25 + 30);
        assert_eq!(limited.report().breaker, BreakerState::Open { until });
        let start = Instant::now();
        let reason = "left alone after 5 failures in a row".to_owned();
        let expected = Outcome::Failed { reason, remedy: Remedy::Wait(seconds(30)) };
        assert_eq!(ask(&limited).await, expected);
        assert_eq!(start.elapsed(), Duration::ZERO);
        let report = limited.report();
        assert_eq!((wire.n_sent(), report.failures, report.refused), (5, 5, 1));
    });
}

#[test]
fn an_answer_in_between_counts_anew() {
    run(async {
        let (wire, switch) = faulty();
        let limited = House::at(NOON).limited(&wire, hasty());
        for _ in 0..3 {
            for _ in 0..4 {
                ask(&limited).await;
            }
            switch.store(true, Ordering::Relaxed);
            assert_eq!(ask(&limited).await, Outcome::NotFound);
            assert_eq!(limited.report().breaker, BreakerState::Closed { failures: 0 });
            switch.store(false, Ordering::Relaxed);
        }
    });
}

/// Twenty wait; while one probe is under way nobody else asks. Each that fails doubles the pause.
#[test]
fn exactly_one_probe_goes_through() {
    run(async {
        let (wire, switch) = faulty();
        let limits = Limits { patience: seconds(86_400), ..hasty() };
        let limited = Arc::new(House::at(NOON).limited(&wire, limits));
        fail_five_times(&limited).await;
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let limited = Arc::clone(&limited);
            tasks.spawn(async move { ask(&limited).await });
        }
        sleep(seconds(32)).await;
        assert_eq!((wire.n_sent(), limited.report().breaker), (6, BreakerState::HalfOpen));
        // The probe ends after 35 seconds, and the pause is 60 now; then 100 at most.
        let probes = [30, 35 + 60, 100 + 100, 205 + 100];
        sleep(seconds(270)).await;
        switch.store(true, Ordering::Relaxed);
        let mut outcomes = tasks.join_all().await;
        let sent: Vec<u64> = wire.sent().iter().skip(5).map(|at| (*at - start).as_secs()).collect();
        assert_eq!(sent[..4], probes);
        assert_eq!(sent[4..], [310; 16]);
        outcomes.retain(|outcome| *outcome != Outcome::NotFound);
        assert_eq!(outcomes, vec![failed(Remedy::TryAgain); 3]);
        assert_eq!(limited.report().breaker, BreakerState::Closed { failures: 0 });
    });
}

#[test]
fn a_probe_that_is_given_up_makes_way_for_another() {
    run(async {
        let (wire, switch) = faulty();
        let limited = House::at(NOON).limited(&wire, hasty());
        fail_five_times(&limited).await;
        sleep(seconds(30)).await;
        assert!(timeout(seconds(1), ask(&limited)).await.is_err());
        assert_eq!(wire.n_sent(), 6);
        switch.store(true, Ordering::Relaxed);
        assert_eq!(ask(&limited).await, Outcome::NotFound);
        assert_eq!(wire.n_sent(), 7);
    });
}

/// Those that were under way when the breaker opened say nothing of the time after.
#[test]
fn late_failures_do_not_open_it_again() {
    run(async {
        let (wire, switch) = faulty();
        let limits = Limits { patience: seconds(60), ..hasty() };
        let limited = Arc::new(House::at(NOON).limited(&wire, limits));
        let mut tasks = JoinSet::new();
        for _ in 0..12 {
            let limited = Arc::clone(&limited);
            tasks.spawn(async move { ask(&limited).await });
        }
        tasks.join_all().await;
        assert_eq!(wire.n_sent(), 12);
        let until = time(NOON) + TimeDelta::seconds(5 + 30);
        assert_eq!(limited.report().breaker, BreakerState::Open { until });
        switch.store(true, Ordering::Relaxed);
        assert_eq!(ask(&limited).await, Outcome::NotFound);
    });
}

/// Five fail at once while one waits for its turn: it is not sent.
#[test]
fn who_waits_for_his_turn_when_it_opens_is_held_back() {
    run(async {
        let (wire, _switch) = faulty();
        let limits = Limits { spacing: seconds(1), ..hasty() };
        let limited = Arc::new(House::at(NOON).limited(&wire, limits));
        let mut tasks = JoinSet::new();
        for _ in 0..11 {
            let limited = Arc::clone(&limited);
            tasks.spawn(async move { ask(&limited).await });
        }
        let outcomes = tasks.join_all().await;
        // The fifth fails after nine seconds; those of the seconds 9 and 10 are left.
        let n_sent = wire.n_sent();
        assert!((9..=10).contains(&n_sent), "{n_sent}");
        let refused = outcomes.iter().filter(|outcome| **outcome != failed(Remedy::TryAgain));
        assert_eq!(refused.count(), 11 - n_sent);
        // Those that were sent before and failed later have not made the pause longer.
        let until = time(NOON) + TimeDelta::seconds(9 + 30);
        assert_eq!(limited.report().breaker, BreakerState::Open { until });
    });
}

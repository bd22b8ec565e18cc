//! What follows from what a service says.

use std::error::Error;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use cowrie_enrichment::{
    Outcome, Question, Remedy, Reply, ScriptedService, Service as _, SourceName,
};
use cowrie_limits::{BreakerLimits, Grant, Ledger, LedgerError, Limited, Limits, Terms, Usage};
use tokio::time::{Instant, sleep};

use crate::support::{
    House, NOON, VirtualClock, Wire, ask, failed, limits, question, run, seconds, time,
};

fn after_noon(seconds: i64) -> Outcome {
    Outcome::Quota { until: Some(time(NOON) + TimeDelta::seconds(seconds)) }
}

/// What one question comes to, after how many requests.
#[track_caller]
fn check(limits: Limits, said: Vec<Outcome>, expected: &Outcome, n_requests: usize) {
    run(async {
        let wire = Wire::saying(said);
        let limited = House::at(NOON).limited(&wire, limits);
        assert_eq!(ask(&limited).await, *expected);
        assert_eq!(wire.n_sent(), n_requests);
        let report = limited.report();
        assert_eq!(report.requests, u64::try_from(n_requests).unwrap());
        assert_eq!(report.retries, report.requests.saturating_sub(1));
    });
}

#[test]
fn a_failure_that_may_pass_is_tried_again() {
    let try_again = || failed(Remedy::TryAgain);
    check(limits(), vec![try_again(), Outcome::NotFound], &Outcome::NotFound, 2);
    check(limits(), vec![try_again(), try_again(), Outcome::NotFound], &Outcome::NotFound, 3);
    check(limits(), vec![try_again()], &try_again(), 3);
    check(Limits { tries: 1, ..limits() }, vec![try_again()], &try_again(), 1);
    check(Limits { tries: 0, ..limits() }, vec![try_again()], &try_again(), 1);
}

#[test]
fn a_failure_that_will_not_pass_is_not_tried_again() {
    let skip = || failed(Remedy::SkipItem);
    check(limits(), vec![skip(), Outcome::NotFound], &skip(), 1);
    check(limits(), vec![Outcome::skipped("x"), Outcome::NotFound], &Outcome::skipped("x"), 1);
}

#[test]
fn a_pause_is_waited_for_within_the_patience() {
    let wait = |n| failed(Remedy::Wait(seconds(n)));
    let patient = Limits { patience: seconds(10), ..limits() };
    check(patient, vec![wait(9), Outcome::NotFound], &Outcome::NotFound, 2);
    check(patient, vec![wait(11), Outcome::NotFound], &after_noon(11), 1);
    check(patient, vec![wait(6)], &after_noon(12), 2);
    check(limits(), vec![wait(60)], &after_noon(180), 3);
    check(limits(), vec![wait(u64::MAX)], &after_noon(31 * 86_400), 1);
}

#[test]
fn back_off_doubles_and_is_never_longer_than_the_patience() {
    run(async {
        let wire = Wire::saying(vec![failed(Remedy::TryAgain)]);
        let breaker = BreakerLimits { failures: NonZeroU32::MAX, ..limits().breaker };
        let spacing = Duration::ZERO;
        let limits = Limits { tries: 6, spacing, breaker, ..limits() };
        let house = House::at(NOON);
        let limited = house.limited(&wire, limits);
        ask(&limited).await;
        let sent = wire.sent();
        assert_eq!(sent.len(), 6);
        for (n, pair) in sent.windows(2).enumerate() {
            // A millisecond is the grain of the runtime's time.
            let most = Duration::from_millis(500) * 2_u32.pow(u32::try_from(n).unwrap());
            assert!(pair[1] - pair[0] <= most + Duration::from_millis(1), "{n}: {pair:?}");
        }
        let start = Instant::now();
        let hasty = house.limited(&wire, Limits { tries: 1_000, patience: seconds(100), ..limits });
        assert_eq!(ask(&hasty).await, failed(Remedy::TryAgain));
        assert!(start.elapsed() <= seconds(100));
        assert!(wire.n_sent() > 6 + 3);
    });
}

#[test]
fn only_what_failed_of_a_batch_is_asked_again() {
    run(async {
        let service = ScriptedService::new(SourceName::DShield, |asked, n| {
            let is_odd = [1, 3].iter().any(|odd| *asked == question(*odd));
            let outcome = match n {
                0 if is_odd => failed(Remedy::TryAgain),
                0 if *asked == question(4) => failed(Remedy::SkipItem),
                _ => Outcome::NotFound,
            };
            outcome.into()
        });
        let batch_size = NonZeroUsize::new(10).unwrap();
        let wire = Wire::to(service.with_batch_size(batch_size), Duration::ZERO);
        let limited = House::at(NOON).limited(&wire, limits());
        assert_eq!(limited.batch_size(), batch_size);
        let questions: Vec<Question> = (0..5).map(question).collect();
        let replies = limited.ask(&questions).await;
        let mut expected = vec![Reply::from(Outcome::NotFound); 5];
        expected[4] = failed(Remedy::SkipItem).into();
        assert_eq!(replies, expected);
        assert_eq!(wire.service.requests(), [questions, vec![question(1), question(3)]]);
        let report = limited.report();
        assert_eq!((report.requests, report.questions, report.retries), (2, 7, 1));
        assert_eq!((report.failures, report.throttled, report.refused), (0, 0, 0));
        assert_eq!(limited.ask(&[]).await, []);
        assert_eq!(wire.n_sent(), 2);
    });
}

#[test]
fn a_service_that_refuses_is_asked_nothing_more() {
    run(async {
        let wire = Wire::saying(vec![failed(Remedy::DropSource), Outcome::NotFound]);
        let house = House::at(NOON);
        let limited = Arc::new(house.limited(&wire, Limits { spacing: seconds(15), ..limits() }));
        // The second waits for its turn when the first is refused.
        let (first, second) = tokio::join!(ask(&limited), ask(&limited));
        assert_eq!((first, second), (failed(Remedy::DropSource), failed(Remedy::DropSource)));
        let start = Instant::now();
        assert_eq!(ask(&limited).await, failed(Remedy::DropSource));
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(wire.n_sent(), 1);
        let report = limited.report();
        assert_eq!((report.dropped.as_deref(), report.refused), (Some("out of order"), 2));
    });
}

/// A service that is asked once, and then not before midnight.
#[track_caller]
fn check_until_midnight(said: Reply, expected: &Outcome) {
    run(async {
        let wire = Wire::new(Duration::ZERO, move |_, n| match n {
            0 => said.clone(),
            _ => Outcome::NotFound.into(),
        });
        let house = House::at(NOON);
        let limits = Limits { patience: seconds(60), ..limits() };
        let limited = house.limited(&wire, limits);
        assert_eq!(ask(&limited).await, *expected);
        let other_process = house.limited(&wire, limits);
        for process in [&limited, &other_process] {
            assert_eq!(ask(process).await, after_noon(43_200));
        }
        assert_eq!(wire.n_sent(), 1);
        sleep(seconds(43_200 - 30)).await;
        assert_eq!(ask(&other_process).await, Outcome::NotFound);
        assert_eq!(house.now(), time("2026-04-30T00:00:00Z"));
    });
}

#[test]
fn a_service_with_nothing_left_is_left_alone_until_midnight() {
    let last = Reply { outcome: Outcome::NotFound, remaining: Some(0) };
    check_until_midnight(last, &Outcome::NotFound);
    check_until_midnight(Outcome::Quota { until: None }.into(), &after_noon(43_200));
    check_until_midnight(after_noon(43_200).into(), &after_noon(43_200));
}

/// Two wait for their turn, in two processes, when a third request meets a pause.
#[test]
fn a_pause_holds_for_those_who_wait_elsewhere() {
    run(async {
        let wire = Wire::new(Duration::ZERO, |_, n| match n {
            0 => failed(Remedy::Wait(seconds(60))).into(),
            _ => Outcome::NotFound.into(),
        });
        let house = House::at(NOON);
        let limits = Limits { spacing: seconds(10), ..limits() };
        let [one, other] = [house.limited(&wire, limits), house.limited(&wire, limits)];
        let start = Instant::now();
        let outcomes = tokio::join!(ask(&one), ask(&one), ask(&other), ask(&other));
        assert_eq!(
            [outcomes.0, outcomes.1, outcomes.2, outcomes.3],
            [(); 4].map(|()| Outcome::NotFound)
        );
        let early = wire.sent().iter().filter(|at| **at < start + seconds(60)).count();
        assert_eq!((early, wire.n_sent()), (1, 5));
        assert_eq!((one.report().throttled, other.report().throttled), (1, 0));
    });
}

#[test]
fn a_client_that_forgets_a_question_is_found_out() {
    run(async {
        struct Silent;
        #[async_trait]
        impl cowrie_enrichment::Service for Silent {
            fn name(&self) -> SourceName {
                SourceName::Spur
            }

            async fn ask(&self, _questions: &[Question]) -> Vec<Reply> {
                Vec::new()
            }
        }
        let house = House::at(NOON);
        let clock: Arc<VirtualClock> = Arc::clone(&house.clock);
        let limited = Limited::new(Silent, limits(), Arc::clone(&house.ledger), clock);
        let replies = limited.ask(&[question(1), question(2)]).await;
        assert_eq!(replies.len(), 2);
        let is_failed = |reply: &Reply| {
            matches!(&reply.outcome, Outcome::Failed { remedy: Remedy::SkipItem, .. })
        };
        assert!(replies.iter().all(is_failed));
    });
}

/// A ledger whose place is gone.
struct BrokenLedger;

fn broken(doing: &'static str, service: SourceName) -> LedgerError {
    let source: Box<dyn Error + Send + Sync> = "the disk is full\n".into();
    LedgerError { doing, service, source }
}

#[async_trait]
impl Ledger for BrokenLedger {
    async fn reserve(
        &self,
        service: SourceName,
        _terms: &Terms,
        _wanted: NonZeroU32,
        _now: DateTime<Utc>,
    ) -> Result<Grant, LedgerError> {
        Err(broken("count a request", service))
    }

    async fn pause(&self, service: SourceName, _until: DateTime<Utc>) -> Result<(), LedgerError> {
        Err(broken("write the pause", service))
    }

    async fn usage(&self, service: SourceName, _now: DateTime<Utc>) -> Result<Usage, LedgerError> {
        Err(broken("read the usage", service))
    }
}

#[test]
fn nobody_is_asked_when_the_ledger_fails() {
    run(async {
        let wire = Wire::answering();
        let limited = House::with(NOON, Arc::new(BrokenLedger)).limited(&wire, limits());
        let reason = "failed to count a request of `dshield`: the disk is full ".to_owned();
        let expected = Outcome::Failed { reason, remedy: Remedy::TryAgain };
        assert_eq!(ask(&limited).await, expected);
        assert_eq!((wire.n_sent(), limited.report().refused), (0, 1));
    });
}

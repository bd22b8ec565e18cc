//! What came of it, for the summary of a run.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::BreakerState;

/// What became of the questions to one service since this process began to ask it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LimitReport {
    /// Requests sent.
    pub requests: u64,
    /// Questions in these requests; one that was asked twice counts twice.
    pub questions: u64,
    /// Requests that repeat questions of an earlier one.
    pub retries: u64,
    /// Requests to which the service said that it is asked too often or too much.
    pub throttled: u64,
    /// Requests without any answer that failed.
    pub failures: u64,
    /// Questions answered without being asked, or not asked again: out of patience or quota,
    /// the breaker open, the service dropped, the ledger out of order.
    pub refused: u64,
    /// How the breaker is.
    pub breaker: BreakerState,
    /// Why the service is asked nothing more, when it is not.
    pub dropped: Option<String>,
}

/// The numbers of a report, while they grow.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) requests: Counter,
    pub(crate) questions: Counter,
    pub(crate) retries: Counter,
    pub(crate) throttled: Counter,
    pub(crate) failures: Counter,
    pub(crate) refused: Counter,
}

impl Counters {
    pub(crate) fn report(&self, breaker: BreakerState, dropped: Option<String>) -> LimitReport {
        LimitReport {
            requests: self.requests.get(),
            questions: self.questions.get(),
            retries: self.retries.get(),
            throttled: self.throttled.get(),
            failures: self.failures.get(),
            refused: self.refused.get(),
            breaker,
            dropped,
        }
    }
}

/// A number that several tasks add to.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: usize) {
        self.0.fetch_add(u64::try_from(n).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

//! What these tests share: a runtime whose time is virtual, a clock that follows it, and a wire
//! on which requests are seen.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use cowrie_core::Clock;
use cowrie_enrichment::{Outcome, Question, Remedy, Reply, ScriptedService, Service, SourceName};
use cowrie_limits::{BreakerLimits, Ledger, Limited, Limits, MemoryLedger};
use tokio::time::{Instant, sleep};

/// Runs a test whose time passes only when all of it waits.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(test)
}

pub(crate) fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Noon, far from the end of a day.
pub(crate) const NOON: &str = "2026-04-29T12:00:00Z";

/// A clock that follows the runtime's time, and can be set back.
pub(crate) struct VirtualClock {
    start: DateTime<Utc>,
    origin: Instant,
    back: Mutex<TimeDelta>,
}

impl VirtualClock {
    pub(crate) fn starting(at: &str) -> Arc<Self> {
        Arc::new(Self {
            start: time(at),
            origin: Instant::now(),
            back: Mutex::new(TimeDelta::zero()),
        })
    }

    pub(crate) fn go_back(&self, by: TimeDelta) {
        *self.back.lock().unwrap() += by;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(self.origin.elapsed()).unwrap();
        self.start + passed - *self.back.lock().unwrap()
    }
}

/// A service behind a wire that takes its time; what goes through is seen from outside.
#[derive(Clone)]
pub(crate) struct Wire {
    pub(crate) service: Arc<ScriptedService>,
    latency: Duration,
    sent: Arc<Mutex<Vec<Instant>>>,
    under_way: Arc<AtomicUsize>,
    most_under_way: Arc<AtomicUsize>,
}

impl Wire {
    pub(crate) fn new(
        latency: Duration,
        reply: impl Fn(&Question, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::to(ScriptedService::new(SourceName::DShield, reply), latency)
    }

    pub(crate) fn to(service: ScriptedService, latency: Duration) -> Self {
        Self {
            service: Arc::new(service),
            latency,
            sent: Arc::default(),
            under_way: Arc::default(),
            most_under_way: Arc::default(),
        }
    }

    /// One that says at once that it knows nothing.
    pub(crate) fn answering() -> Self {
        Self::new(Duration::ZERO, |_, _| Outcome::NotFound.into())
    }

    /// One whose n-th request, from 0, ends like the n-th of these, or like the last.
    pub(crate) fn saying(outcomes: Vec<Outcome>) -> Self {
        Self::new(Duration::ZERO, move |_, n| outcomes[n.min(outcomes.len() - 1)].clone().into())
    }

    /// When each request was sent, in their order.
    pub(crate) fn sent(&self) -> Vec<Instant> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn n_sent(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    pub(crate) fn most_under_way(&self) -> usize {
        self.most_under_way.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Service for Wire {
    fn name(&self) -> SourceName {
        self.service.name()
    }

    fn batch_size(&self) -> NonZeroUsize {
        self.service.batch_size()
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        self.sent.lock().unwrap().push(Instant::now());
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_under_way.fetch_max(under_way, Ordering::Relaxed);
        if !self.latency.is_zero() {
            sleep(self.latency).await;
        }
        let replies = self.service.ask(questions).await;
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        replies
    }
}

/// Those who share a ledger and a clock.
pub(crate) struct House {
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) ledger: Arc<dyn Ledger>,
}

impl House {
    pub(crate) fn at(start: &str) -> Self {
        Self::with(start, Arc::new(MemoryLedger::default()))
    }

    pub(crate) fn with(start: &str, ledger: Arc<dyn Ledger>) -> Self {
        Self { clock: VirtualClock::starting(start), ledger }
    }

    /// One process that asks over this wire.
    pub(crate) fn limited(&self, wire: &Wire, limits: Limits) -> Limited<Wire> {
        let clock: Arc<VirtualClock> = Arc::clone(&self.clock);
        Limited::new(wire.clone(), limits, Arc::clone(&self.ledger), clock)
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

/// One request a second, with patience for a day.
pub(crate) fn limits() -> Limits {
    Limits {
        spacing: seconds(1),
        burst: 1,
        daily_quota: None,
        in_flight: NonZeroUsize::new(1_000).unwrap(),
        patience: seconds(86_400),
        tries: 3,
        breaker: BreakerLimits {
            failures: NonZeroU32::new(5).unwrap(),
            first_pause: seconds(30),
            max_pause: seconds(100),
        },
    }
}

/// A question about an address that depends on the number alone.
pub(crate) fn question(n: u8) -> Question {
    let address = IpAddr::from(Ipv4Addr::new(198, 41, 0, n));
    Question::Address(address.try_into().unwrap())
}

/// The outcome of a single question.
pub(crate) async fn ask(limited: &Limited<Wire>) -> Outcome {
    let replies = limited.ask(&[question(1)]).await;
    assert_eq!(replies.len(), 1);
    replies[0].outcome.clone()
}

pub(crate) fn failed(remedy: Remedy) -> Outcome {
    Outcome::Failed { reason: "out of order".to_owned(), remedy }
}

/// In every stretch of time there are at most `burst + length / spacing` of these moments.
#[track_caller]
pub(crate) fn check_rate<T: Copy + Ord + std::fmt::Debug>(
    moments: &[T],
    spacing: Duration,
    burst: u32,
    length: impl Fn(T, T) -> Duration,
) {
    for (from, first) in moments.iter().enumerate() {
        for (n_more, last) in moments.iter().skip(from).enumerate() {
            let by_pace = length(*first, *last).as_nanos() / spacing.as_nanos();
            let allowed = u128::from(burst) + by_pace;
            assert!(
                (n_more as u128) < allowed,
                "{} from {first:?} to {last:?}, at most {allowed}",
                n_more + 1
            );
        }
    }
}

//! The service that keeps within its limits.

use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use cowrie_core::Clock;
use cowrie_enrichment::{Outcome, Question, Remedy, Reply, Service, SourceName};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout_at};

use crate::breaker::{Breaker, Pass};
use crate::moment::after;
use crate::queue::Queue;
use crate::report::Counters;
use crate::verdict::{Health, Verdict, is_worth_repeating};
use crate::{Ledger, LimitReport, Limits};

/// The back-off after the first failure is at most this long; it doubles with each further one.
const FIRST_BACK_OFF: Duration = Duration::from_millis(500);

/// No back-off is longer.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);

/// A service that is asked no more than its [`Limits`] allow, and again when it fails.
///
/// One call of [`Service::ask`] is one request, with its repetitions.
pub struct Limited<S> {
    service: S,
    limits: Limits,
    clock: Arc<dyn Clock>,
    seats: Semaphore,
    queue: Queue,
    breaker: Breaker,
    dropped: OnceLock<String>,
    counters: Counters,
}

/// Leave to send one request now.
struct Turn<'a> {
    _seat: SemaphorePermit<'a>,
    pass: Pass<'a>,
}

impl<S: Service> Limited<S> {
    /// The service within its limits, which all who share the ledger share.
    pub fn new(service: S, limits: Limits, ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>) -> Self {
        Self {
            seats: Semaphore::new(limits.in_flight.get().min(Semaphore::MAX_PERMITS)),
            queue: Queue::new(service.name(), limits.terms(), ledger, Arc::clone(&clock)),
            breaker: Breaker::new(limits.breaker),
            dropped: OnceLock::new(),
            counters: Counters::default(),
            service,
            limits,
            clock,
        }
    }

    /// What came of the questions until now.
    pub fn report(&self) -> LimitReport {
        let breaker = self.breaker.state(self.clock.now());
        self.counters.report(breaker, self.dropped.get().cloned())
    }

    /// Waits until a request may be sent, or says why none is.
    async fn turn(&self, deadline: Instant) -> Result<Turn<'_>, Outcome> {
        self.refuse_when_dropped()?;
        let Ok(Ok(seat)) = timeout_at(deadline, self.seats.acquire()).await else {
            return Err(Outcome::Quota { until: None });
        };
        loop {
            self.refuse_when_dropped()?;
            let pass =
                self.breaker.enter(deadline).await.map_err(|until| self.left_alone(until))?;
            self.queue.turn(deadline).await?;
            self.refuse_when_dropped()?;
            // The breaker may have opened in the meantime.
            if pass.is_valid() {
                return Ok(Turn { _seat: seat, pass });
            }
        }
    }

    fn refuse_when_dropped(&self) -> Result<(), Outcome> {
        match self.dropped.get().cloned() {
            None => Ok(()),
            Some(reason) => Err(Outcome::Failed { reason, remedy: Remedy::DropSource }),
        }
    }

    fn left_alone(&self, until: Instant) -> Outcome {
        let reason = format!("left alone after {} failures in a row", self.limits.breaker.failures);
        let wait = until.saturating_duration_since(Instant::now());
        Outcome::Failed { reason, remedy: Remedy::Wait(wait) }
    }

    /// Sends one request, and draws the conclusions for those to come.
    async fn send(&self, turn: Turn<'_>, questions: &[Question]) -> Vec<(Reply, bool)> {
        self.counters.requests.add(1);
        self.counters.questions.add(questions.len());
        let mut replies = self.service.ask(questions).await;
        replies.truncate(questions.len());
        replies.resize_with(questions.len(), no_reply);
        let again: Vec<bool> =
            replies.iter().map(|reply| is_worth_repeating(&reply.outcome)).collect();
        let verdict = Verdict::of(&mut replies, self.clock.now());
        let health = verdict.health;
        self.conclude(verdict).await;
        turn.pass.settle(health);
        replies.into_iter().zip(again).collect()
    }

    async fn conclude(&self, verdict: Verdict) {
        let service = self.service.name();
        self.counters.throttled.add(usize::from(verdict.is_throttled));
        self.counters.failures.add(usize::from(verdict.health == Health::Bad));
        if let Some(reason) = verdict.dropped
            && self.dropped.set(reason.clone()).is_ok()
        {
            tracing::warn!(%service, reason, "the service is asked nothing more");
        }
        if let Some(until) = verdict.pause_until {
            tracing::info!(%service, %until, "the service is left alone for a while");
            if let Err(error) = self.queue.pause(until).await {
                let error: &(dyn Error + 'static) = &error;
                tracing::warn!(%service, error, "only this process keeps to the pause");
            }
        }
    }
}

#[async_trait]
impl<S: Service> Service for Limited<S> {
    fn name(&self) -> SourceName {
        self.service.name()
    }

    fn batch_size(&self) -> NonZeroUsize {
        self.service.batch_size()
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let deadline = after(self.limits.patience);
        let tries = self.limits.tries.max(1);
        let mut round = Round::new(questions);
        let mut n_tried = 0;
        while !round.is_done() {
            let turn = match self.turn(deadline).await {
                Ok(turn) => turn,
                Err(outcome) => {
                    self.counters.refused.add(round.open.len());
                    round.refuse(&outcome);
                    break;
                }
            };
            self.counters.retries.add(usize::from(n_tried > 0));
            let replies = self.send(turn, &round.questions()).await;
            round.take(replies);
            n_tried += 1;
            if n_tried >= tries {
                break;
            }
            if round.has_failed() && !back_off(n_tried, deadline).await {
                break;
            }
        }
        round.into_replies()
    }
}

/// Waits for a random part of the back-off; `false` when there is no time for it.
///
/// "Full jitter" of <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>:
/// callers that failed together do not come back together.
async fn back_off(n_tried: u32, deadline: Instant) -> bool {
    let doubled = 2_u32.saturating_pow(n_tried.saturating_sub(1));
    let most = FIRST_BACK_OFF.saturating_mul(doubled).min(LONGEST_BACK_OFF);
    let wait = rand::random_range(Duration::ZERO..=most);
    if after(wait) > deadline {
        return false;
    }
    sleep(wait).await;
    true
}

fn no_reply() -> Reply {
    let reason = "the client gave no reply to the question".to_owned();
    Outcome::Failed { reason, remedy: Remedy::SkipItem }.into()
}

/// The questions of one call, and what is known of each.
struct Round<'a> {
    questions: &'a [Question],
    replies: Vec<Option<Reply>>,
    /// Which of them are to be asked, or asked again.
    open: Vec<usize>,
}

impl<'a> Round<'a> {
    fn new(questions: &'a [Question]) -> Self {
        let replies = vec![None; questions.len()];
        Self { questions, replies, open: (0..questions.len()).collect() }
    }

    fn is_done(&self) -> bool {
        self.open.is_empty()
    }

    fn questions(&self) -> Vec<Question> {
        self.open.iter().filter_map(|place| self.questions.get(*place)).cloned().collect()
    }

    /// Keeps the replies to the open questions; those worth repeating stay open.
    fn take(&mut self, replies: Vec<(Reply, bool)>) {
        let open = std::mem::take(&mut self.open);
        for (place, (reply, again)) in open.into_iter().zip(replies) {
            if let Some(kept) = self.replies.get_mut(place) {
                *kept = Some(reply);
            }
            if again {
                self.open.push(place);
            }
        }
    }

    /// Whether a question is open because of a failure, and not of a pause, which is waited for
    /// in the queue.
    fn has_failed(&self) -> bool {
        let mut open = self.open.iter().filter_map(|place| self.replies.get(*place)?.as_ref());
        open.any(|reply| matches!(reply.outcome, Outcome::Failed { .. }))
    }

    /// Gives this outcome to the questions that were not asked; those that were keep theirs.
    fn refuse(&mut self, outcome: &Outcome) {
        for place in &self.open {
            if let Some(reply) = self.replies.get_mut(*place) {
                reply.get_or_insert_with(|| outcome.clone().into());
            }
        }
    }

    fn into_replies(self) -> Vec<Reply> {
        self.replies.into_iter().map(|reply| reply.unwrap_or_else(no_reply)).collect()
    }
}

impl<S: Service> fmt::Debug for Limited<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited")
            .field("service", &self.service.name())
            .field("limits", &self.limits)
            .field("report", &self.report())
            .finish_non_exhaustive()
    }
}

//! A service behind the cache.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use cowrie_core::Clock;
use cowrie_enrichment::{
    Answer, OnlineSource, Outcome, Question, Remedy, Reply, Service, SourceName, Teller, Tier, Told,
};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::flights::{Claims, Flights};
use crate::{Cache, Entry, Keep, Kept};

/// A service that is asked only what the cache does not know, and each question once at a time.
///
/// Who asks what somebody else is asking waits for that answer, whichever it is; when the other
/// has given up, one of those who wait asks.
/// Requests go out one after the other.
/// A request that went out is brought to its end and its answers are kept, also when nobody waits
/// for them any more.
pub struct Cached<S> {
    asking: Arc<Asking<S>>,
    flights: Arc<Flights>,
    requests: TaskTracker,
}

struct Asking<S> {
    service: S,
    cache: Arc<Cache>,
    keep: Keep,
    clock: Arc<dyn Clock>,
}

impl<S: Service> Cached<S> {
    /// The service behind this cache; its answers hold as long as `keep` says, or up to a tenth
    /// less, so that what is asked in one hour does not end in one hour.
    pub fn new(service: S, cache: Arc<Cache>, keep: Keep, clock: Arc<dyn Clock>) -> Self {
        let asking = Arc::new(Asking { service, cache, keep, clock });
        Self { asking, flights: Arc::default(), requests: TaskTracker::new() }
    }

    /// Waits for the requests that are under way although nobody waits for their answers.
    pub async fn finish(&self) {
        self.requests.close();
        self.requests.wait().await;
    }
}

impl<S: Service> fmt::Debug for Cached<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.asking.service.name();
        f.debug_struct("Cached").field("service", &name).finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: Service + 'static> OnlineSource for Cached<S> {
    fn name(&self) -> SourceName {
        self.asking.service.name()
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Told> {
        let mut told: BTreeMap<Question, Told> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<Question> =
            questions.iter().filter(|question| seen.insert(*question)).cloned().collect();
        while !open.is_empty() {
            let (claims, others) = self.flights.claim(&open);
            told.extend(self.settle(claims).await);
            for (question, flight) in others {
                if let Some(answer) = flight.landed().await {
                    told.insert(question, answer);
                }
            }
            open.retain(|question| !told.contains_key(question));
        }
        questions.iter().filter_map(|question| told.get(question).cloned()).collect()
    }
}

impl<S: Service + 'static> Cached<S> {
    /// Answers all that was claimed.
    async fn settle(&self, mut claims: Claims) -> Vec<(Question, Told)> {
        let questions = claims.questions();
        if questions.is_empty() {
            return Vec::new();
        }
        let kept = self.asking.cache.get(self.name(), &questions).await;
        let kept = kept.into_iter().map(|found| found.map(|(entry, tier)| from_cache(entry, tier)));
        let mut told = claims.land(kept.collect());
        let batch_size = self.asking.service.batch_size().get();
        loop {
            let batch = claims.split(batch_size);
            let questions = batch.questions();
            if questions.is_empty() {
                return told;
            }
            let asking = Arc::clone(&self.asking);
            let request = async move { asking.ask(batch).await }.in_current_span();
            match self.requests.spawn(request).await {
                Ok(answers) => told.extend(answers),
                Err(_broken_off) => {
                    let none = self.asking.tell(Outcome::Failed {
                        reason: "the request was broken off".to_owned(),
                        remedy: Remedy::SkipItem,
                    });
                    told.extend(questions.into_iter().map(|question| (question, none.clone())));
                }
            }
        }
    }
}

impl<S: Service> Asking<S> {
    /// Sends one request, and keeps what comes back.
    async fn ask(&self, mut batch: Claims) -> Vec<(Question, Told)> {
        let (name, questions) = (self.service.name(), batch.questions());
        let replies = self.service.ask(&questions).await;
        // Whose answers are not as many as the questions may have mixed them up as well. They are
        // passed on as they came, but not kept for weeks.
        let may_keep = replies.len() == questions.len();
        let mut outcomes = replies.into_iter().map(|Reply { outcome, .. }| outcome);
        let mut told = Vec::with_capacity(questions.len());
        let mut entries = Vec::new();
        for question in questions {
            let mut answer = self.tell(outcomes.next().unwrap_or_else(no_reply));
            if let (Some(outcome), Some(fetched_at)) = (Kept::of(&answer.answer.outcome), answer.at)
            {
                let expires_at = self.keep.spread_end(&outcome, fetched_at, name, &question);
                answer.answer.expires_at = Some(expires_at);
                if may_keep && expires_at > fetched_at {
                    entries.push((question, Entry { outcome, fetched_at, expires_at }));
                }
            }
            told.push(Some(answer));
        }
        self.cache.put(name, &entries).await;
        batch.land(told)
    }

    /// What the service said, now.
    fn tell(&self, outcome: Outcome) -> Told {
        let (at, by) = match outcome {
            Outcome::Found(_) | Outcome::NotFound | Outcome::Failed { .. } => {
                (Some(self.clock.now()), Teller::Service)
            }
            Outcome::Skipped { .. } | Outcome::Quota { .. } => (None, Teller::Nobody),
        };
        Told { answer: outcome.into(), at, by }
    }
}

fn from_cache(entry: Entry, tier: Tier) -> Told {
    let answer =
        Answer { expires_at: Some(entry.expires_at), ..Outcome::from(entry.outcome).into() };
    Told { answer, at: Some(entry.fetched_at), by: Teller::Cache(tier) }
}

fn no_reply() -> Outcome {
    Outcome::Failed {
        reason: "the service gave fewer replies than it was asked questions".to_owned(),
        remedy: Remedy::SkipItem,
    }
}

//! The ports of what is asked over a network.

use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{Answer, Disabled, Outcome, Question, SourceName};

/// A service, as one client speaks to it: no cache, no limit, no second try.
///
/// Not for the callers of a cascade, who ask an [`OnlineSource`].
#[async_trait]
pub trait Service: Send + Sync {
    /// Which source this is.
    fn name(&self) -> SourceName;

    /// How many questions may go out in one request.
    fn batch_size(&self) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    /// Sends one request with these questions, of which there are no more than
    /// [`Service::batch_size`], and gives one reply for each, in their order.
    ///
    /// A question of a kind that the source does not take ([`SourceName::takes`]) is *skipped*.
    async fn ask(&self, questions: &[Question]) -> Vec<Reply>;
}

#[async_trait]
impl<S: Service + ?Sized> Service for Arc<S> {
    fn name(&self) -> SourceName {
        S::name(self)
    }

    fn batch_size(&self) -> NonZeroUsize {
        S::batch_size(self)
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        S::ask(self, questions).await
    }
}

/// What a service said to one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Data, or why there are none.
    pub outcome: Outcome,
    /// How many more questions the service says that it will take for now, where it says so.
    pub remaining: Option<u64>,
}

impl From<Outcome> for Reply {
    /// A reply of a service that does not say how many questions are left.
    fn from(outcome: Outcome) -> Self {
        Self { outcome, remaining: None }
    }
}

/// A source that answers from far away, or from a cache before it.
#[async_trait]
pub trait OnlineSource: Send + Sync {
    /// Which source this is.
    fn name(&self) -> SourceName;

    /// What is known of each of the questions, in their order.
    ///
    /// As many as the caller has: the source knows how many go out together.
    async fn ask(&self, questions: &[Question]) -> Vec<Told>;
}

/// What was told about one question, when, and by whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What was said.
    pub answer: Answer,
    /// When the service said it, or was tried in vain; `None` when nobody was asked.
    pub at: Option<DateTime<Utc>>,
    /// Who was asked last.
    pub by: Teller,
}

/// Who told it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Teller {
    /// A cache, which asked nobody.
    Cache(Tier),
    /// The service itself.
    Service,
    /// Nobody: it was not asked.
    Nobody,
}

/// A place where answers are kept, the quickest first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Tier {
    /// In the process.
    Memory,
    /// In Redis, shared by all hosts.
    Redis,
    /// In the table `enrichment_cache`.
    Database,
    /// In files.
    Disk,
}

impl Tier {
    /// All tiers, the quickest first.
    pub const ALL: [Self; 4] = [Self::Memory, Self::Redis, Self::Database, Self::Disk];

    /// The word for it in summaries and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::Database => "database",
            Self::Disk => "disk",
        }
    }
}

#[async_trait]
impl OnlineSource for Disabled {
    fn name(&self) -> SourceName {
        Disabled::name(self)
    }

    /// Skipped, each with the reason.
    async fn ask(&self, questions: &[Question]) -> Vec<Told> {
        let told = Told {
            answer: Outcome::skipped(self.reason().clone()).into(),
            at: None,
            by: Teller::Nobody,
        };
        vec![told; questions.len()]
    }
}

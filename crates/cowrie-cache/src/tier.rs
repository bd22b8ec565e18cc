//! The port of a place where answers are kept.

use std::error::Error;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use cowrie_enrichment::{Question, SourceName, Tier};

use crate::Entry;

/// A place where answers are kept.
///
/// Whatever it holds, it gives answers to the question that was asked, which hold at `now`, and
/// nothing else.
#[async_trait]
pub trait CacheTier: Send + Sync {
    /// Which place it is.
    fn tier(&self) -> Tier;

    /// What is kept of each of the questions, in their order.
    async fn get(
        &self,
        service: SourceName,
        questions: &[Question],
        now: DateTime<Utc>,
    ) -> Result<Got, TierError>;

    /// Keeps answers; one that is there and not older stays.
    async fn put(
        &self,
        service: SourceName,
        entries: &[(Question, Entry)],
        now: DateTime<Utc>,
    ) -> Result<(), TierError>;

    /// Removes what no longer holds.
    async fn prune(&self, now: DateTime<Utc>) -> Result<Pruned, TierError>;

    /// Removes everything of one service or of all, and says how many answers that were.
    async fn clear(&self, service: Option<SourceName>) -> Result<u64, TierError>;

    /// What is kept, by service, in their order; services without answers are left out.
    async fn census(&self, now: DateTime<Utc>) -> Result<Vec<Census>, TierError>;
}

/// What was kept of some questions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Got {
    /// The answer to each question, in their order.
    pub entries: Vec<Option<Entry>>,
    /// How many of the questions have something in their place that cannot be read.
    pub n_unreadable: u64,
}

/// What was removed because it no longer held.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Pruned {
    /// Answers removed.
    pub n_removed: u64,
    /// Left alone, since nobody can say what it is.
    pub n_unreadable: u64,
}

/// What is kept of one service.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Census {
    /// The service.
    pub service: SourceName,
    /// How many answers are there.
    pub n_entries: u64,
    /// How many of them no longer hold.
    pub n_expired: u64,
    /// How much room they take, where that is known.
    pub bytes: Option<u64>,
}

/// A tier that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("failed to {doing}")]
pub struct TierError {
    /// What was being done.
    pub doing: &'static str,
    /// Why it failed; without secrets.
    pub source: Box<dyn Error + Send + Sync>,
}

impl TierError {
    /// A maker of errors about this.
    pub fn new<E: Into<Box<dyn Error + Send + Sync>>>(
        doing: &'static str,
    ) -> impl Fn(E) -> Self + Copy {
        move |source| Self { doing, source: source.into() }
    }
}

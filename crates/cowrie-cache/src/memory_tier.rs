//! Answers in the memory of this process.

use std::collections::BTreeMap;
use std::future::ready;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use cowrie_enrichment::{Question, SourceName, Tier};
use moka::future::Cache;
use moka::ops::compute::Op;

use crate::{CacheTier, Census, Entry, Got, Pruned, TierError};

/// How much memory answers may take where nobody says otherwise, in bytes.
pub const MEMORY_BYTES: u64 = 64 * 1024 * 1024;

/// What an answer takes beside its text: key, times and bookkeeping, in bytes and about.
const OVERHEAD_BYTES: u32 = 256;

/// Answers in memory, no more than a number of bytes; those that are asked for least go first.
#[derive(Clone, Debug)]
pub struct MemoryTier {
    answers: Cache<(SourceName, Question), Held>,
}

#[derive(Clone, Debug)]
struct Held {
    entry: Entry,
    bytes: u32,
}

impl MemoryTier {
    /// Room for answers of so many bytes together, as they would be written down.
    pub fn new(max_bytes: u64) -> Self {
        let answers =
            Cache::builder().max_capacity(max_bytes).weigher(|_, held: &Held| held.bytes).build();
        Self { answers }
    }
}

#[async_trait]
impl CacheTier for MemoryTier {
    fn tier(&self) -> Tier {
        Tier::Memory
    }

    async fn get(
        &self,
        service: SourceName,
        questions: &[Question],
        now: DateTime<Utc>,
    ) -> Result<Got, TierError> {
        let mut entries = Vec::with_capacity(questions.len());
        for question in questions {
            let held = self.answers.get(&(service, question.clone())).await;
            entries.push(held.map(|held| held.entry).filter(|entry| entry.is_fresh(now)));
        }
        Ok(Got { entries, n_unreadable: 0 })
    }

    async fn put(
        &self,
        service: SourceName,
        entries: &[(Question, Entry)],
        _now: DateTime<Utc>,
    ) -> Result<(), TierError> {
        for (question, entry) in entries {
            let text = entry.to_json(service, question).to_string();
            let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
            let held = Held { entry: entry.clone(), bytes: bytes.saturating_add(OVERHEAD_BYTES) };
            let place = self.answers.entry((service, question.clone()));
            place
                .and_compute_with(|there| {
                    let there = there.map(|there| there.into_value().entry.fetched_at);
                    let is_newer = there.is_none_or(|there| there < held.entry.fetched_at);
                    ready(if is_newer { Op::Put(held) } else { Op::Nop })
                })
                .await;
        }
        Ok(())
    }

    async fn prune(&self, now: DateTime<Utc>) -> Result<Pruned, TierError> {
        let n_removed = self.remove(|_, entry| !entry.is_fresh(now)).await;
        Ok(Pruned { n_removed, n_unreadable: 0 })
    }

    async fn clear(&self, service: Option<SourceName>) -> Result<u64, TierError> {
        Ok(self.remove(|of, _| service.is_none_or(|service| service == of)).await)
    }

    async fn census(&self, now: DateTime<Utc>) -> Result<Vec<Census>, TierError> {
        let mut counts: BTreeMap<SourceName, Census> = BTreeMap::new();
        for (key, held) in &self.answers {
            let service = key.0;
            let fresh = Census { service, n_entries: 0, n_expired: 0, bytes: None };
            let census = counts.entry(service).or_insert(fresh);
            census.n_entries += 1;
            census.n_expired += u64::from(!held.entry.is_fresh(now));
            census.bytes = Some(census.bytes.unwrap_or(0) + u64::from(held.bytes));
        }
        Ok(counts.into_values().collect())
    }
}

impl MemoryTier {
    /// Removes what the condition says, and counts it.
    async fn remove(&self, is_to_go: impl Fn(SourceName, &Entry) -> bool + Send) -> u64 {
        // Collected first: the walk over the answers must not wait.
        let going: Vec<_> = self
            .answers
            .iter()
            .filter(|(key, held)| is_to_go(key.0, &held.entry))
            .map(|(key, _)| key)
            .collect();
        for key in &going {
            self.answers.invalidate(key.as_ref()).await;
        }
        u64::try_from(going.len()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use crate::Kept;

    use super::*;

    #[tokio::test]
    async fn memory_is_bounded() {
        let tier = MemoryTier::new(100 * 1024);
        let now = DateTime::UNIX_EPOCH;
        let expires_at = now + TimeDelta::days(1);
        let entry = Entry { outcome: Kept::NotFound, fetched_at: now, expires_at };
        for number in 0..10_000_u32 {
            let prefix = format!("{number:05X}").parse().unwrap();
            tier.put(SourceName::Hibp, &[(Question::Passwords(prefix), entry.clone())], now)
                .await
                .unwrap();
        }
        tier.answers.run_pending_tasks().await;
        let census = tier.census(now).await.unwrap();
        let bytes = census.first().and_then(|census| census.bytes).unwrap();
        assert!((1..=100 * 1024).contains(&bytes), "{bytes}");
    }
}

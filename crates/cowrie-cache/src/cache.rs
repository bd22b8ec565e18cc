//! The tiers together: the quickest is asked first, and all are told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cowrie_core::{Clock, one_line};
use cowrie_enrichment::{Question, SourceName, Tier};
use tokio::time::{Instant, timeout};

use crate::health::Health;
use crate::{CacheStatistics, CacheTier, Census, Entry, Got, MAX_ENTRY_BYTES, Pruned, TierError};

/// An answer that is written in more bytes than this goes into memory and on disk only.
///
/// The answers about passwords are that large, and would fill Redis and the database with what
/// is of use on one host at a time.
pub const LARGE_BYTES: usize = 16 * 1024;

/// How long a tier may take before it is taken for dead, and how much longer for each answer.
const WAIT: Duration = Duration::from_secs(10);
const WAIT_PER_ANSWER: Duration = Duration::from_millis(100);

/// Some tiers as one place.
///
/// A tier that fails is reported once, left alone for a second and then ever longer, up to a
/// minute, and tried again; the others go on.
pub struct Cache {
    slots: Vec<Slot>,
    clock: Arc<dyn Clock>,
    statistics: Mutex<CacheStatistics>,
}

struct Slot {
    tier: Arc<dyn CacheTier>,
    health: Health,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tiers: Vec<Tier> = self.tiers().collect();
        f.debug_struct("Cache").field("tiers", &tiers).finish_non_exhaustive()
    }
}

impl Cache {
    /// A cache of these tiers, of which there may be none; they are put in order.
    pub fn new(tiers: Vec<Arc<dyn CacheTier>>, clock: Arc<dyn Clock>) -> Self {
        let slot = |tier| Slot { tier, health: Health::default() };
        let mut slots: Vec<Slot> = tiers.into_iter().map(slot).collect();
        slots.sort_by_key(|slot| slot.tier.tier());
        Self { slots, clock, statistics: Mutex::default() }
    }

    /// The tiers, the quickest first.
    pub fn tiers(&self) -> impl Iterator<Item = Tier> {
        self.slots.iter().map(|slot| slot.tier.tier())
    }

    /// What is kept of each of the questions, in their order, and where it was.
    ///
    /// What a slower tier knows is given to the quicker ones, with its own times.
    pub async fn get(
        &self,
        service: SourceName,
        questions: &[Question],
    ) -> Vec<Option<(Entry, Tier)>> {
        let mut answers: Vec<Option<(Entry, Tier)>> = vec![None; questions.len()];
        for (at, slot) in self.slots.iter().enumerate() {
            let open: Vec<(usize, &Question)> =
                questions.iter().enumerate().filter(|(n, _)| is_open(&answers, *n)).collect();
            if open.is_empty() {
                break;
            }
            let asked: Vec<Question> =
                open.iter().map(|(_, question)| (*question).clone()).collect();
            let entries = self.ask(slot, service, &asked).await;
            let mut found = Vec::new();
            for ((n, question), entry) in open.into_iter().zip(entries) {
                if let (Some(entry), Some(answer)) = (entry, answers.get_mut(n)) {
                    found.push((question.clone(), entry.clone()));
                    *answer = Some((entry, slot.tier.tier()));
                }
            }
            self.store(self.slots.get(..at).unwrap_or_default(), service, &found).await;
        }
        let mut statistics = self.lock();
        let counts = statistics.services.entry(service).or_default();
        counts.questions += count(questions.len());
        counts.hits += count(answers.iter().flatten().count());
        drop(statistics);
        answers
    }

    /// Keeps answers in every tier that takes them.
    pub async fn put(&self, service: SourceName, entries: &[(Question, Entry)]) {
        self.store(&self.slots, service, entries).await;
    }

    /// Removes from every tier what no longer holds.
    pub async fn prune(&self) -> Vec<(Tier, Result<Pruned, TierError>)> {
        let mut done = Vec::new();
        for Slot { tier, .. } in &self.slots {
            done.push((tier.tier(), tier.prune(self.clock.now()).await));
        }
        done
    }

    /// Removes from one tier or all what one service or all have answered, and says how much that
    /// was.
    pub async fn clear(
        &self,
        only: Option<Tier>,
        service: Option<SourceName>,
    ) -> Vec<(Tier, Result<u64, TierError>)> {
        let mut done = Vec::new();
        let is_meant = |tier| only.is_none_or(|only| only == tier);
        for Slot { tier, .. } in self.slots.iter().filter(|slot| is_meant(slot.tier.tier())) {
            done.push((tier.tier(), tier.clear(service).await));
        }
        done
    }

    /// What every tier holds.
    pub async fn census(&self) -> Vec<(Tier, Result<Vec<Census>, TierError>)> {
        let mut done = Vec::new();
        for Slot { tier, .. } in &self.slots {
            done.push((tier.tier(), tier.census(self.clock.now()).await));
        }
        done
    }

    /// What was asked, found and kept until now.
    pub fn statistics(&self) -> CacheStatistics {
        self.lock().clone()
    }

    /// What one tier knows; nothing when it is down.
    async fn ask(
        &self,
        slot: &Slot,
        service: SourceName,
        questions: &[Question],
    ) -> Vec<Option<Entry>> {
        let now = self.clock.now();
        let work = slot.tier.get(service, questions, now);
        let got = self.work(slot, service, questions.len(), work).await;
        let Some(Got { mut entries, n_unreadable }) = got else { return Vec::new() };
        // Once more, since nothing that no longer holds may come through.
        for entry in &mut entries {
            *entry = entry.take().filter(|entry| entry.is_fresh(now));
        }
        let n_hits = count(entries.iter().flatten().count());
        let mut statistics = self.lock();
        let counts = statistics.tier(slot.tier.tier(), service);
        counts.hits += n_hits;
        counts.misses += count(questions.len()).saturating_sub(n_hits);
        counts.errors += n_unreadable;
        drop(statistics);
        entries
    }

    /// Gives answers to some tiers: to each those that it takes.
    async fn store(&self, slots: &[Slot], service: SourceName, entries: &[(Question, Entry)]) {
        if slots.is_empty() || entries.is_empty() {
            return;
        }
        let length = |(question, entry): &&(Question, Entry)| {
            entry.to_json(service, question).to_string().len()
        };
        let readable: Vec<_> =
            entries.iter().filter(|pair| length(pair) <= MAX_ENTRY_BYTES).cloned().collect();
        let small: Vec<_> =
            readable.iter().filter(|pair| length(pair) <= LARGE_BYTES).cloned().collect();
        for slot in slots {
            let entries = match slot.tier.tier() {
                Tier::Memory | Tier::Disk => &readable,
                Tier::Redis | Tier::Database => &small,
            };
            if entries.is_empty() {
                continue;
            }
            let work = slot.tier.put(service, entries, self.clock.now());
            if self.work(slot, service, entries.len(), work).await.is_some() {
                self.lock().tier(slot.tier.tier(), service).stores += count(entries.len());
            }
        }
    }

    /// Lets a tier do something, unless it is down; `None` when nothing came of it.
    async fn work<T>(
        &self,
        slot: &Slot,
        service: SourceName,
        n_answers: usize,
        work: impl Future<Output = Result<T, TierError>>,
    ) -> Option<T> {
        if !slot.health.may_ask() {
            return None;
        }
        let begun = Instant::now();
        let more = WAIT_PER_ANSWER.saturating_mul(u32::try_from(n_answers).unwrap_or(u32::MAX));
        let done = timeout(WAIT.saturating_add(more), work).await;
        let done = done.map_err(TierError::new("be done in time")).and_then(|done| done);
        let name = slot.tier.tier().name();
        {
            let mut statistics = self.lock();
            let counts = statistics.tier(slot.tier.tier(), service);
            counts.took(begun.elapsed());
            counts.errors += u64::from(done.is_err());
        }
        match done {
            Ok(done) => {
                if slot.health.succeeded(begun) {
                    tracing::info!(cache.tier = name, "the cache tier `{name}` is back");
                }
                Some(done)
            }
            Err(error) => {
                if slot.health.failed(begun) {
                    let error = one_line(&error);
                    tracing::warn!(
                        cache.tier = name,
                        ?error,
                        "the cache tier `{name}` is down; it is left out, and tried again later"
                    );
                }
                None
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, CacheStatistics> {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_open(answers: &[Option<(Entry, Tier)>], n: usize) -> bool {
    answers.get(n).is_some_and(Option::is_none)
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

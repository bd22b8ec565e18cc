//! What the tiers do together.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use cowrie_cache::{
    Cache, CacheTier, Census, DiskTier, Entry, Got, LARGE_BYTES, MemoryTier, Pruned, TierError,
};
use cowrie_core::FixedClock;
use cowrie_enrichment::{Question, SourceName, Tier};
use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::time::{advance, sleep};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::bench::{SERVICE, data, entry, nothing, question, start};

/// A tier in a table that believes everything, and fails or hangs when it is told to.
#[derive(Debug)]
pub(crate) struct TableTier {
    tier: Tier,
    pub(crate) table: Mutex<BTreeMap<(SourceName, Question), Entry>>,
    fails: AtomicBool,
    hangs: AtomicBool,
    n_asked: AtomicUsize,
}

impl TableTier {
    pub(crate) fn new(tier: Tier) -> Arc<Self> {
        Arc::new(Self {
            tier,
            table: Mutex::default(),
            fails: AtomicBool::new(false),
            hangs: AtomicBool::new(false),
            n_asked: AtomicUsize::new(0),
        })
    }

    /// The table as the cache sees it.
    pub(crate) fn port(self: &Arc<Self>) -> Arc<dyn CacheTier> {
        Arc::<Self>::clone(self)
    }

    async fn begin(&self) -> Result<(), TierError> {
        self.n_asked.fetch_add(1, Ordering::Relaxed);
        if self.hangs.load(Ordering::Relaxed) {
            sleep(Duration::from_hours(1)).await;
        }
        if self.fails.load(Ordering::Relaxed) {
            return Err(TierError::new("be there")(std::io::Error::other("told to fail")));
        }
        Ok(())
    }

    fn n_asked(&self) -> usize {
        self.n_asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl CacheTier for TableTier {
    fn tier(&self) -> Tier {
        self.tier
    }

    async fn get(
        &self,
        service: SourceName,
        questions: &[Question],
        _now: DateTime<Utc>,
    ) -> Result<Got, TierError> {
        self.begin().await?;
        let table = self.table.lock().unwrap();
        let entry = |question: &Question| table.get(&(service, question.clone())).cloned();
        Ok(Got { entries: questions.iter().map(entry).collect(), n_unreadable: 0 })
    }

    async fn put(
        &self,
        service: SourceName,
        entries: &[(Question, Entry)],
        _now: DateTime<Utc>,
    ) -> Result<(), TierError> {
        self.begin().await?;
        let mut table = self.table.lock().unwrap();
        for (question, entry) in entries {
            table.insert((service, question.clone()), entry.clone());
        }
        Ok(())
    }

    async fn prune(&self, _now: DateTime<Utc>) -> Result<Pruned, TierError> {
        self.begin().await.map(|()| Pruned::default())
    }

    async fn clear(&self, _service: Option<SourceName>) -> Result<u64, TierError> {
        self.begin().await.map(|()| 0)
    }

    async fn census(&self, _now: DateTime<Utc>) -> Result<Vec<Census>, TierError> {
        self.begin().await.map(|()| Vec::new())
    }
}

fn cache(tiers: Vec<Arc<dyn CacheTier>>) -> Cache {
    Cache::new(tiers, Arc::new(FixedClock(start())))
}

#[tokio::test]
async fn the_first_tier_that_knows_answers_and_the_quicker_ones_learn() {
    let tables = Tier::ALL.map(TableTier::new);
    let [memory, redis, database, disk] = &tables;
    let known = [entry("redis", -2, 24), entry("database", -9, 12), nothing(-1, 3)];
    for (n, (table, entry)) in (1..).zip([redis, database, disk].into_iter().zip(&known)) {
        table.table.lock().unwrap().insert((SERVICE, question(n)), entry.clone());
    }
    // In no order: the cache knows which is quicker.
    let tiers = [disk, memory, database, redis].map(TableTier::port);
    let cache = cache(tiers.to_vec());
    let questions = [question(3), question(4), question(1), question(2), question(3)];
    let [redis_entry, database_entry, disk_entry] = known;
    let disk_answer = Some((disk_entry.clone(), Tier::Disk));
    let expected = [
        disk_answer.clone(),
        None,
        Some((redis_entry.clone(), Tier::Redis)),
        Some((database_entry.clone(), Tier::Database)),
        disk_answer,
    ];
    assert_eq!(cache.get(SERVICE, &questions).await, expected);
    let holds =
        |table: &TableTier| table.table.lock().unwrap().values().cloned().collect::<Vec<_>>();
    let all = [redis_entry, database_entry, disk_entry];
    assert_eq!(holds(memory), all);
    assert_eq!(holds(redis), all);
    assert_eq!(holds(database), all[1..]);
    assert_eq!(holds(disk), all[2..]);
    let again = cache.get(SERVICE, &questions).await;
    assert!(again.iter().flatten().all(|(_, tier)| *tier == Tier::Memory));

    let statistics = cache.statistics();
    let counts = statistics.services[&SERVICE];
    assert_eq!((counts.questions, counts.hits), (10, 8));
    let of = |tier| {
        let counts = statistics.tiers[&tier][&SERVICE];
        (counts.hits, counts.misses, counts.stores, counts.errors)
    };
    assert_eq!(of(Tier::Memory), (4, 6, 4, 0));
    assert_eq!(of(Tier::Redis), (1, 5, 3, 0));
    assert_eq!(of(Tier::Database), (1, 4, 2, 0));
    assert_eq!(of(Tier::Disk), (2, 2, 0, 0));
    assert_eq!(statistics.hit_rate(), Some(0.8));
    assert_eq!(statistics.tier_hit_rate(Tier::Memory), Some(0.4));
}

#[tokio::test]
async fn large_answers_stay_on_this_host() {
    let tables = Tier::ALL.map(TableTier::new);
    let tiers = tables.iter().map(TableTier::port);
    let cache = cache(tiers.collect());
    let sized = |n: usize| Entry { outcome: data(&"x".repeat(n)), ..entry("", 0, 24) };
    let envelope = sized(0).to_json(SERVICE, &question(1)).to_string().len();
    let entries = [
        (question(1), sized(LARGE_BYTES - envelope)),
        (question(2), sized(LARGE_BYTES - envelope + 1)),
        (question(3), sized(5 << 20)),
    ];
    cache.put(SERVICE, &entries).await;
    let n_held = tables.map(|table| table.table.lock().unwrap().len());
    assert_eq!(n_held, [2, 1, 1, 2]);
}

#[tokio::test]
async fn a_cache_without_tiers_knows_nothing() {
    let cache = cache(Vec::new());
    cache.put(SERVICE, &[(question(1), entry("a", 0, 24))]).await;
    assert_eq!(cache.get(SERVICE, &[question(1)]).await, [None]);
    assert_eq!(cache.prune().await.len(), 0);
    assert_eq!(cache.statistics().hit_rate(), Some(0.0));
}

/// Counts events by level.
#[derive(Clone, Default)]
struct Talk {
    n_warnings: Arc<AtomicU32>,
    n_infos: Arc<AtomicU32>,
}

impl Subscriber for Talk {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("cowrie_cache")
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let counter = match *event.metadata().level() {
            Level::WARN => &self.n_warnings,
            _ => &self.n_infos,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

impl Talk {
    fn counts(&self) -> (u32, u32) {
        (self.n_warnings.load(Ordering::Relaxed), self.n_infos.load(Ordering::Relaxed))
    }
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_fails_is_reported_once_and_tried_again() {
    let talk = Talk::default();
    let _guard = tracing::subscriber::set_default(talk.clone());
    let (memory, redis) = (TableTier::new(Tier::Memory), TableTier::new(Tier::Redis));
    let disk = TableTier::new(Tier::Disk);
    let cache = cache(vec![memory, redis.port(), disk.port()]);
    let good = entry("a", 0, 24);
    disk.table.lock().unwrap().insert((SERVICE, question(1)), good.clone());
    redis.fails.store(true, Ordering::Relaxed);
    for n in 0..50 {
        let found = cache.get(SERVICE, &[question(1), question(2)]).await;
        assert_eq!(found[0].as_ref().map(|(entry, _)| entry), Some(&good), "{n}");
        advance(Duration::from_millis(10)).await;
    }
    assert_eq!((redis.n_asked(), talk.counts()), (1, (1, 0)));
    advance(Duration::from_secs(1)).await;
    cache.get(SERVICE, &[question(2)]).await;
    cache.get(SERVICE, &[question(2)]).await;
    assert_eq!((redis.n_asked(), talk.counts()), (2, (1, 0)));
    redis.fails.store(false, Ordering::Relaxed);
    advance(Duration::from_secs(2)).await;
    for _ in 0..3 {
        cache.get(SERVICE, &[question(2)]).await;
    }
    assert_eq!((redis.n_asked(), talk.counts()), (5, (1, 1)));
    assert_eq!(cache.statistics().tiers[&Tier::Redis][&SERVICE].errors, 2);
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_hangs_is_not_waited_for() {
    let (redis, disk) = (TableTier::new(Tier::Redis), TableTier::new(Tier::Disk));
    let cache = cache(vec![redis.port(), disk.port()]);
    let good = entry("a", 0, 24);
    disk.table.lock().unwrap().insert((SERVICE, question(1)), good.clone());
    redis.hangs.store(true, Ordering::Relaxed);
    for _ in 0..10 {
        let found = cache.get(SERVICE, &[question(1)]).await;
        assert_eq!(found, [Some((good.clone(), Tier::Disk))]);
    }
    assert_eq!(redis.n_asked(), 1);
}

#[tokio::test]
async fn what_no_longer_holds_does_not_come_through() {
    let table = TableTier::new(Tier::Memory);
    let cache = cache(vec![table.port()]);
    table.table.lock().unwrap().insert((SERVICE, question(1)), entry("a", -9, 0));
    assert_eq!(cache.get(SERVICE, &[question(1)]).await, [None]);
}

#[tokio::test]
async fn real_tiers_answer_one_after_the_other() {
    let folder = TempDir::new().unwrap();
    let disk = || Arc::new(DiskTier::new(folder.path()));
    let answer = (question(1), entry("a", -1, 24));
    cache(vec![disk()]).put(SERVICE, std::slice::from_ref(&answer)).await;
    let second = cache(vec![Arc::new(MemoryTier::new(1 << 20)), disk()]);
    for tier in [Tier::Disk, Tier::Memory, Tier::Memory] {
        let found = second.get(SERVICE, &[question(1)]).await;
        assert_eq!(found, [Some((answer.1.clone(), tier))]);
    }
    let pruned = second.prune().await;
    assert!(pruned.iter().all(|(_, done)| done.as_ref().is_ok_and(|done| done.n_removed == 0)));
    let clear = async |only, service| -> Vec<(Tier, u64)> {
        let done = second.clear(only, service).await.into_iter();
        done.map(|(tier, n)| (tier, n.unwrap())).collect()
    };
    assert_eq!(clear(None, Some(SourceName::Spur)).await, [(Tier::Memory, 0), (Tier::Disk, 0)]);
    assert_eq!(clear(Some(Tier::Memory), None).await, [(Tier::Memory, 1)]);
    assert_eq!(clear(Some(Tier::Redis), None).await, []);
    assert_eq!(clear(None, Some(SERVICE)).await, [(Tier::Memory, 0), (Tier::Disk, 1)]);
    let census = second.census().await;
    assert!(census.iter().all(|(_, done)| done.as_ref().is_ok_and(Vec::is_empty)));
}

/// One answer in the tier and to the question of these numbers, from and to some hours.
type Placed = (usize, u16, i64, i64);

async fn check_promotion(placed: &[Placed], rounds: &[Vec<u16>]) {
    let folder = TempDir::new().unwrap();
    let real: [Arc<dyn CacheTier>; 4] = [
        Arc::new(MemoryTier::new(1 << 20)),
        TableTier::new(Tier::Redis),
        TableTier::new(Tier::Database),
        Arc::new(DiskTier::new(folder.path())),
    ];
    let mut known: BTreeMap<u16, Vec<Entry>> = BTreeMap::new();
    for (n, (tier, number, from, life)) in placed.iter().enumerate() {
        let entry = entry(&n.to_string(), *from, from + life);
        let entries = [(question(*number), entry.clone())];
        real[*tier].put(SERVICE, &entries, start()).await.unwrap();
        known.entry(*number).or_default().push(entry);
    }
    let cache = cache(real.to_vec());
    for numbers in rounds {
        let questions: Vec<Question> = numbers.iter().copied().map(question).collect();
        let answers = cache.get(SERVICE, &questions).await;
        for (number, answer) in numbers.iter().zip(&answers) {
            let Some((entry, _)) = answer else { continue };
            assert!(entry.is_fresh(start()), "{entry:?}");
            assert!(known[number].contains(entry), "nobody said {entry:?}");
        }
    }
    // Whatever a tier holds now, with its times, somebody held before.
    let long_ago = start() - TimeDelta::days(30);
    for (number, known) in &known {
        for tier in &real {
            let got = tier.get(SERVICE, &[question(*number)], long_ago).await.unwrap();
            let held = got.entries.into_iter().flatten().next();
            assert!(held.is_none_or(|held| known.contains(&held)), "{:?}", tier.tier());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn promotion_never_lengthens_a_life(
        placed in vec((0..4_usize, 0..5_u16, -20..1_i64, 0..40_i64), 0..25),
        rounds in vec(vec(0..6_u16, 0..8), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(check_promotion(&placed, &rounds));
    }
}

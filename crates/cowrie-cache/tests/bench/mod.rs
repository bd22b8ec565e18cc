//! One of every tier, with a way past it to what it holds, and answers to put into it.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_cache::{CacheTier, DatabaseTier, DiskTier, Entry, Kept, MemoryTier};
use cowrie_enrichment::{Data, Question, SourceName, Tier};
use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::redis_server::RedisServer;

/// The service that most tests ask.
pub(crate) const SERVICE: SourceName = SourceName::DShield;

/// A tier, and what is behind it.
pub(crate) struct Bench {
    pub(crate) name: &'static str,
    pub(crate) tier: Arc<dyn CacheTier>,
    backing: Backing,
}

enum Backing {
    Memory,
    Redis(RedisServer),
    Database(TestDb),
    Disk(TempDir),
}

/// Every tier, the database on both engines.
pub(crate) async fn benches() -> Vec<Bench> {
    let redis = RedisServer::start(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let mut benches = vec![
        bench("memory", MemoryTier::new(1 << 20), Backing::Memory),
        bench("redis", redis.tier(), Backing::Redis(redis)),
        bench("disk", DiskTier::new(folder.path().join("cache")), Backing::Disk(folder)),
    ];
    for engine in Engine::ALL {
        let db = TestDb::migrated(engine).await;
        let tier = DatabaseTier::new(db.connection().clone());
        benches.push(bench(engine.name(), tier, Backing::Database(db)));
    }
    benches
}

fn bench(name: &'static str, tier: impl CacheTier + 'static, backing: Backing) -> Bench {
    Bench { name, tier: Arc::new(tier), backing }
}

impl Bench {
    /// What is kept of one question; not counting what cannot be read.
    pub(crate) async fn get(&self, question: &Question, now: DateTime<Utc>) -> Option<Entry> {
        self.get_of(SERVICE, question, now).await.0
    }

    /// What is kept of one question, and how much cannot be read.
    pub(crate) async fn get_of(
        &self,
        service: SourceName,
        question: &Question,
        now: DateTime<Utc>,
    ) -> (Option<Entry>, u64) {
        let questions = std::slice::from_ref(question);
        let got = self.tier.get(service, questions, now).await.unwrap();
        assert_eq!(got.entries.len(), 1, "{}", self.name);
        (got.entries.into_iter().next().flatten(), got.n_unreadable)
    }

    /// Keeps one answer.
    pub(crate) async fn put(&self, question: &Question, entry: &Entry, now: DateTime<Utc>) {
        let entries = [(question.clone(), entry.clone())];
        self.tier.put(SERVICE, &entries, now).await.unwrap();
    }

    /// Puts a text where the answer to a question is, without the tier; `false` where no text
    /// can be.
    pub(crate) async fn poison(&self, question: &Question, text: &str) -> bool {
        match &self.backing {
            Backing::Memory => false,
            Backing::Redis(server) => {
                let key = format!("cowrie:enrichment:{SERVICE}:{question}");
                let mut command = redis::cmd("SET");
                command.arg(key).arg(text);
                command.exec_async(&mut server.connection().await).await.unwrap();
                true
            }
            Backing::Disk(folder) => {
                let path = dshield_path(folder, question);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
                true
            }
            Backing::Database(db) => poison_row(db, question, text).await,
        }
    }
}

/// Writes a row; the table takes objects that hold something, and nothing else.
async fn poison_row(db: &TestDb, question: &Question, text: &str) -> bool {
    let document = serde_json::from_str::<Value>(text);
    let Ok(document) = document.map_err(drop).and_then(|value| match value {
        Value::Object(map) if !map.is_empty() => Ok(Value::Object(map)),
        _ => Err(()),
    }) else {
        return false;
    };
    let engine = db.connection().get_database_backend();
    let sql = "INSERT INTO enrichment_cache \
               (service, cache_key, cache_value, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (service, cache_key) DO UPDATE SET \
               cache_value = excluded.cache_value";
    let far: DateTime<Utc> = "2036-01-01T00:00:00Z".parse().unwrap();
    let values = [
        SERVICE.name().into(),
        question.to_string().into(),
        document.into(),
        start().into(),
        far.into(),
    ];
    let statement = Statement::from_sql_and_values(engine, sql, values);
    db.connection().execute_raw(statement).await.unwrap();
    true
}

fn dshield_path(folder: &TempDir, question: &Question) -> PathBuf {
    let path = folder.path().join("cache/dshield");
    path.join(question.to_string().replace('.', "/")).with_extension("json")
}

/// When the tests begin.
pub(crate) fn start() -> DateTime<Utc> {
    "2026-06-01T12:00:00.000007Z".parse().unwrap()
}

/// So many hours after the tests began.
pub(crate) fn hour(n: i64) -> DateTime<Utc> {
    start() + TimeDelta::hours(n)
}

/// One of many questions.
pub(crate) fn question(n: u16) -> Question {
    let [high, low] = n.to_be_bytes();
    Question::Address(IpAddr::V4(Ipv4Addr::new(8, 8, high, low)).try_into().unwrap())
}

/// Data that bear a mark.
pub(crate) fn data(mark: &str) -> Kept {
    let facts = json!({"mark": mark, "count": 7, "ratio": 0.1, "text": "é\u{1f980}\\\"/", "deep": [{"a": null}]});
    Kept::Found(Data::new(facts.as_object().cloned().unwrap()).unwrap())
}

/// An answer with a mark, which holds from one hour to another.
pub(crate) fn entry(mark: &str, from: i64, to: i64) -> Entry {
    Entry { outcome: data(mark), fetched_at: hour(from), expires_at: hour(to) }
}

/// That nothing is known, from one hour to another.
pub(crate) fn nothing(from: i64, to: i64) -> Entry {
    Entry { outcome: Kept::NotFound, fetched_at: hour(from), expires_at: hour(to) }
}

/// Whether a tier removes by itself what no longer holds.
pub(crate) fn prunes_itself(tier: &dyn CacheTier) -> bool {
    tier.tier() == Tier::Redis
}

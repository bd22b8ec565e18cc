//! What a look-up costs that nobody has to be asked for: `cargo bench -p cowrie-scale --bench asking`.
#![expect(clippy::expect_used, reason = "what cannot be set up has no figure")]
#![expect(clippy::print_stderr, reason = "memory is a figure that divan does not know")]

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_cache::{
    CacheTier, DatabaseTier, DiskTier, Entry, Kept, MEMORY_BYTES, MemoryTier, RedisOptions,
    RedisTier,
};
use cowrie_client_ip_lists::ListSet;
use cowrie_core::{Clock as _, SystemClock};
use cowrie_enrichment::{Data, Question, SourceName, Tier};
use cowrie_store::{Store, Target};
use divan::Bencher;
use divan::counter::ItemsCount;
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

/// Answers that each tier keeps, and how many are asked for at once.
const ANSWERS: u8 = 200;

/// Networks in the lists.
const NETWORKS: u32 = 50_000;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

fn now() -> DateTime<Utc> {
    SystemClock.now()
}

fn questions() -> Vec<Question> {
    let address = |n: u8| IpAddr::from(Ipv4Addr::new(9, 9, 9, n));
    (0..ANSWERS)
        .map(|n| Question::Address(address(n).try_into().expect("a public address")))
        .collect()
}

/// An answer of the usual length.
fn entry() -> Entry {
    let facts = json!({
        "country": "US", "asn": 64_500, "as_name": "EXAMPLE-NET, US", "attacks": 171, "count": 295,
        "first_date": "2026-03-02", "last_date": "2026-04-22", "max_risk": 9,
    });
    let data = facts.as_object().cloned().and_then(Data::new).expect("facts");
    let fetched_at = now();
    Entry { outcome: Kept::Found(data), fetched_at, expires_at: fetched_at + TimeDelta::days(7) }
}

/// A tier, and what must outlive it.
struct Site {
    tier: Arc<dyn CacheTier>,
    folder: TempDir,
    server: Option<Child>,
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            server.kill().expect("redis-server ends");
            server.wait().expect("redis-server ends");
        }
        assert!(self.folder.path().is_dir(), "it was there to the end");
    }
}

async fn site(tier: Tier) -> Site {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = None;
    let tier: Arc<dyn CacheTier> = match tier {
        Tier::Memory => Arc::new(MemoryTier::new(MEMORY_BYTES)),
        Tier::Database => {
            let target = Target::Sqlite(folder.path().join("cache.sqlite"));
            let store = Store::open(&target, Duration::from_secs(5)).await.expect("a database");
            Arc::new(DatabaseTier::new(store.connection().clone()))
        }
        Tier::Disk => Arc::new(DiskTier::new(folder.path().join("cache"))),
        Tier::Redis => {
            let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let port = free.local_addr().expect("an address").port();
            drop(free);
            let mut redis = Command::new("redis-server");
            redis.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()]);
            redis.current_dir(folder.path()).stdout(Stdio::null());
            server = Some(redis.spawn().expect("Debian's redis-server"));
            let tier = RedisTier::new(&RedisOptions {
                host: "127.0.0.1".to_owned(),
                port,
                db: 0,
                password: None,
                max_life: Duration::from_hours(1),
            });
            let tier = tier.expect("a tier");
            while tier.ping().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Arc::new(tier)
        }
    };
    let entries: Vec<_> = questions().into_iter().map(|one| (one, entry())).collect();
    tier.put(SourceName::DShield, &entries, now()).await.expect("the answers are kept");
    Site { tier, folder, server }
}

/// Answers a second by tier, 200 at a time.
#[divan::bench(args = Tier::ALL)]
fn cached(bencher: Bencher<'_, '_>, tier: Tier) {
    let site = RUNTIME.block_on(site(tier));
    let (questions, now) = (questions(), now());
    bencher.counter(ItemsCount::new(questions.len())).bench(|| {
        let got = RUNTIME.block_on(site.tier.get(SourceName::DShield, &questions, now));
        let got = got.expect("the tier answers");
        assert!(got.entries.iter().all(Option::is_some), "every answer is there");
        got
    });
}

/// Lists of so many networks, and how much memory they take.
fn lists() -> (ListSet, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = String::new();
    for n in 0..NETWORKS {
        let network = Ipv4Addr::from(0x0b00_0000 + n * 0x400);
        writeln!(text, "{network}/24").expect("room for text");
    }
    std::fs::write(folder.path().join("datacenter-example.txt"), text).expect("a list");
    let before = resident_kib();
    let lists = ListSet::open(folder.path(), now());
    let after = resident_kib();
    eprintln!("{NETWORKS} networks take {} KiB", after.saturating_sub(before));
    (lists, folder)
}

/// Addresses a second that are looked for in 50,000 networks; one in four is in them.
#[divan::bench]
fn in_lists(bencher: Bencher<'_, '_>) {
    let (lists, _folder) = lists();
    let addresses: Vec<IpAddr> =
        (0..10_000_u32).map(|n| Ipv4Addr::from(0x0b00_0000 + n * 0x1501).into()).collect();
    bencher
        .counter(ItemsCount::new(addresses.len()))
        .bench(|| addresses.iter().filter(|address| lists.find(**address).is_some()).count());
}

/// The pages of this process that are in memory.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

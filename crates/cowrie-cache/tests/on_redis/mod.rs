//! What a Redis does to us that dies, comes back, is full, or holds what is not ours.

use std::sync::Arc;
use std::time::Duration;

use cowrie_cache::{Cache, CacheTier as _, Entry, MemoryTier, RedisOptions, RedisTier};
use cowrie_core::FixedClock;
use cowrie_enrichment::{Question, Tier};
use tokio::time::sleep;

use crate::bench::{SERVICE, entry, hour, question, start};
use crate::redis_server::{RedisServer, free_port, options};

/// A cache that has nothing but this Redis.
fn cache(server: &RedisServer) -> Cache {
    Cache::new(vec![Arc::new(server.tier())], Arc::new(FixedClock(start())))
}

async fn get(cache: &Cache, question: &Question) -> Option<Entry> {
    let found = cache.get(SERVICE, std::slice::from_ref(question)).await;
    found.into_iter().next().flatten().map(|(entry, _)| entry)
}

#[tokio::test]
async fn the_run_goes_on_while_redis_is_gone() {
    let mut server = RedisServer::start(&[]).await;
    let cache = cache(&server);
    let answer = (question(1), entry("a", 0, 24));
    cache.put(SERVICE, std::slice::from_ref(&answer)).await;
    assert_eq!(get(&cache, &answer.0).await.as_ref(), Some(&answer.1));
    server.kill().await;
    for _ in 0..3 {
        assert_eq!(get(&cache, &answer.0).await, None);
        cache.put(SERVICE, std::slice::from_ref(&answer)).await;
    }
    server.restart().await;
    // It is left alone for a second, and then as long as it takes.
    let mut n_tries = 0;
    while get(&cache, &answer.0).await.is_none() {
        cache.put(SERVICE, std::slice::from_ref(&answer)).await;
        sleep(Duration::from_millis(100)).await;
        n_tries += 1;
        assert!(n_tries < 300, "Redis is back, and nobody looks");
    }
    assert_eq!(get(&cache, &answer.0).await.as_ref(), Some(&answer.1));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_asked_once() {
    let tier = Arc::new(RedisTier::new(&options(free_port(), None)).unwrap());
    let error = tier.get(SERVICE, &[question(1)], start()).await.unwrap_err();
    assert_eq!(error.to_string(), "failed to reach Redis");
    let cache = Cache::new(vec![tier], Arc::new(FixedClock(start())));
    for _ in 0..5 {
        assert_eq!(get(&cache, &question(1)).await, None);
    }
    let counts = cache.statistics().tiers[&Tier::Redis][&SERVICE];
    assert_eq!((counts.errors, counts.misses), (1, 0));
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_and_mixes_nothing_up_later() {
    let server = RedisServer::start(&[]).await;
    let tier = server.tier();
    let entries: Vec<(Question, Entry)> =
        (0..20).map(|n| (question(n), entry(&n.to_string(), 0, 24))).collect();
    tier.put(SERVICE, &entries, start()).await.unwrap();
    server.signal("STOP").await;
    for (question, _) in &entries {
        let asked = std::slice::from_ref(question);
        tier.get(SERVICE, asked, start()).await.unwrap_err();
    }
    server.signal("CONT").await;
    for (question, entry) in entries.iter().cycle().skip(7).take(40) {
        let asked = std::slice::from_ref(question);
        let Ok(got) = tier.get(SERVICE, asked, start()).await else { continue };
        assert_eq!((got.entries.as_slice(), got.n_unreadable), (&[Some(entry.clone())][..], 0));
    }
    let got = tier.get(SERVICE, &[question(3)], start()).await.unwrap();
    assert_eq!(got.entries, [Some(entries[3].1.clone())]);
}

#[tokio::test]
async fn a_full_redis_forgets_and_never_lies() {
    let server = RedisServer::start(&["--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru"]);
    let server = server.await;
    let tier = server.tier();
    let long = "x".repeat(4_000);
    let entries: Vec<(Question, Entry)> =
        (0..2_000).map(|n| (question(n), entry(&format!("{n} {long}"), 0, 24))).collect();
    tier.put(SERVICE, &entries, start()).await.unwrap();
    let questions: Vec<Question> = entries.iter().map(|(question, _)| question.clone()).collect();
    let got = tier.get(SERVICE, &questions, start()).await.unwrap();
    let n_kept = got.entries.iter().flatten().count();
    assert!((1..2_000).contains(&n_kept), "{n_kept}");
    for ((_, written), read) in entries.iter().zip(&got.entries) {
        assert!(read.as_ref().is_none_or(|read| read == written));
    }
}

#[tokio::test]
async fn other_types_under_our_keys_are_no_answers() {
    let server = RedisServer::start(&[]).await;
    let tier = server.tier();
    let mut connection = server.connection().await;
    let key = format!("cowrie:enrichment:{SERVICE}:{}", question(1));
    let good = (question(2), entry("good", 0, 24));
    tier.put(SERVICE, std::slice::from_ref(&good), start()).await.unwrap();
    let others: [&[&str]; 4] = [
        &["RPUSH", &key, "a", "b"],
        &["HSET", &key, "version", "1"],
        &["SADD", &key, "a"],
        &["ZADD", &key, "1", "a"],
    ];
    for (n, words) in (1..).zip(others) {
        let mut command = redis::Cmd::new();
        command.arg(words);
        redis::cmd("DEL").arg(&key).exec_async(&mut connection).await.unwrap();
        command.exec_async(&mut connection).await.unwrap();
        let got = tier.get(SERVICE, &[question(1), question(2)], start()).await.unwrap();
        assert_eq!(got.entries, [None, Some(good.1.clone())], "{words:?}");
        assert_eq!(tier.census(start()).await.unwrap()[0].n_entries, 2);
        let mended = (question(1), entry("mended", n, 24));
        tier.put(SERVICE, std::slice::from_ref(&mended), start()).await.unwrap();
        let got = tier.get(SERVICE, &[question(1)], start()).await.unwrap();
        assert_eq!(got.entries, [Some(mended.1)], "{words:?}");
    }
    redis::cmd("RPUSH").arg(&key).arg("a").exec_async(&mut connection).await.unwrap_err();
    assert_eq!(tier.clear(None).await.unwrap(), 2);
}

/// The life of a key in Redis, in hours, rounded up.
async fn check_life(max_life: Duration, to_hour: i64, expected: Option<u64>) {
    let server = RedisServer::start(&[]).await;
    let tier = RedisTier::new(&RedisOptions { max_life, ..server.options() }).unwrap();
    let answer = (question(1), entry("a", 0, to_hour));
    tier.put(SERVICE, std::slice::from_ref(&answer), hour(1)).await.unwrap();
    let key = format!("cowrie:enrichment:{SERVICE}:{}", question(1));
    let life = redis::cmd("PTTL").arg(key).query_async::<i64>(&mut server.connection().await).await;
    let life = u64::try_from(life.unwrap()).ok().map(|millis| millis.div_ceil(3_600_000));
    assert_eq!(life, expected, "{max_life:?}, {to_hour}");
    // What it gives back has its own times all the same.
    let got = tier.get(SERVICE, &[question(1)], hour(1)).await.unwrap();
    assert_eq!(got.entries[0].as_ref(), expected.map(|_| &answer.1));
}

#[tokio::test]
async fn redis_keeps_nothing_longer_than_it_holds_and_never_longer_than_a_day() {
    check_life(Duration::from_hours(900), 900, Some(24)).await;
    check_life(Duration::from_hours(2), 900, Some(2)).await;
    check_life(Duration::from_hours(24), 6, Some(5)).await;
    check_life(Duration::from_hours(24), 1, None).await;
}

#[tokio::test]
async fn a_password_lets_in_and_is_told_to_nobody() {
    let password = "password-for-tests"; // pragma: allowlist secret
    let server = RedisServer::start(&["--requirepass", password]).await;
    let port = server.options().port;
    let tier = RedisTier::new(&options(port, Some(password))).unwrap();
    let answer = (question(1), entry("a", 0, 24));
    tier.put(SERVICE, std::slice::from_ref(&answer), start()).await.unwrap();
    for wrong in [None, Some("wrong-for-tests")] {
        let tier = RedisTier::new(&options(port, wrong)).unwrap();
        let error = tier.get(SERVICE, &[question(1)], start()).await.unwrap_err();
        let told = format!("{error:?} {error} {} {tier:?}", error.source);
        assert!(!told.contains("-for-tests"), "{told}");
    }
}

#[tokio::test]
async fn numbered_databases_are_apart() {
    let server = RedisServer::start(&[]).await;
    let other = RedisTier::new(&RedisOptions { db: 3, ..server.options() }).unwrap();
    let answer = (question(1), entry("a", 0, 24));
    other.put(SERVICE, std::slice::from_ref(&answer), start()).await.unwrap();
    let got = server.tier().get(SERVICE, &[question(1)], start()).await.unwrap();
    assert_eq!(got.entries, [None]);
    let got = other.get(SERVICE, &[question(1)], start()).await.unwrap();
    assert_eq!(got.entries, [Some(answer.1)]);
}

#[tokio::test]
async fn what_redis_loses_memory_still_has() {
    let mut server = RedisServer::start(&[]).await;
    let tiers: Vec<Arc<dyn cowrie_cache::CacheTier>> =
        vec![Arc::new(server.tier()), Arc::new(MemoryTier::new(1 << 20))];
    let cache = Cache::new(tiers, Arc::new(FixedClock(start())));
    assert_eq!(cache.tiers().collect::<Vec<_>>(), [Tier::Memory, Tier::Redis]);
    let answer = (question(1), entry("a", 0, 24));
    cache.put(SERVICE, std::slice::from_ref(&answer)).await;
    server.kill().await;
    let found = cache.get(SERVICE, &[question(1)]).await;
    assert_eq!(found, [Some((answer.1, Tier::Memory))]);
}

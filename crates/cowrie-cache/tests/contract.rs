//! What every tier promises, on every one of them; and in the modules what some promise alone.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod asking;
mod bench;
mod on_disk;
mod on_redis;
mod redis_server;
mod tiers;

use cowrie_cache::{Census, Entry};
use cowrie_enrichment::{Question, SourceName};
use serde_json::{Value, json};

use crate::bench::{SERVICE, benches, entry, hour, nothing, prunes_itself, question, start};

#[tokio::test]
async fn answers_come_back_as_they_were() {
    for bench in benches().await {
        let (found, none) = (entry("a", 0, 24), nothing(1, 2));
        bench.put(&question(1), &found, hour(1)).await;
        bench.put(&question(2), &none, hour(1)).await;
        let questions = [question(2), question(3), question(1), question(2)];
        let got = bench.tier.get(SERVICE, &questions, hour(1)).await.unwrap();
        let expected = [Some(none.clone()), None, Some(found), Some(none)];
        assert_eq!(got.entries, expected, "{}", bench.name);
        assert_eq!(got.n_unreadable, 0, "{}", bench.name);
        let other = bench.get_of(SourceName::Spur, &question(1), hour(1)).await;
        assert_eq!(other, (None, 0), "{}: of another service", bench.name);
        let got = bench.tier.get(SERVICE, &[], hour(1)).await.unwrap();
        assert_eq!(got.entries, [], "{}", bench.name);
        bench.tier.put(SERVICE, &[], hour(1)).await.unwrap();
    }
}

#[tokio::test]
async fn many_answers_go_at_once() {
    for bench in benches().await {
        let entries: Vec<(Question, Entry)> =
            (0..1_100).map(|n| (question(n), entry(&n.to_string(), 0, 24))).collect();
        bench.tier.put(SERVICE, &entries, start()).await.unwrap();
        let questions: Vec<Question> =
            entries.iter().map(|(question, _)| question.clone()).collect();
        let got = bench.tier.get(SERVICE, &questions, start()).await.unwrap();
        let expected: Vec<_> = entries.into_iter().map(|(_, entry)| Some(entry)).collect();
        assert_eq!(got.entries, expected, "{}", bench.name);
    }
}

#[tokio::test]
async fn what_no_longer_holds_is_not_given() {
    for bench in benches().await {
        bench.put(&question(1), &entry("a", 0, 3), start()).await;
        assert!(bench.get(&question(1), hour(2)).await.is_some(), "{}", bench.name);
        assert_eq!(bench.get(&question(1), hour(3)).await, None, "{}", bench.name);
        assert_eq!(bench.get(&question(1), hour(900)).await, None, "{}", bench.name);
    }
}

#[tokio::test]
async fn only_a_newer_answer_takes_the_place_of_one() {
    for bench in benches().await {
        let (old, new) = (entry("old", 1, 48), entry("new", 2, 24));
        let stored = async |entry: &Entry| {
            bench.put(&question(1), entry, hour(4)).await;
            bench.get(&question(1), hour(4)).await
        };
        assert_eq!(stored(&old).await.as_ref(), Some(&old), "{}", bench.name);
        assert_eq!(stored(&new).await.as_ref(), Some(&new), "{}", bench.name);
        assert_eq!(stored(&old).await.as_ref(), Some(&new), "{}", bench.name);
        let same_time = Entry { outcome: nothing(0, 0).outcome, ..new.clone() };
        assert_eq!(stored(&same_time).await.as_ref(), Some(&new), "{}", bench.name);
        let none = nothing(3, 24);
        assert_eq!(stored(&none).await.as_ref(), Some(&none), "{}", bench.name);
        // The same in one call, whichever comes first.
        let newest = entry("newest", 4, 24);
        let both = [(question(2), newest.clone()), (question(2), new.clone())];
        bench.tier.put(SERVICE, &both, hour(4)).await.unwrap();
        let got = bench.get(&question(2), hour(4)).await;
        assert!(got == Some(newest) || bench.name == "redis" && got == Some(new), "{}", bench.name);
    }
}

/// The envelope of the answer to a question, with one member replaced.
fn with(question: &Question, name: &str, value: &Value) -> String {
    let mut document = entry("poison", 0, 24).to_json(SERVICE, question);
    document.as_object_mut().unwrap().insert(name.to_owned(), value.clone());
    document.to_string()
}

#[tokio::test]
async fn what_cannot_be_read_is_a_miss_and_is_overwritten() {
    let asked = question(1);
    let poisons = [
        with(&asked, "version", &json!(2)),
        with(&asked, "service", &json!("spur")),
        with(&asked, "key", &json!("8.8.4.4")),
        with(&asked, "status", &json!("failed")),
        with(&asked, "data", &json!({})),
        with(&asked, "fetched_at", &json!("2035-01-01T00:00:00Z")),
        with(&asked, "expires_at", &json!("2026-05-01T00:00:00Z")),
        with(&asked, "expires_at", &json!("never")),
        json!({"ip": {"count": 1}}).to_string(),
        json!([1, 2]).to_string(),
        String::new(),
        "{\"version\":1".to_owned(),
        "\u{0}\u{1}garbage".to_owned(),
        "[".repeat(10_000),
    ];
    for bench in benches().await {
        for (n, poison) in poisons.iter().enumerate() {
            if !bench.poison(&asked, poison).await {
                continue;
            }
            let got = bench.get_of(SERVICE, &asked, hour(1)).await;
            assert_eq!(got, (None, 1), "{}: {poison}", bench.name);
            let mended = entry("mended", 1 + i64::try_from(n).unwrap(), 1_000);
            bench.put(&asked, &mended, hour(20)).await;
            assert_eq!(bench.get(&asked, hour(20)).await, Some(mended), "{}", bench.name);
        }
    }
}

#[tokio::test]
async fn one_service_is_cleared_or_all() {
    for bench in benches().await {
        let entries: Vec<_> = (0..3).map(|n| (question(n), entry("a", 0, 24))).collect();
        for service in [SERVICE, SourceName::GreyNoise] {
            bench.tier.put(service, &entries, start()).await.unwrap();
        }
        assert_eq!(bench.tier.clear(Some(SERVICE)).await.unwrap(), 3, "{}", bench.name);
        assert_eq!(bench.get(&question(1), start()).await, None, "{}", bench.name);
        let other = bench.get_of(SourceName::GreyNoise, &question(1), start()).await.0;
        assert!(other.is_some(), "{}", bench.name);
        assert_eq!(bench.tier.clear(None).await.unwrap(), 3, "{}", bench.name);
        assert_eq!(bench.tier.clear(None).await.unwrap(), 0, "{}", bench.name);
        assert_eq!(bench.tier.census(start()).await.unwrap(), [], "{}", bench.name);
    }
}

#[tokio::test]
async fn pruning_removes_what_no_longer_holds_and_counts_know_it() {
    for bench in benches().await {
        for n in 0..5 {
            bench.put(&question(n), &entry("a", 0, i64::from(n) + 1), start()).await;
        }
        bench.tier.put(SourceName::Spur, &[(question(1), nothing(0, 9))], start()).await.unwrap();
        let n_expired = if prunes_itself(&*bench.tier) { 0 } else { 2 };
        let census = bench.tier.census(hour(2)).await.unwrap();
        let counts: Vec<_> = census
            .iter()
            .map(|&Census { service, n_entries, n_expired, bytes }| {
                assert!(bytes.is_some_and(|bytes| bytes > 50), "{}: {bytes:?}", bench.name);
                (service, n_entries, n_expired)
            })
            .collect();
        let expected = [(SERVICE, 5, n_expired), (SourceName::Spur, 1, 0)];
        assert_eq!(counts, expected, "{}", bench.name);
        let pruned = bench.tier.prune(hour(2)).await.unwrap();
        assert_eq!((pruned.n_removed, pruned.n_unreadable), (n_expired, 0), "{}", bench.name);
        let n_left: u64 =
            bench.tier.census(hour(2)).await.unwrap().iter().map(|census| census.n_entries).sum();
        assert_eq!(n_left, 6 - n_expired, "{}", bench.name);
        assert!(bench.get(&question(2), hour(2)).await.is_some(), "{}", bench.name);
    }
}

//! A key that a service refuses may have been replaced meanwhile.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::ffi::OsString;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use cowrie_config::{Flags, Settings};
use cowrie_core::SystemClock;
use cowrie_enrichment::{Outcome, Question, SourceName};
use cowrie_loopback::{Provider, Providers};
use cowrie_secrets::{Environment, Resolver};
use cowrie_sources::{Site, Sources};
use cowrie_testdb::{Engine, TestDb};

/// A variable that has another value each time it is read; the last one stays.
struct Rotated(Mutex<VecDeque<&'static str>>);

impl Environment for Rotated {
    fn variable(&self, _name: &str) -> Option<OsString> {
        let mut values = self.0.lock().unwrap();
        let value = if values.len() > 1 { values.pop_front() } else { values.front().copied() };
        value.map(OsString::from)
    }
}

fn settings(providers: &Providers, folder: &std::path::Path) -> Settings {
    let path = folder.join("sensors.toml");
    let url = providers.base_url(Provider::GreyNoise);
    let cache_dir = folder.join("cache");
    let file = format!(
        "[global]\ncache_dir = '{}'\n[global.cache]\nredis_enabled = false\n\
         [[sensor]]\nname = 'a'\ngreynoise_api = 'env:KEY'\n[providers.greynoise]\nbase_url = '{url}'\n",
        cache_dir.display()
    );
    std::fs::write(&path, file).unwrap();
    let flags = Flags { config: Some(path), db: None, cache_dir: None, status_dir: None };
    let none = std::collections::BTreeMap::<String, String>::new();
    cowrie_config::load(&flags, folder, &none).unwrap()
}

/// How two questions end whose key has these values, one after the other, and how many requests
/// the service had.
async fn asked_with(values: &[&'static str]) -> ([Outcome; 2], usize) {
    let (providers, folder) = (Providers::start().await, tempfile::tempdir().unwrap());
    let db = TestDb::migrated(Engine::Sqlite).await;
    let settings = settings(&providers, folder.path());
    let environment = Rotated(Mutex::new(values.iter().copied().collect()));
    let site = Site {
        settings: &settings,
        sensor: None,
        resolver: Arc::new(Resolver::new("test", Arc::new(environment))),
        database: db.connection().clone(),
        clock: Arc::new(SystemClock),
    };
    let sources = Sources::open(site).await;
    let online = sources.online().iter().find(|one| one.name == SourceName::GreyNoise).unwrap();
    let mut outcomes = Vec::new();
    for address in ["9.9.9.9", "9.9.9.10"] {
        let address = address.parse::<IpAddr>().unwrap();
        let told = online.source.ask(&[Question::Address(address.try_into().unwrap())]).await;
        outcomes.push(told.into_iter().next().unwrap().answer.outcome);
    }
    (outcomes.try_into().unwrap(), providers.count(Provider::GreyNoise))
}

#[tokio::test]
async fn a_replaced_key_is_found_and_stays() {
    let (outcomes, n_requests) = asked_with(&["the-old-key", Providers::KEY]).await;
    assert_eq!(outcomes, [Outcome::NotFound, Outcome::NotFound]);
    assert_eq!(n_requests, 3, "the refused one, and one for each address");
}

#[tokio::test]
async fn a_wrong_key_is_tried_twice_and_never_again() {
    let (outcomes, n_requests) = asked_with(&["the-old-key", "another-key"]).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Failed { .. })));
    assert_eq!(n_requests, 2, "the second address is not asked about");
}

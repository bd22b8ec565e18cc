//! Fetching lists from a server on loopback that answers as the real ones do, and fails.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its server has failed")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_client_ip_lists::{ListSet, ListSource, UpdateOptions, UpdateResult, Updated, update};
use cowrie_core::FixedClock;
use cowrie_enrichment::Outcome;
use cowrie_loopback::{Behaviour, Canned, Provider, Providers};
use tempfile::TempDir;

const OPTIONS: UpdateOptions =
    UpdateOptions { timeout: Duration::from_secs(20), max_bytes: 64 * 1024 };

/// Noon of a day in May 2026.
fn day(day: u32) -> DateTime<Utc> {
    format!("2026-05-{day:02}T12:00:00Z").parse().unwrap()
}

/// A folder, and the server for one list in it.
struct Site {
    providers: Providers,
    folder: TempDir,
    file_name: &'static str,
}

impl Site {
    async fn new(file_name: &'static str) -> Self {
        let providers = Providers::start().await;
        Self { providers, folder: tempfile::tempdir().unwrap(), file_name }
    }

    fn publish(&self, canned: Canned) {
        self.providers.answer(Provider::Lists, "the/list", canned);
    }

    fn url(&self) -> String {
        format!("{}/the/list", self.providers.base_url(Provider::Lists))
    }

    async fn update_with(&self, options: UpdateOptions, on: u32) -> Updated {
        let source = ListSource::new(self.file_name, &self.url()).unwrap();
        let clock = FixedClock(day(on));
        let mut updated = update(self.folder.path(), &[source], options, &clock).await;
        assert_eq!(updated.len(), 1);
        updated.remove(0)
    }

    async fn update(&self, on: u32) -> Updated {
        self.update_with(OPTIONS, on).await
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join(self.file_name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

fn is_named(folder: &Path, address: &str) -> bool {
    let lists = ListSet::open(folder, day(28));
    matches!(lists.classify(address.parse().unwrap(), None).outcome, Outcome::Found(_))
}

fn failed(updated: &Updated) -> &str {
    match &updated.result {
        UpdateResult::Failed { reason } => reason,
        _ => "it did not fail",
    }
}

const TWO: &str = "192.0.2.1\n192.0.2.2\n";
const DATED: (&str, &str) = ("last-modified", "Wed, 29 Apr 2026 06:00:00 GMT");

#[tokio::test]
async fn a_list_is_fetched_once_and_then_only_compared() {
    let site = Site::new("tor.txt").await;
    site.publish(Canned::text(TWO).with_header(DATED.0, DATED.1));
    let first = site.update(1).await;
    let date: DateTime<Utc> = "2026-04-29T06:00:00Z".parse().unwrap();
    let expected = Updated {
        name: "tor".to_owned(),
        date: Some(date),
        result: UpdateResult::Replaced { entries: 2 },
    };
    assert_eq!(first, expected);
    assert_eq!(site.names(), ["tor.txt", "tor.txt.about.json"]);
    let before = fs::read(site.path()).unwrap();
    let second = site.update(9).await;
    assert_eq!(second, Updated { result: UpdateResult::Unchanged, ..expected });
    assert_eq!(fs::read(site.path()).unwrap(), before);
    // Both conditions were sent, and the answer had no body.
    let asked = site.providers.asked(Provider::Lists);
    let header = |at: usize, name: &str| asked[at].headers.get(name).cloned();
    assert_eq!((header(0, "if-none-match"), header(0, "if-modified-since")), (None, None));
    assert!(header(1, "if-none-match").is_some());
    assert_eq!(header(1, "if-modified-since").as_deref(), Some(DATED.1));
    // It was checked on the ninth, and is not stale on the fifteenth.
    let is_stale = |on: DateTime<Utc>| {
        let status = format!("{:?}", ListSet::open(site.folder.path(), on).lists());
        status.contains("is_stale: true")
    };
    assert!(!is_stale(day(9) + TimeDelta::days(7)));
    assert!(is_stale(day(9) + TimeDelta::days(8)));
}

#[tokio::test]
async fn a_changed_list_takes_the_place_of_the_old_one() {
    let site = Site::new("vpn-a.txt").await;
    site.publish(Canned::text(TWO));
    assert_eq!(site.update(1).await.result, UpdateResult::Replaced { entries: 2 });
    site.publish(Canned::text("# now\n198.51.100.0/24\n"));
    assert_eq!(site.update(2).await.result, UpdateResult::Replaced { entries: 1 });
    assert!(!is_named(site.folder.path(), "192.0.2.1"));
    assert!(is_named(site.folder.path(), "198.51.100.77"));
    assert_eq!(site.update(3).await.result, UpdateResult::Unchanged);
    assert_eq!(site.names(), ["vpn-a.txt", "vpn-a.txt.about.json"]);
}

#[tokio::test]
async fn a_server_that_knows_no_conditions_does_not_make_a_list_younger() {
    let site = Site::new("vpn-a.txt").await;
    let body = Behaviour::Body { content_type: "text/plain".to_owned(), body: TWO.into() };
    site.providers.behave(Provider::Lists, body);
    let first = site.update(1).await;
    assert_eq!((first.date, first.result), (Some(day(1)), UpdateResult::Replaced { entries: 2 }));
    let second = site.update(2).await;
    assert_eq!((second.date, second.result), (Some(day(1)), UpdateResult::Unchanged));
}

/// Whatever the server does, the old list stays, and the reason says what it was.
async fn check_failure(behaviour: Behaviour, expected: &str) {
    let site = Site::new("tor.txt").await;
    site.publish(Canned::text(TWO).with_header(DATED.0, DATED.1));
    let before = site.update(1).await;
    site.publish(Canned::text("198.51.100.1\n198.51.100.2\n".repeat(500)));
    site.providers.behave(Provider::Lists, behaviour.clone());
    let options = UpdateOptions { timeout: Duration::from_secs(2), ..OPTIONS };
    let after = site.update_with(options, 2).await;
    assert!(failed(&after).starts_with(expected), "{behaviour:?}: {after:?}");
    assert!(!failed(&after).contains("127.0.0.1"), "{after:?}");
    assert_eq!((after.name.as_str(), after.date), ("tor", before.date));
    assert_eq!(fs::read_to_string(site.path()).unwrap(), TWO, "{behaviour:?}");
    assert_eq!(site.names(), ["tor.txt", "tor.txt.about.json"], "{behaviour:?}");
    // And the next time it is well again.
    site.providers.behave(Provider::Lists, Behaviour::Normal);
    assert_eq!(site.update(3).await.result, UpdateResult::Replaced { entries: 2 });
}

fn body(content_type: &str, body: &[u8]) -> Behaviour {
    Behaviour::Body { content_type: content_type.to_owned(), body: body.to_owned() }
}

fn status(status: u16) -> Behaviour {
    Behaviour::Status { status, headers: Vec::new(), body: "192.0.2.99\n".to_owned() }
}

#[tokio::test]
async fn what_is_no_list_never_takes_its_place() {
    let page = b"<!DOCTYPE html>\n<html>\n<p>Please sign in\n<p>192.0.2.99\n</html>\n";
    let no_list = "what came is not the list: there is no network in it";
    check_failure(body("text/html", page), no_list).await;
    check_failure(body("text/plain", b""), no_list).await;
    check_failure(body("text/plain", b"\0\0\0\0"), no_list).await;
    check_failure(body("text/plain", b"\xff\xfe\n0.0.0.0/0\n::/0\n"), no_list).await;
    let rows = "x\n".repeat(9) + TWO;
    check_failure(body("text/plain", rows.as_bytes()), "what came is not the list: 9 of its 11")
        .await;
}

#[tokio::test]
async fn what_breaks_off_never_takes_its_place() {
    check_failure(Behaviour::Truncated, "failed to read the answer").await;
    check_failure(Behaviour::Reset, "the server cannot be reached").await;
    check_failure(Behaviour::Silent, "the server cannot be reached").await;
    check_failure(Behaviour::Oversized(64 * 1024 + 1), "the answer is longer than 65536 bytes")
        .await;
}

#[tokio::test]
async fn a_server_that_refuses_changes_nothing() {
    check_failure(status(500), "the server answered with 500").await;
    check_failure(status(503), "the server answered with 503").await;
    check_failure(status(404), "the server answered with 404").await;
    check_failure(status(429), "the server answered with 429").await;
    check_failure(status(206), "the server answered with 206").await;
    check_failure(status(302), "the server sends us elsewhere").await;
    let headers = vec![("location".to_owned(), "file:///etc/hosts".to_owned())];
    let elsewhere = Behaviour::Status { status: 302, headers, body: String::new() };
    check_failure(elsewhere, "the server sends us elsewhere").await;
}

#[tokio::test]
async fn an_answer_that_it_is_unchanged_is_not_believed_without_a_question() {
    let site = Site::new("tor.txt").await;
    site.providers.behave(Provider::Lists, status(304));
    let updated = site.update(1).await;
    assert_eq!(failed(&updated), "the server answered with 304 Not Modified");
    assert_eq!(updated.date, None);
    assert!(site.names().is_empty());
}

#[tokio::test]
async fn a_list_that_was_changed_here_is_fetched_whole() {
    let site = Site::new("tor.txt").await;
    site.publish(Canned::text(TWO));
    site.update(1).await;
    for damage in ["", "192.0.2.1\n192.0.2.3\n", "<html>"] {
        fs::write(site.path(), damage).unwrap();
        assert_eq!(site.update(2).await.result, UpdateResult::Replaced { entries: 2 });
        assert_eq!(fs::read_to_string(site.path()).unwrap(), TWO);
    }
    // A broken small file costs one transfer, and nothing else.
    fs::write(site.folder.path().join("tor.txt.about.json"), "{").unwrap();
    assert_eq!(site.update(3).await.result, UpdateResult::Replaced { entries: 2 });
    assert_eq!(site.update(4).await.result, UpdateResult::Unchanged);
}

#[tokio::test]
async fn what_another_server_called_it_is_not_told_to_this_one() {
    let site = Site::new("tor.txt").await;
    site.publish(Canned::text(TWO).with_header("etag", "\"1\""));
    site.update(1).await;
    let other = Site::new("tor.txt").await;
    other.publish(Canned::text("192.0.2.9\n").with_header("etag", "\"1\""));
    let source = ListSource::new("tor.txt", &other.url()).unwrap();
    let updated = update(site.folder.path(), &[source], OPTIONS, &FixedClock(day(2))).await;
    let result = updated.first().unwrap().result.clone();
    assert_eq!(result, UpdateResult::Replaced { entries: 1 });
}

#[tokio::test]
async fn a_list_that_has_moved_to_another_host_is_followed() {
    let site = Site::new("tor.txt").await;
    let new_home = Site::new("tor.txt").await;
    new_home.publish(Canned::text(TWO));
    site.publish(Canned::text("").with_status(301).with_header("location", new_home.url()));
    assert_eq!(site.update(1).await.result, UpdateResult::Replaced { entries: 2 });
    assert_eq!(site.update(2).await.result, UpdateResult::Unchanged);
    // Two that send us to each other are given up.
    let back = Canned::text("").with_status(302).with_header("location", site.url());
    new_home.publish(back);
    let lost = site.update(3).await;
    assert!(failed(&lost).starts_with("the server sends us elsewhere"), "{lost:?}");
}

#[tokio::test]
async fn all_lists_come_from_a_mirror_and_one_failure_stops_none() {
    let providers = Providers::start().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("made/on/demand");
    let mirror = providers.base_url(Provider::Lists);
    let oracle = r#"{"regions": [{"cidrs": [{"cidr": "192.0.2.0/28"}]}]}"#;
    providers.answer(Provider::Lists, "public_ip_ranges.json", Canned::json(oracle));
    providers.answer(Provider::Lists, "google.csv", Canned::text("").with_status(500));
    let sources = ListSource::standard(Some(&mirror)).unwrap();
    let updated = update(&folder, &sources, OPTIONS, &FixedClock(day(1))).await;
    let names: Vec<_> = updated.iter().map(|updated| updated.name.as_str()).collect();
    let expected = [
        "tor",
        "aws",
        "gcp",
        "cloudflare-v4",
        "cloudflare-v6",
        "oracle",
        "digitalocean",
        "datacenters",
    ];
    assert_eq!(names, expected);
    for updated in &updated {
        let has_come = matches!(updated.result, UpdateResult::Replaced { entries } if entries > 0);
        assert_eq!(has_come, updated.name != "digitalocean", "{updated:?}");
    }
    let again = update(&folder, &sources, OPTIONS, &FixedClock(day(2))).await;
    let n_unchanged =
        again.iter().filter(|updated| updated.result == UpdateResult::Unchanged).count();
    assert_eq!(n_unchanged, 7, "{again:?}");
    assert!(is_named(&folder, "192.0.2.1"));
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_fails_each_list() {
    let site = Site::new("tor.txt").await;
    fs::write(site.path(), "a file").unwrap();
    let sources = ListSource::standard(Some(&site.url())).unwrap();
    let updated = update(&site.path(), &sources, OPTIONS, &FixedClock(day(1))).await;
    assert_eq!(updated.len(), sources.len());
    for updated in &updated {
        assert!(failed(updated).starts_with("failed to write it: "), "{updated:?}");
    }
    assert_eq!(site.providers.count(Provider::Lists), 0);
}

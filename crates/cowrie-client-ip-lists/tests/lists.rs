//! Lists in a folder: what they say of addresses, and how they are.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_client_ip_lists::{ListSet, ListState};
use cowrie_enrichment::{Answer, OfflineSource, Outcome, Remedy, SourceState};
use cowrie_inventory::Enrichment;
use serde_json::{Value, json};
use tempfile::TempDir;

const NOW: &str = "2100-01-01T00:00:00Z";

const AWS: &str = r#"{"createDate": "2026-04-29-06-00-00",
    "prefixes": [{"ip_prefix": "198.51.100.0/24"}]}"#;

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn set_written_at(path: &Path, at: &str) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(at.parse::<DateTime<Utc>>().unwrap().into()).unwrap();
}

fn samples() -> ListSet {
    ListSet::open(Path::new("tests/data/lists"), now())
}

fn facts(answer: &Answer) -> Value {
    match &answer.outcome {
        Outcome::Found(data) => Value::Object(data.as_map().clone()),
        Outcome::NotFound => json!("not found"),
        other => json!(format!("{other:?}")),
    }
}

/// The kind, the provider and the list, or another outcome.
fn said(lists: &ListSet, address: &str, as_name: Option<&str>) -> String {
    let answer = lists.classify(address.parse().unwrap(), as_name);
    let facts = facts(&answer);
    let text = |name: &str| facts.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    match facts.as_str() {
        Some(other) => other.to_owned(),
        None => format!("{} {} {}", text("ip_type"), text("provider"), text("list")),
    }
}

#[track_caller]
fn check(address: &str, as_name: Option<&str>, expected: &str) {
    assert_eq!(said(&samples(), address, as_name), expected, "{address}");
}

#[test]
fn the_kind_is_by_rank_and_the_network_by_length() {
    check("192.0.2.17", None, "tor tor tor");
    check("192.0.2.18", None, "cloud aws aws");
    check("2001:db8:dead::1", None, "tor tor tor");
    check("2001:db8:a::9", None, "cloud aws aws");
    check("::ffff:192.0.2.17", None, "tor tor tor");
    // The operator's list before the gathered one, although that has the longer network.
    check("198.51.100.1", None, "cloud aws aws");
    check("203.0.113.1", None, "datacenter linode datacenters");
    check("203.0.113.65", None, "vpn example vpn-example");
    // A cloud stays a cloud in the list of data centres.
    check("203.0.113.200", None, "cloud azure datacenters");
    check("192.0.2.200", None, "not found");
    check("2001:db8:b::", None, "not found");
}

#[test]
fn a_name_speaks_only_where_no_list_does() {
    check("192.0.2.17", Some("Deutsche Telekom AG"), "tor tor tor");
    check(
        "192.0.2.200",
        Some(" Deutsche\u{1b} Telekom AG "),
        "residential Deutsche Telekom AG as_name",
    );
    check("192.0.2.200", Some("Hetzner Online GmbH"), "datacenter Hetzner Online GmbH as_name");
    check("192.0.2.200", Some("nobody knows"), "not found");
    check("192.0.2.200", Some(""), "not found");
}

#[test]
fn an_answer_has_all_facts_and_its_vintages() {
    let lists = samples();
    let answer = lists.lookup("198.51.100.1".parse().unwrap(), now());
    assert_eq!(
        facts(&answer),
        json!({"ip_type": "cloud", "provider": "aws", "confidence": 0.99, "list": "aws",
            "list_date": "2026-04-29T06:00:00.000000+00:00"})
    );
    assert_eq!(answer.vintage, Some("2026-04-29T06:00:00Z".parse().unwrap()));
    assert_eq!(answer.expires_at, None);
    // The others were written when this crate was unpacked, after that list was made.
    let in_force = lists.vintages_in_force(now());
    assert!(in_force.get("lists").copied() > answer.vintage);
    assert_eq!(answer.vintages, in_force);
    let unknown = lists.lookup("192.0.2.200".parse().unwrap(), now());
    assert_eq!(
        (unknown.vintages, unknown.vintage),
        (in_force.clone(), in_force.get("lists").copied())
    );
    let named = lists.classify("192.0.2.200".parse().unwrap(), Some("OVH SAS"));
    assert_eq!(
        facts(&named),
        json!({"ip_type": "datacenter", "provider": "OVH SAS",
        "confidence": 0.7, "list": "as_name"})
    );
    assert_eq!((named.vintages, named.vintage), (in_force, None));
}

#[test]
fn an_answer_is_stale_when_a_younger_list_has_come() {
    let folder = folder(&[("tor.txt", "192.0.2.1\n"), ("aws.json", AWS)]);
    let lists = ListSet::open(folder.path(), now());
    let documents = [
        ("192.0.2.1", None),
        ("192.0.2.2", None),
        ("198.51.100.1", None),
        ("192.0.2.2", Some("OVH SAS")),
    ];
    let documents = documents.map(|(address, as_name)| {
        let mut document = Enrichment::default();
        document.record(lists.name(), &lists.classify(address.parse().unwrap(), as_name), now());
        document
    });
    let younger = folder.path().join("vpn-a.txt");
    fs::write(&younger, "203.0.113.0/24\n").unwrap();
    set_written_at(&younger, "2099-01-01T00:00:00Z");
    let after = ListSet::open(folder.path(), now());
    for document in documents {
        assert!(document.has_answered(lists.name()));
        let is_stale = |lists: &ListSet| {
            document.is_stale(lists.name(), now(), &lists.vintages_in_force(now()))
        };
        assert!(!is_stale(&lists), "{document:?}");
        assert!(is_stale(&after), "{document:?}");
    }
}

#[test]
fn without_lists_nothing_is_claimed() {
    let empty = folder(&[]);
    let lists = ListSet::open(empty.path(), now());
    let answer = lists.lookup("192.0.2.1".parse().unwrap(), now());
    assert_eq!(answer, Outcome::skipped("no list").into());
    assert!(lists.vintages_in_force(now()).is_empty());
    assert_eq!(said(&lists, "192.0.2.1", Some("OVH SAS")), "datacenter OVH SAS as_name");
    let damaged = folder(&[("tor.txt", "<html>")]);
    let answer = ListSet::open(damaged.path(), now()).lookup("192.0.2.1".parse().unwrap(), now());
    let reason = "every list is damaged".to_owned();
    assert_eq!(answer.outcome, Outcome::Failed { reason, remedy: Remedy::DropSource });
}

/// The state of each list, as `status` gives it.
fn status(lists: &ListSet) -> Vec<(String, String)> {
    let state = |state| match state {
        SourceState::Ok { .. } => "ok".to_owned(),
        SourceState::NotUsed { reason } => format!("not used: {reason}"),
        SourceState::Problem { reason } => format!("problem: {reason}"),
    };
    lists.status().into_iter().map(|status| (status.name, state(status.state))).collect()
}

#[test]
fn every_list_has_its_status() {
    let folder = folder(&[
        ("tor.txt", "192.0.2.1\n"),
        ("aws.json", "{\"prefixes\": ["),
        ("gcp.json", ""),
        ("cloudflare-v4.txt", "0.0.0.0/0\n"),
        ("vpn-a.txt", "192.0.2.0/24\n"),
        ("vpn-B.txt", "192.0.2.0/24\n"),
        ("tor.txt.about.json", "{}"),
        (".tor.txt.x.part", "192.0.2.3\n"),
    ]);
    let written = DateTime::<Utc>::from(fs::metadata(folder.path()).unwrap().modified().unwrap());
    let lists = ListSet::open(folder.path(), written + TimeDelta::days(6));
    let missing = "problem: there is no such file";
    let empty = "problem: there is no network in it";
    let json = "problem: it is not the JSON that was expected: EOF while parsing";
    let stranger = "not used: it is not a list by its name, or one too many";
    let expected = [
        ("tor.txt", "ok"),
        ("aws.json", json),
        ("azure.json", "not used: it is fetched only from a configured URL"),
        ("gcp.json", json),
        ("cloudflare-v4.txt", empty),
        ("cloudflare-v6.txt", missing),
        ("oracle.json", missing),
        ("digitalocean.csv", missing),
        ("datacenters.csv", missing),
        ("vpn-a.txt", "ok"),
        ("vpn-B.txt", stranger),
    ];
    let found = status(&lists);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((name, state), (expected_name, expected_state)) in found.iter().zip(expected) {
        assert_eq!(name, expected_name);
        assert!(state.starts_with(expected_state), "{name}: {state}");
    }
    // One good list is enough to answer from.
    assert_eq!(said(&lists, "192.0.2.1", None), "tor tor tor");
    assert_eq!(said(&lists, "192.0.2.2", None), "vpn a vpn-a");
}

#[test]
fn a_stale_list_is_used_and_said() {
    let folder = folder(&[("tor.txt", "192.0.2.1\n")]);
    set_written_at(&folder.path().join("tor.txt"), "2026-05-01T12:00:00Z");
    let open = |at: &str| ListSet::open(folder.path(), at.parse().unwrap());
    let name = |lists: &ListSet| status(lists).first().unwrap().0.clone();
    assert_eq!(name(&open("2026-05-08T12:00:00Z")), "tor.txt");
    let stale = open("2026-05-08T12:00:01Z");
    assert_eq!(name(&stale), "tor.txt (stale: last checked on 2026-05-01, and still used)");
    assert_eq!(said(&stale, "192.0.2.1", None), "tor tor tor");
    let state = stale.lists().into_iter().next().unwrap().state;
    assert!(matches!(state, ListState::InUse { entries: 1, is_stale: true, .. }), "{state:?}");
}

#[test]
fn a_folder_that_is_not_there_is_one_problem() {
    let folder = folder(&[]);
    let lists = ListSet::open(&folder.path().join("none"), now());
    let found = status(&lists);
    assert_eq!(found.len(), 1);
    let (name, state) = found.first().unwrap();
    assert!(name.ends_with("/none"), "{name}");
    assert!(state.starts_with("problem: failed to read the folder: No such file"), "{state}");
    assert_eq!(said(&lists, "192.0.2.1", None), r#"Skipped { reason: "no list" }"#);
}

#[test]
fn a_replaced_list_is_noticed_and_the_old_answers_stay() {
    let folder = folder(&[("tor.txt", "192.0.2.1\n")]);
    let lists = ListSet::open(folder.path(), now());
    assert!(!lists.is_outdated());
    fs::write(folder.path().join("tor.txt"), "192.0.2.1\n192.0.2.2\n").unwrap();
    assert!(lists.is_outdated());
    assert_eq!(said(&lists, "192.0.2.2", None), "not found");
    assert_eq!(said(&ListSet::open(folder.path(), now()), "192.0.2.2", None), "tor tor tor");
}

#[test]
fn a_folder_or_a_loop_of_links_in_place_of_a_list_is_damage() {
    let folder = folder(&[]);
    std::os::unix::fs::symlink("tor.txt", folder.path().join("tor.txt")).unwrap();
    fs::create_dir(folder.path().join("aws.json")).unwrap();
    let lists = ListSet::open(folder.path(), now());
    let found = status(&lists);
    let state = |name: &str| &found.iter().find(|(found, _)| found == name).unwrap().1;
    assert!(state("tor.txt").starts_with("problem: failed to read it"), "{found:?}");
    assert_eq!(state("aws.json"), "problem: it is no file");
}

//! Questions to real database files, whole and damaged.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use std::fs;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use cowrie_client_maxmind::{MaxMind, MaxMindOptions};
use cowrie_enrichment::{Answer, OfflineSource, Outcome, Remedy, SourceState};
use serde_json::{Value, json};
use tempfile::TempDir;

const CITY: &str = "GeoLite2-City-Test.mmdb";
const COUNTRY: &str = "GeoLite2-Country-Test.mmdb";
const ASN: &str = "GeoLite2-ASN-Test.mmdb";
const BROKEN_CITY: &str = "GeoIP2-City-Test-Broken-Double-Format.mmdb";
const CLAIMS_TOO_MUCH: &str = "libmaxminddb-oversized-map.mmdb";

/// The build time of the test files as they were published.
const PUBLISHED: &str = "2026-02-04T22:49:29Z";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A folder of test files: the path in it, the test file, and the build time it shall claim.
fn folder(files: &[(&str, &str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, name, built) in files {
        let mut bytes = fs::read(data(name)).unwrap();
        replace_epoch(&mut bytes, time(built));
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// Overwrites the 32-bit number that follows `build_epoch` in the metadata.
fn replace_epoch(bytes: &mut [u8], built: DateTime<Utc>) {
    let key = b"Kbuild_epoch\x04\x02";
    let at = bytes.windows(key.len()).rposition(|window| window == key).unwrap() + key.len();
    bytes[at..at + 4].copy_from_slice(&u32::try_from(built.timestamp()).unwrap().to_be_bytes());
}

fn open(folder: &Path) -> MaxMind {
    MaxMind::open_dir(folder, MaxMindOptions { keep_open: NonZeroUsize::MIN })
}

fn facts(answer: &Answer) -> Value {
    match &answer.outcome {
        Outcome::Found(data) => Value::Object(data.as_map().clone()),
        Outcome::NotFound => json!("not found"),
        other => json!(format!("{other:?}")),
    }
}

#[test]
fn facts_equal_what_the_files_were_made_from() {
    let folder = folder(&[("c.mmdb", CITY, PUBLISHED), ("sub/a.mmdb", ASN, PUBLISHED)]);
    let source = open(folder.path());
    let check = |address: &str, expected: Value| {
        let answer = source.lookup(address.parse().unwrap(), time(PUBLISHED));
        assert_eq!(facts(&answer), expected, "{address}");
    };
    let google = json!({"asn": 15169, "asn_org": "Google Inc.", "network": "1.0.0.0/24"});
    check("1.0.0.28", google.clone());
    check("::ffff:1.0.0.28", google);
    let telstra = json!({"asn": 1221, "asn_org": "Telstra Pty Ltd", "network": "1.128.0.0/11"});
    check("1.128.3.229", telstra);
    check("12.81.96.7", json!({"asn": 7018, "network": "12.81.96.0/19"}));
    let org = "Sunrise Communications AG";
    check("2001:1700::1", json!({"asn": 6730, "asn_org": org, "network": "2001:1700::/27"}));
    let linkoping = json!({
        "country": "SE", "country_name": "Sweden", "city": "Linköping",
        "latitude": 58.4167, "longitude": 15.6167, "accuracy_radius": 76,
        "asn": 29518, "asn_org": "Bredband2 AB", "network": "89.160.0.0/17",
    });
    check("89.160.20.112", linkoping);
    let boxford = json!({
        "country": "GB", "country_name": "United Kingdom", "city": "Boxford",
        "latitude": 51.75, "longitude": -1.25, "accuracy_radius": 100,
        "network": "2.125.160.216/29",
    });
    check("2.125.160.216", boxford);
    check("10.0.0.1", json!("not found"));
    check("fd00::1", json!("not found"));
}

#[test]
fn the_vintage_follows_the_attack() {
    let folder = folder(&[
        ("2024/city.mmdb", CITY, "2024-03-01T10:00:00Z"),
        ("2025/city.mmdb", CITY, "2025-03-01T10:00:00Z"),
        ("2025/asn.mmdb", ASN, "2025-03-02T10:00:00Z"),
        ("2026/asn.mmdb", ASN, "2026-03-01T10:00:00Z"),
    ]);
    let source = open(folder.path());
    let check = |at: &str, country: &str, asn: &str| {
        let answer = source.lookup("89.160.20.112".parse().unwrap(), time(at));
        let built = |name| answer.vintages[name].date_naive().to_string();
        assert_eq!((built("country").as_str(), built("asn").as_str()), (country, asn), "{at}");
        assert_eq!(answer.vintage, answer.vintages.values().min().copied());
        assert_eq!(answer.vintages, source.vintages_in_force(time(at)));
    };
    check("2020-01-01T00:00:00Z", "2024-03-01", "2025-03-02");
    check("2024-03-01T00:00:00Z", "2024-03-01", "2025-03-02");
    check("2025-02-15T09:59:59Z", "2024-03-01", "2025-03-02");
    check("2025-02-15T10:00:00Z", "2025-03-01", "2025-03-02");
    check("2026-02-15T10:00:00Z", "2025-03-01", "2026-03-01");
    check("2030-01-01T00:00:00Z", "2025-03-01", "2026-03-01");
}

#[test]
fn city_goes_before_country_of_the_same_day() {
    let address = "89.160.20.112".parse().unwrap();
    let check = |files: &[(&str, &str, &str)], has_city: bool| {
        let folder = folder(files);
        let answer = facts(&open(folder.path()).lookup(address, time(PUBLISHED)));
        assert_eq!(answer["country"], "SE");
        assert_eq!(answer.get("city").is_some(), has_city, "{files:?}");
    };
    let city = ("z.mmdb", CITY, "2026-02-03T08:00:00Z");
    check(&[("a.mmdb", COUNTRY, "2026-02-03T20:00:00Z"), city], true);
    check(&[("a.mmdb", COUNTRY, "2026-02-04T01:00:00Z"), city], false);
    check(&[("a.mmdb", COUNTRY, "2026-02-04T01:00:00Z")], false);
}

#[test]
fn a_damaged_file_is_reported_and_the_next_best_is_asked() {
    let folder = folder(&[
        ("new.mmdb", BROKEN_CITY, "2026-02-04T00:00:00Z"),
        ("old.mmdb", CITY, "2026-01-01T00:00:00Z"),
    ]);
    let source = open(folder.path());
    let answer = source.lookup("2.125.160.216".parse().unwrap(), time(PUBLISHED));
    assert_eq!(facts(&answer)["city"], "Boxford");
    assert_eq!(answer.vintage, Some(time("2026-01-01T00:00:00Z")));
    let states: Vec<_> = source.status().into_iter().map(|status| status.state).collect();
    let reason = "failed to look up an address: invalid database at offset 11129: double of size 5";
    let broken = SourceState::Problem { reason: reason.to_owned() };
    assert_eq!(states, [broken, SourceState::Ok { vintage: answer.vintage }]);
    // What the damaged file can still answer is taken from it.
    let answer = source.lookup("10.0.0.1".parse().unwrap(), time(PUBLISHED));
    assert_eq!(answer.vintage, Some(time("2026-02-04T00:00:00Z")));
}

#[test]
fn an_address_that_no_file_can_answer_is_failed_not_unknown() {
    let folder = folder(&[("broken.mmdb", BROKEN_CITY, PUBLISHED), ("asn.mmdb", ASN, PUBLISHED)]);
    let source = open(folder.path());
    let answer = source.lookup("2.125.160.216".parse().unwrap(), time(PUBLISHED));
    assert!(
        matches!(&answer.outcome, Outcome::Failed { remedy: Remedy::SkipItem, reason }
            if reason.starts_with("broken.mmdb: failed to look up")),
        "{answer:?}"
    );
    // With facts from the other kind of file, those are the answer, without the place's vintage.
    let answer = source.lookup("89.160.20.112".parse().unwrap(), time(PUBLISHED));
    assert_eq!(facts(&answer)["asn"], 29518);
    assert_eq!(answer.vintages.keys().copied().collect::<Vec<_>>(), ["asn"]);
}

#[test]
fn no_damaged_file_panics_or_allocates_what_it_claims() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["cyclic-data-structure.mmdb", "libmaxminddb-uint64-max-epoch.mmdb"] {
        fs::copy(data(name), folder.path().join(name)).unwrap();
    }
    let name = "metadata-is-an-uint128.mmdb";
    fs::copy(data(name), folder.path().join(name)).unwrap();
    fs::write(folder.path().join("empty.mmdb"), []).unwrap();
    let source = open(folder.path());
    let answer = source.lookup("1.1.1.1".parse().unwrap(), time(PUBLISHED));
    let reason = "every database file is damaged".to_owned();
    assert_eq!(answer.outcome, Outcome::Failed { reason, remedy: Remedy::DropSource });
    let damaged = source.status().into_iter().filter(|status| {
        matches!(&status.state, SourceState::Problem { reason } if reason.contains("failed to open"))
    });
    assert_eq!(damaged.count(), 4);
}

#[test]
fn a_record_that_claims_too_much_is_damage() {
    let mut bytes = fs::read(data(CLAIMS_TOO_MUCH)).unwrap();
    let key = b"Mdatabase_typeDTest";
    let at = bytes.windows(key.len()).position(|window| window == key).unwrap();
    bytes[at + 15..at + 19].copy_from_slice(b"City");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("City.mmdb"), bytes).unwrap();
    let source = open(folder.path());
    let answer = source.lookup("1.1.1.1".parse().unwrap(), time(PUBLISHED));
    assert!(matches!(answer.outcome, Outcome::Failed { remedy: Remedy::SkipItem, .. }));
}

#[test]
fn a_file_cut_anywhere_never_panics() {
    let whole = fs::read(data(CITY)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let address: IpAddr = "89.160.20.112".parse().unwrap();
    for length in (0..whole.len()).step_by(499) {
        fs::write(folder.path().join("City.mmdb"), &whole[..length]).unwrap();
        let outcome = open(folder.path()).lookup(address, time(PUBLISHED)).outcome;
        assert!(matches!(outcome, Outcome::Failed { .. }), "{length}: {outcome:?}");
    }
}

#[test]
fn a_missing_empty_or_useless_folder_is_a_status() {
    let empty = tempfile::tempdir().unwrap();
    let useless = tempfile::tempdir().unwrap();
    fs::copy(data(CLAIMS_TOO_MUCH), useless.path().join("test.mmdb")).unwrap();
    let check = |folder: &Path, expected: &[&str]| {
        let source = open(folder);
        let answer = source.lookup("1.1.1.1".parse().unwrap(), time(PUBLISHED));
        assert_eq!(answer, Outcome::skipped("no database file").into());
        let texts: Vec<_> = source.status().iter().map(|status| state(&status.state)).collect();
        assert_eq!(texts, expected);
        assert!(source.vintages_in_force(time(PUBLISHED)).is_empty());
    };
    check(
        Path::new("tests/nowhere"),
        &["failed to read it: No such file or directory (os error 2)"],
    );
    let none = "no City, Country, ASN or ISP database in this folder";
    check(empty.path(), &[none]);
    check(useless.path(), &[none, "not used: Test"]);
}

fn state(state: &SourceState) -> String {
    match state {
        SourceState::Ok { .. } => "ok".to_owned(),
        SourceState::NotUsed { reason } | SourceState::Problem { reason } => reason.clone(),
    }
}

#[test]
fn a_replaced_file_is_noticed() {
    let folder = folder(&[("city.mmdb", CITY, PUBLISHED)]);
    let source = open(folder.path());
    assert!(!source.is_outdated());
    fs::copy(data(ASN), folder.path().join("asn.mmdb")).unwrap();
    assert!(source.is_outdated());
    // A file that became one of another kind is a problem, and not an answer.
    fs::copy(data(ASN), folder.path().join("city.mmdb")).unwrap();
    let answer = source.lookup("89.160.20.112".parse().unwrap(), time(PUBLISHED));
    let reason = "city.mmdb: it was replaced by a database of another type, `GeoLite2-ASN`";
    let failed = Outcome::Failed { reason: reason.to_owned(), remedy: Remedy::SkipItem };
    assert_eq!(answer.outcome, failed);
    let answer = open(folder.path()).lookup("89.160.20.112".parse().unwrap(), time(PUBLISHED));
    assert_eq!(facts(&answer)["asn"], 29518);
}

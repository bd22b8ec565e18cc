//! Files: who may read them, what a killed writer leaves, links, and the older system's files.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_cache::{CacheTier as _, DiskTier, Entry, Keep, Kept};
use cowrie_core::{Clock as _, SystemClock};
use cowrie_enrichment::{Data, Outcome, Question, SourceName};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::bench::{SERVICE, data, entry, hour, question, start};

async fn get(tier: &DiskTier, question: &Question) -> (Option<Entry>, u64) {
    get_of(tier, SERVICE, question, start()).await
}

async fn get_of(
    tier: &DiskTier,
    service: SourceName,
    question: &Question,
    now: DateTime<Utc>,
) -> (Option<Entry>, u64) {
    let got = tier.get(service, std::slice::from_ref(question), now).await.unwrap();
    (got.entries.into_iter().next().flatten(), got.n_unreadable)
}

async fn put(tier: &DiskTier, entry: &Entry) {
    tier.put(SERVICE, &[(question(1), entry.clone())], start()).await.unwrap();
}

#[tokio::test]
async fn files_are_for_their_user_alone() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("a/cache");
    put(&DiskTier::new(&root), &entry("a", 0, 24)).await;
    let mode = |path: &str| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("dshield/8/8/0/1.json"), 0o600);
    for path in ["", "dshield", "dshield/8", "dshield/8/8", "dshield/8/8/0"] {
        assert_eq!(mode(path), 0o700, "{path}");
    }
    let names: Vec<_> = fs::read_dir(root.join("dshield/8/8/0")).unwrap().collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

/// The folder that a writer is to write to, in the environment of a writer.
const WRITE_TO: &str = "COWRIE_CACHE_TEST_WRITES_TO";

/// Writes ever newer answers to one question, until it is killed.
async fn write_on(root: &Path) {
    let tier = DiskTier::new(root);
    let begun = Instant::now();
    let mut n = 0;
    // An end all the same, should whoever was to kill it be gone.
    while begun.elapsed() < Duration::from_mins(1) {
        let fetched_at = start() + TimeDelta::microseconds(n);
        let outcome = data(&n.to_string().repeat(5_000));
        put(&tier, &Entry { outcome, fetched_at, expires_at: hour(24) }).await;
        n += 1;
    }
}

/// Runs twice: as the one who kills, and in a process of its own as the one who is killed.
#[tokio::test]
async fn a_writer_that_is_killed_leaves_the_old_answer_or_the_new_one() {
    if let Some(root) = std::env::var_os(WRITE_TO) {
        return write_on(Path::new(&root)).await;
    }
    let folder = TempDir::new().unwrap();
    let tier = DiskTier::new(folder.path());
    put(&tier, &entry("first", -1, 24)).await;
    let mut newest = hour(-1);
    for round in 0..15 {
        let name = "on_disk::a_writer_that_is_killed_leaves_the_old_answer_or_the_new_one";
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .env(WRITE_TO, folder.path())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let mut found = newest;
        while found <= newest {
            assert!(begun.elapsed() < Duration::from_secs(30), "nobody writes");
            found = whole(&tier).await.fetched_at;
        }
        sleep(Duration::from_micros(1_300 * round)).await;
        writer.kill().await.unwrap();
        let left = whole(&tier).await;
        assert!(left.fetched_at >= found, "an old answer came back");
        newest = left.fetched_at;
    }
}

/// The answer, which is there and whole at any moment.
async fn whole(tier: &DiskTier) -> Entry {
    let (found, n_unreadable) = get(tier, &question(1)).await;
    assert_eq!(n_unreadable, 0);
    found.unwrap()
}

/// All that can be there when a writer ends between two steps.
#[tokio::test]
async fn an_unfinished_file_is_nothing_and_goes_in_the_end() {
    let folder = TempDir::new().unwrap();
    let tier = DiskTier::new(folder.path());
    let old = entry("old", 0, 24);
    put(&tier, &old).await;
    let new = entry("new", 1, 24);
    let text = new.to_json(SERVICE, &question(1)).to_string();
    for n in (0..text.len()).step_by(7).chain([text.len()]) {
        let unfinished =
            folder.path().join(format!("dshield/8/8/0/.{}-{n}.tmp", std::process::id()));
        fs::write(&unfinished, text.as_bytes().get(..n).unwrap()).unwrap();
    }
    assert_eq!(get(&tier, &question(1)).await, (Some(old), 0));
    let now = SystemClock.now();
    let census = tier.census(start()).await.unwrap();
    assert_eq!(census[0].n_entries, 1);
    put(&tier, &new).await;
    assert_eq!(get(&tier, &question(1)).await, (Some(new), 0));
    let n_files = || fs::read_dir(folder.path().join("dshield/8/8/0")).unwrap().count();
    tier.prune(now.min(hour(2))).await.unwrap();
    assert!(n_files() > 10, "somebody may still be writing");
    tier.prune(now + TimeDelta::days(2)).await.unwrap();
    assert!(n_files() <= 1);
}

#[tokio::test]
async fn links_lead_nowhere() {
    let outside = TempDir::new().unwrap();
    let good = entry("good", 0, 24);
    let answer = good.to_json(SERVICE, &question(1)).to_string();
    let target = outside.path().join("8/8/0/1.json");
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::write(&target, &answer).unwrap();
    // The link in place of the file, and of each folder on the way to it.
    for (link, to) in [
        ("dshield/8/8/0/1.json", "8/8/0/1.json"),
        ("dshield/8/8/0", "8/8/0"),
        ("dshield/8", "8"),
        ("dshield", ""),
    ] {
        let folder = TempDir::new().unwrap();
        let link = folder.path().join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(outside.path().join(to), &link).unwrap();
        let tier = DiskTier::new(folder.path());
        assert_eq!(get(&tier, &question(1)).await, (None, 1), "{}", link.display());
        let newer = (question(1), entry("newer", 1, 24));
        let is_written = tier.put(SERVICE, std::slice::from_ref(&newer), start()).await.is_ok();
        let found = get(&tier, &question(1)).await.0;
        assert_eq!(found, is_written.then_some(newer.1), "{}", link.display());
        tier.prune(hour(99)).await.unwrap();
        tier.clear(None).await.unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), answer, "{}", link.display());
    }
}

#[tokio::test]
async fn what_is_no_file_is_no_answer() {
    let folder = TempDir::new().unwrap();
    let tier = DiskTier::new(folder.path());
    let path = folder.path().join("dshield/8/8/0/1.json");
    fs::create_dir_all(&path).unwrap();
    assert_eq!(get(&tier, &question(1)).await, (None, 1));
    fs::remove_dir(&path).unwrap();
    let made = Command::new("mkfifo").arg(&path).status().await.unwrap();
    assert!(made.success());
    assert_eq!(get(&tier, &question(1)).await, (None, 1));
    fs::remove_file(&path).unwrap();
    let long =
        format!("{}{}", " ".repeat(4 << 20), entry("a", 0, 24).to_json(SERVICE, &question(1)));
    fs::write(&path, long).unwrap();
    assert_eq!(get(&tier, &question(1)).await, (None, 1));
    fs::remove_dir_all(folder.path().join("dshield/8")).unwrap();
    fs::write(folder.path().join("dshield/8"), "").unwrap();
    assert_eq!(get(&tier, &question(1)).await, (None, 1));
}

const KEEP: Keep = Keep { found: Duration::from_hours(24), not_found: Duration::from_hours(6) };

/// Says *not found* to a document that says so, and nothing to one without a mark.
fn translate(document: Value) -> Option<Outcome> {
    let Value::Object(mut members) = document else { return None };
    match members.remove("mark")?.as_str()? {
        "nothing" => Some(Outcome::NotFound),
        "failed" => Some(Outcome::skipped("it cannot be used")),
        mark => Some(Outcome::found(json!({"mark": mark}).as_object().cloned()?)),
    }
}

fn legacy_tier(root: &Path) -> DiskTier {
    let services = [
        SourceName::Hibp,
        SourceName::DShield,
        SourceName::VirusTotal,
        SourceName::UrlHaus,
        SourceName::Spur,
        SourceName::Cymru,
        SourceName::GreyNoise,
    ];
    services
        .into_iter()
        .fold(DiskTier::new(root), |tier, service| tier.with_legacy(service, KEEP, translate))
}

fn write_at(path: &Path, text: &str, at: DateTime<Utc>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_modified(at.into()).unwrap();
}

#[track_caller]
fn marked(mark: &str) -> Entry {
    let facts = json!({"mark": mark}).as_object().cloned().unwrap();
    let outcome = Kept::Found(Data::new(facts).unwrap());
    Entry { outcome, fetched_at: hour(-1), expires_at: hour(23) }
}

/// The digest of `8.8.0.1`, as `printf 8.8.0.1 | sha256sum` gives it.
const DIGEST: &str = "4f305e940d4b9954103e879d5cb2fa056b9f3532549d0d9939a168de546cbad7"; // pragma: allowlist secret

#[tokio::test]
async fn the_files_of_the_older_system_are_read() {
    let hash = "0123456789abcdef".repeat(4);
    let file = Question::File(hash.parse().unwrap());
    let prefix = Question::Passwords("ABCDE".parse().unwrap());
    let by_digest = |service: &str| {
        let shard = DIGEST.chars().take(2).collect::<String>();
        format!("{service}/{shard}/{DIGEST}.json")
    };
    let files = [
        (SourceName::Hibp, &prefix, "hibp/AB/CD/E/ABCDE.json".to_owned()),
        (SourceName::DShield, &question(1), "dshield/8/8/0/1.json".to_owned()),
        (SourceName::DShield, &question(1), by_digest("dshield")),
        (SourceName::VirusTotal, &file, format!("virustotal/01/23/45/67/{hash}.json")),
        (SourceName::VirusTotal, &file, format!("vt_{hash}.json")),
        (SourceName::UrlHaus, &question(1), by_digest("urlhaus")),
        (SourceName::Spur, &question(1), by_digest("spur")),
        (SourceName::Cymru, &question(1), by_digest("cymru")),
        (SourceName::GreyNoise, &question(1), by_digest("greynoise")),
    ];
    for (service, question, path) in files {
        let folder = TempDir::new().unwrap();
        let tier = legacy_tier(folder.path());
        write_at(&folder.path().join(&path), r#"{"mark": "legacy"}"#, hour(-1));
        let got = get_of(&tier, service, question, hour(22)).await;
        assert_eq!(got, (Some(marked("legacy")), 0), "{path}");
        assert_eq!(get_of(&tier, service, question, hour(23)).await, (None, 0), "{path}");
        let census = tier.census(hour(23)).await.unwrap();
        assert_eq!((census[0].service, census[0].n_entries), (service, 1), "{path}");
        assert_eq!(census[0].n_expired, 1, "{path}");
        assert_eq!(tier.prune(hour(22)).await.unwrap().n_removed, 0, "{path}");
        assert_eq!(tier.prune(hour(23)).await.unwrap().n_removed, 1, "{path}");
        assert!(!folder.path().join(&path).exists(), "{path}");
    }
}

#[tokio::test]
async fn a_legacy_file_says_what_its_translation_says() {
    let folder = TempDir::new().unwrap();
    let tier = legacy_tier(folder.path());
    let path = folder.path().join("dshield/8/8/0/1.json");
    write_at(&path, r#"{"mark": "nothing"}"#, hour(-1));
    let nothing = Entry { outcome: Kept::NotFound, expires_at: hour(5), ..marked("") };
    assert_eq!(get(&tier, &question(1)).await, (Some(nothing), 0));
    for text in ["{}", "[]", "null", "{", "", r#"{"mark": "failed"}"#, r#"{"mark": 1}"#] {
        write_at(&path, text, hour(-1));
        assert_eq!(get(&tier, &question(1)).await, (None, 1), "{text}");
        assert_eq!(tier.prune(hour(99)).await.unwrap().n_unreadable, 1, "{text}");
    }
    write_at(&path, r#"{"mark": "from the future"}"#, hour(48));
    assert_eq!(get(&tier, &question(1)).await, (None, 1));
    // A damaged file in the likeliest place does not hide a good one in the other.
    let shard = DIGEST.chars().take(2).collect::<String>();
    let other = folder.path().join(format!("dshield/{shard}/{DIGEST}.json"));
    write_at(&other, r#"{"mark": "other"}"#, hour(-1));
    assert_eq!(get(&tier, &question(1)).await, (Some(marked("other")), 1));
    let plain = DiskTier::new(folder.path());
    assert_eq!(get(&plain, &question(1)).await, (None, 1), "nobody says how to read it");
}

#[tokio::test]
async fn what_is_not_ours_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let tier = DiskTier::new(folder.path());
    let others = [
        "ip_classification/aws.json",
        "maxmind/GeoLite2-City.mmdb",
        "greynoise/quota.json",
        "dshield/notes/2026.json",
        "vt_quota.json",
        "settings.json",
    ];
    for path in others {
        write_at(&folder.path().join(path), "{}", hour(-9_999));
    }
    put(&tier, &entry("a", 0, 1)).await;
    assert_eq!(tier.prune(hour(2)).await.unwrap().n_removed, 1);
    assert_eq!(tier.clear(None).await.unwrap(), 0);
    for path in others {
        assert!(folder.path().join(path).exists(), "{path}");
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_holds_nothing() {
    let folder = TempDir::new().unwrap();
    let tier = DiskTier::new(folder.path().join("none"));
    assert_eq!(get(&tier, &question(1)).await, (None, 0));
    assert_eq!(tier.prune(start()).await.unwrap().n_removed, 0);
    assert_eq!(tier.clear(None).await.unwrap(), 0);
    assert_eq!(tier.census(start()).await.unwrap(), []);
    assert!(!folder.path().join("none").exists());
    fs::write(folder.path().join("none"), "").unwrap();
    let error = tier.get(SERVICE, &[question(1)], start()).await.unwrap_err();
    assert_eq!(error.to_string(), "failed to read the cache on disk");
}

//! What a load prints at its end, for people and for programs.

use cowrie_tests::{Ended, Engine, Program, Site, assert_same, sample};
use serde_json::Value;

/// The keys that scripts may rely on, besides `schema`.
const STABLE_KEYS: [&str; 11] = [
    "files",
    "bytes",
    "events",
    "new_events",
    "duplicate_events",
    "rejected",
    "sessions_new",
    "sessions_updated",
    "addresses_new",
    "elapsed_seconds",
    "events_per_second",
];

/// The keys that differ from run to run, or say what kind of run it was.
const OF_THE_RUN: [&str; 4] = ["run_id", "dry_run", "elapsed_seconds", "events_per_second"];

/// Standard output holds one JSON object on one line, and nothing else.
#[track_caller]
fn document(ended: &Ended) -> Value {
    assert_eq!(ended.stdout.lines().count(), 1, "{ended:#?}");
    assert!(ended.stdout.ends_with('\n'), "{ended:#?}");
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    for key in STABLE_KEYS {
        assert!(document[key].is_number(), "`{key}` of {document}");
    }
    assert_eq!(document["schema"], "cowrie-loader.bulk/1");
    document
}

/// What does not change when the same is loaded into the same.
fn facts(document: &Value) -> Value {
    let mut facts = document.clone();
    let object = facts.as_object_mut().unwrap();
    for key in OF_THE_RUN {
        assert!(object.remove(key).is_some(), "`{key}` of {document}");
    }
    facts
}

#[tokio::test]
async fn a_summary_for_programs_on_sqlite() {
    summary_for_programs(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_summary_for_programs_on_postgres() {
    summary_for_programs(Engine::Postgres).await;
}

async fn summary_for_programs(engine: Engine) {
    let site = Site::new(engine).await;
    let (one, two) = (sample("v2.4.0/cowrie.json"), sample("v1.5.3/cowrie.json"));
    let two = [&two[..], b"no event\n"].concat();
    let n_bytes = one.len() + two.len();
    site.write("logs/a.json", one);
    site.write("logs/b.json", two);
    let arguments = ["logs", "--format", "json"];
    let dry = [&arguments[..], &["--dry-run"]].concat();

    let before = contents(&site, engine).await;
    let tried = document(&site.bulk(&dry).ended().await.expect(0));
    assert_eq!(tried["dry_run"], true);
    assert_eq!(contents(&site, engine).await, before, "a dry run leaves nothing");

    let loaded = document(&site.bulk(&arguments).ended().await.expect(0));
    assert_eq!(loaded["dry_run"], false);
    assert_eq!(facts(&tried), facts(&loaded), "a dry run knows what will come");
    for (key, expected) in [
        ("files", 2),
        ("bytes", n_bytes),
        ("events", 62 + 594),
        ("new_events", 62 + 594),
        ("duplicate_events", 0),
        ("rejected", 1),
        ("sessions_new", 6 + 87),
        ("sessions_updated", 0),
        ("addresses_new", 6 + 57),
    ] {
        assert_eq!(loaded[key], expected, "{key}");
    }

    let before = site.tables().await.contents().await;
    let tried = document(&site.bulk(&dry).ended().await.expect(0));
    assert_eq!((&tried["new_events"], &tried["duplicate_events"]), (&0.into(), &656.into()));
    assert_eq!((&tried["sessions_new"], &tried["sessions_updated"]), (&0.into(), &0.into()));
    assert_same(&before, &site.tables().await.contents().await);
    assert_eq!(site.tables().await.number("SELECT count(*) FROM runs").await, 1);
}

/// What there is before any load; a SQLite database is then not even a file.
async fn contents(site: &Site, engine: Engine) -> Vec<String> {
    match engine {
        Engine::Sqlite => {
            let entries = std::fs::read_dir(site.path("")).unwrap();
            let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
            let mut names: Vec<_> =
                entries.map(name).map(|name| name.into_string().unwrap()).collect();
            names.sort();
            assert_eq!(names, ["logs"]);
            names
        }
        Engine::Postgres => {
            let contents = site.tables().await.contents().await;
            contents.into_values().flatten().collect()
        }
    }
}

#[tokio::test]
async fn a_summary_for_people() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    let ended = site.bulk(&["cowrie.json"]).ended().await.expect(0);
    let ended = ended.prints(&[
        "Loaded 1 file of 0.0 MB in ",
        "  events     62 new, 0 known before, 0 rejected as dead letters\n",
        "  sessions   6 new, 0 grown\n",
        "  addresses  6 new\n",
        "The database holds 6 sessions.",
        "What is missing: 6 sessions have no country, 6 no network.",
        "6 sessions of 6 addresses: not on the public Internet (loopback)",
        "--mmdb-dir DIR",
    ]);
    let cowrie = site.sqlite_file().display().to_string();
    assert!(ended.stdout.contains(&cowrie), "{ended:#?}");
    let again = site.bulk(&["cowrie.json"]).ended().await.expect(0);
    again.prints(&["0 new, 62 known before", "0 new, 0 grown", "addresses  0 new"]);
    let dry = site.bulk(&["cowrie.json", "--dry-run"]).ended().await.expect(0);
    dry.prints(&["Read (and wrote nothing) 1 file"]);
}

#[tokio::test]
async fn a_dry_run_touches_neither_monitoring_nor_schema() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    let dry = ["cowrie.json", "--dry-run", "--status-dir", "status"];
    site.bulk(&dry).ended().await.expect(0);
    assert!(!site.path("status").exists() && !site.has_database());

    let db = site.db();
    let old = ["migrate", "--to", "13", "--db", &db];
    site.program(Program::Db, &old).ended().await.expect(0);
    site.bulk(&dry).ended().await.expect(4).says(&["at version 13", "run `cowrie-db migrate`"]);
    let version = "SELECT value FROM schema_state WHERE key = 'schema_version'";
    assert_eq!(site.tables().await.lines(version).await, ["13"]);
    site.bulk(&dry[..1]).ended().await.expect(0).prints(&["62 new"]);
}

#[tokio::test]
async fn results_that_cannot_be_printed_do_not_hide_what_was_loaded() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    let loader = Program::Loader.path();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = std::process::Command::new(loader)
        .args(["bulk", "cowrie.json", "--db", "cowrie.sqlite"])
        .current_dir(site.path(""))
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("failed to print what came of it"), "{said}");
    let run = "SELECT outcome || ' ' || exit_code || ' ' || (counters ->> 'new_events') FROM runs";
    assert_eq!(site.tables().await.lines(run).await, ["partial 3 62"]);
}

#[tokio::test]
async fn every_run_leaves_its_row() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    site.write("none.log", "no log\n".repeat(2_000));
    site.bulk(&["cowrie.json", "--ingest-id", "first"]).ended().await.expect(0);
    site.bulk(&["cowrie.json", "none.log", "--ingest-id", "second"]).ended().await.expect(3);
    let query = "SELECT run_id || ' ' || program || ' ' || workflow || ' ' || outcome || ' ' \
        || exit_code || ' ' || (counters ->> 'new_events') || ' ' || dead_letters \
        FROM runs ORDER BY run_id";
    assert_eq!(
        site.tables().await.lines(query).await,
        [
            "first cowrie-loader bulk done 0 62 0",
            // Lines that are equal are one letter; behind a thousand of them, so is the rest.
            "second cowrie-loader bulk partial 3 0 2",
        ]
    );
}

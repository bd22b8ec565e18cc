//! Loading is set union: engine, order, repetition, batch borders and company do not matter.

use cowrie_testdb::{Engine, TestDb};

use crate::dump::{Dump, assert_same, dump};
use crate::site::{How, PLAIN, load_into, logs};

const ALL: [&str; 7] =
    ["v1.1.0", "v1.5.3", "v2.4.0", "s-ipv6", "s-tz-berlin-spring", "s-epoch-plain", "example"];

async fn loaded(engine: Engine, names: &[&str], how: How) -> (TestDb, Dump) {
    let db = TestDb::migrated(engine).await;
    load_into(&db, &logs(names), how).await;
    let dump = dump(db.connection()).await;
    (db, dump)
}

#[tokio::test]
async fn both_engines_give_the_same_rows() {
    let (_sqlite, in_sqlite) = loaded(Engine::Sqlite, &ALL, PLAIN).await;
    let (_postgres, in_postgres) = loaded(Engine::Postgres, &ALL, PLAIN).await;
    for table in ["session_events", "command_stats", "files", "password_statistics", "raw_events"] {
        assert!(in_sqlite.contains_key(table), "{table} is empty");
    }
    for table in ["session_ssh_keys", "ip_asn_history", "dead_letter_events", "asn_inventory"] {
        assert!(in_sqlite.contains_key(table), "{table} is empty");
    }
    assert_same(&in_sqlite, &in_postgres);
}

#[tokio::test]
async fn loading_again_changes_nothing() {
    for engine in Engine::ALL {
        let (db, before) = loaded(engine, &ALL, PLAIN).await;
        let again = load_into(&db, &logs(&ALL), How { batch_events: 500, ..PLAIN }).await;
        assert_eq!((again.new_events, again.sessions_new, again.sessions_updated), (0, 0, 0));
        assert_eq!(again.addresses_new, 0);
        assert!(again.duplicate_events > 10_000);
        assert_same(&before, &dump(db.connection()).await);
    }
}

#[tokio::test]
async fn order_and_batch_borders_do_not_matter() {
    let (_db, expected) = loaded(Engine::Sqlite, &ALL, PLAIN).await;
    let mut backward = ALL;
    backward.reverse();
    for engine in Engine::ALL {
        let how = How { batch_events: 97, ..PLAIN };
        let (_db, found) = loaded(engine, &backward, how).await;
        assert_same(&expected, &found);
    }
}

#[tokio::test]
async fn two_loaders_at_once_give_what_one_gives() {
    for engine in Engine::ALL {
        let (_db, expected) = loaded(engine, &ALL, PLAIN).await;
        let db = TestDb::migrated(engine).await;
        let (forward, how) = (logs(&ALL), How { batch_events: 300, ..PLAIN });
        let mut backward = forward.clone();
        backward.reverse();
        let (one, other) =
            tokio::join!(load_into(&db, &forward, how), load_into(&db, &backward, how));
        assert_eq!(one.new_events + other.new_events, one.events);
        assert_same(&expected, &dump(db.connection()).await);
    }
}

#[tokio::test]
async fn a_dry_run_says_what_a_load_will_do_and_writes_nothing() {
    for engine in Engine::ALL {
        let db = TestDb::migrated(engine).await;
        let empty = dump(db.connection()).await;
        let how = How { batch_events: 200, ..PLAIN };
        let tried = load_into(&db, &logs(&ALL), How { dry_run: true, ..how }).await;
        assert_same(&empty, &dump(db.connection()).await);
        let done = load_into(&db, &logs(&ALL), how).await;
        let counts = |s: &cowrie_ingest::Summary| {
            (s.new_events, s.duplicate_events, s.rejected, s.sessions_new, s.addresses_new, s.bytes)
        };
        assert_eq!(counts(&tried), counts(&done));
    }
}

#[tokio::test]
async fn the_same_ids_from_other_addresses_are_other_sessions() {
    // One log twice, the second time with every address moved: the ids repeat, as short ones did.
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<String> = ["a.json", "b.json"]
        .iter()
        .map(|name| folder.path().join(name).to_string_lossy().into_owned())
        .collect();
    let line = |address: &str, second: u32, kind: &str, rest: &str| {
        format!(
            r#"{{"session":"0123456789ab","sensor":"s","src_ip":"{address}","eventid":"cowrie.{kind}","timestamp":"2026-04-29T10:00:{second:02}Z"{rest}}}"#
        ) + "\n"
    };
    let log = |address: &str| {
        line(address, 0, "session.connect", "")
            + &line(address, 1, "login.success", r#","username":"root","password":"x""#)
            + &line(address, 2, "command.input", r#","input":"uname""#)
    };
    std::fs::write(&paths[0], log("1.0.0.1")).unwrap();
    std::fs::write(&paths[1], log("1.128.3.229")).unwrap();
    let mut dumps = Vec::new();
    for engine in Engine::ALL {
        for order in [[0, 1], [1, 0]] {
            let db = TestDb::migrated(engine).await;
            load_into(&db, &paths[order[0]..=order[0]], PLAIN).await;
            let second = load_into(&db, &paths[order[1]..=order[1]], PLAIN).await;
            // Of two connects at the same time the smaller address has the plain name: a session
            // that has it keeps it, and its snapshot, when the other one comes.
            let expected = if order == [0, 1] { 1 } else { 2 };
            assert_eq!((second.sessions_new, second.sessions_updated), (expected, 0));
            dumps.push(dump(db.connection()).await);
        }
    }
    assert_eq!(dumps[0]["session_summaries"].len(), 2);
    assert!(dumps[0]["ip_inventory"].iter().all(|row| row.contains("session_count=1")));
    for other in &dumps[1..] {
        assert_same(&dumps[0], other);
    }
}

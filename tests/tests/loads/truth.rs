//! What Cowrie's own logs hold, counted by a plain JSON reader, is what the tables hold.

use std::collections::BTreeMap;

use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde::Deserialize;

use crate::site::{PLAIN, load_into, logs, root};

/// Counts of one folder of logs.
#[derive(Debug, Deserialize)]
struct Truth {
    files: u64,
    events: i64,
    damaged_lines: i64,
    sessions: i64,
    addresses: i64,
    login_successes: i64,
    login_failures: i64,
    commands: i64,
    downloads: i64,
    uploads: i64,
}

async fn number(db: &DatabaseConnection, sql: &str) -> i64 {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn the_tables_hold_what_the_logs_hold() {
    let text = std::fs::read_to_string(root().join("tests/data/cowrie/truth.json")).unwrap();
    let truths: BTreeMap<String, Truth> = serde_json::from_str(&text).unwrap();
    for engine in Engine::ALL {
        for (name, truth) in &truths {
            let db = TestDb::migrated(engine).await;
            let summary = load_into(&db, &logs(&[name]), PLAIN).await;
            assert_eq!(summary.files, truth.files, "{name}");
            assert_eq!(summary.problems, [], "{name}");
            check(db.connection(), name, truth).await;
        }
    }
}

async fn check(db: &DatabaseConnection, name: &str, truth: &Truth) {
    let sum = |column: &str| format!("SELECT CAST(sum({column}) AS bigint) FROM session_summaries");
    let expected = [
        ("SELECT count(*) FROM raw_events".to_owned(), truth.events),
        (sum("event_count"), truth.events),
        ("SELECT count(*) FROM dead_letter_events".to_owned(), truth.damaged_lines),
        ("SELECT count(*) FROM session_summaries".to_owned(), truth.sessions),
        ("SELECT count(*) FROM ip_inventory".to_owned(), truth.addresses),
        ("SELECT CAST(sum(session_count) AS bigint) FROM ip_inventory".to_owned(), truth.sessions),
        (sum("login_successes"), truth.login_successes),
        (sum("login_attempts"), truth.login_successes + truth.login_failures),
        (sum("command_count"), truth.commands),
        (sum("file_downloads"), truth.downloads),
        (sum("file_uploads"), truth.uploads),
        (
            "SELECT count(*) FROM session_summaries s WHERE s.source_ip IS NULL AND EXISTS \
             (SELECT 1 FROM raw_events r WHERE r.session_id = s.session_id \
             AND r.payload ->> 'src_ip' IS NOT NULL)"
                .to_owned(),
            0,
        ),
    ];
    for (sql, expected) in expected {
        assert_eq!(number(db, &sql).await, expected, "{name}: {sql}");
    }
}

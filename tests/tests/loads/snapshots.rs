//! A snapshot says what the databases knew, and is NULL, with a reason, where they knew nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_enrichment::{Answer, Outcome, ScriptedSource, SourceName};
use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use crate::site::{How, PLAIN, load_asking, load_into, logs, mmdb};

#[derive(Debug, FromQueryResult)]
struct Row {
    source_ip: String,
    snapshot_asn: Option<i64>,
    snapshot_country: Option<String>,
    current_asn: Option<i64>,
    geo_country: Option<String>,
    status: Option<String>,
    reason: Option<String>,
    is_bogon: bool,
    organization: Option<String>,
}

const ROWS: &str = "SELECT s.source_ip, s.snapshot_asn, s.snapshot_country, i.current_asn, \
     i.geo_country, i.is_bogon, s.enrichment->'_meta'->'maxmind'->>'status' AS status, \
     s.enrichment->'_meta'->'maxmind'->>'reason' AS reason, \
     a.organization_name AS organization FROM session_summaries s \
     JOIN ip_inventory i ON i.ip_address = s.source_ip \
     LEFT JOIN asn_inventory a ON a.asn_number = s.snapshot_asn";

async fn rows(db: &TestDb) -> Vec<Row> {
    let statement = Statement::from_string(db.connection().get_database_backend(), ROWS);
    let rows = db.connection().query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| Row::from_query_result(row, "").unwrap()).collect()
}

#[tokio::test]
async fn countries_and_networks_are_those_of_the_databases() {
    let source = mmdb();
    for engine in Engine::ALL {
        let db = TestDb::migrated(engine).await;
        load_into(&db, &logs(&["example"]), PLAIN).await;
        let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
        for row in rows(&db).await {
            let address: IpAddr = row.source_ip.parse().unwrap();
            let answer = source.lookup(address, DateTime::UNIX_EPOCH);
            let (country, asn, status) = match &answer.outcome {
                Outcome::Found(data) => (
                    data.get("country").and_then(|value| value.as_str()).map(str::to_owned),
                    data.get("asn").and_then(serde_json::Value::as_i64),
                    "ok",
                ),
                Outcome::NotFound => (None, None, "not_found"),
                other => panic!("{address}: {other:?}"),
            };
            assert_eq!(row.status.as_deref(), Some(status), "{address}");
            assert_eq!((&row.snapshot_country, row.snapshot_asn), (&country, asn), "{address}");
            assert_eq!((&row.geo_country, row.current_asn), (&country, asn), "{address}");
            assert!(!row.is_bogon);
            *seen.entry(status).or_default() += 1;
            *seen.entry("country").or_default() += u32::from(country.is_some());
            *seen.entry("organization").or_default() += u32::from(row.organization.is_some());
        }
        assert!(seen.values().all(|count| *count > 20) && seen.len() == 4, "{seen:?}");
    }
}

/// A new session from one address each week, and new files each week, which name these networks.
async fn weeks(db: &TestDb, networks: &[u32]) {
    let folder = tempfile::tempdir().unwrap();
    let begin: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
    for (week, asn) in networks.iter().enumerate() {
        let time = begin + TimeDelta::weeks(week.try_into().unwrap());
        let line = serde_json::json!({
            "eventid": "cowrie.session.connect", "session": format!("{week:012x}"),
            "src_ip": "8.8.8.8", "protocol": "ssh", "timestamp": time.to_rfc3339(),
        });
        let path = folder.path().join(format!("{week}.json"));
        std::fs::write(&path, format!("{line}\n")).unwrap();
        let facts = serde_json::json!({ "asn": asn }).as_object().unwrap().clone();
        let answer = Answer { vintage: Some(time), ..Outcome::found(facts).into() };
        let asked =
            ScriptedSource::new(SourceName::MaxMind, [("8.8.8.8".parse().unwrap(), answer)]);
        load_asking(db, &[path.to_str().unwrap().to_owned()], PLAIN, &asked).await;
    }
}

#[tokio::test]
async fn the_history_has_moves_and_monthly_confirmations() {
    for engine in Engine::ALL {
        let db = TestDb::migrated(engine).await;
        weeks(&db, &[1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2]).await;
        // Seen, confirmed after five weeks, moved, confirmed after five more.
        let history = "SELECT asn_number FROM ip_asn_history ORDER BY observed_at";
        assert_eq!(numbers(&db, history).await, [1, 1, 2, 2], "{engine:?}");
        let snapshots = "SELECT snapshot_asn FROM session_summaries ORDER BY session_id";
        assert_eq!(
            numbers(&db, snapshots).await,
            [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2],
            "{engine:?}"
        );
    }
}

async fn numbers(db: &TestDb, query: &str) -> Vec<i64> {
    let statement = Statement::from_string(db.connection().get_database_backend(), query);
    let rows = db.connection().query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

#[tokio::test]
async fn addresses_of_this_machine_are_never_asked_about() {
    for engine in Engine::ALL {
        let db = TestDb::migrated(engine).await;
        load_into(&db, &logs(&["s-ipv6"]), PLAIN).await;
        for row in rows(&db).await {
            assert!(row.is_bogon, "{}", row.source_ip);
            assert_eq!(row.status.as_deref(), Some("skipped"));
            assert_eq!(row.reason.as_deref(), Some("not public"));
            assert_eq!((row.snapshot_asn, row.snapshot_country), (None, None));
        }
    }
}

#[tokio::test]
async fn without_a_database_the_inventory_is_there_and_says_why_nothing_is_known() {
    for engine in Engine::ALL {
        let db = TestDb::migrated(engine).await;
        load_into(&db, &logs(&["example"]), How { with_mmdb: false, ..PLAIN }).await;
        let found = rows(&db).await;
        assert!(found.len() > 500);
        for row in &found {
            assert_eq!(row.reason.as_deref(), Some("not configured"));
            assert_eq!((row.snapshot_asn, &row.snapshot_country), (None, &None));
        }
    }
}

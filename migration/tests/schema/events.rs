//! Documents of events and the view `raw_events` over them.

use cowrie_schema::raw_events;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, Statement,
};

use crate::support::{NOON, both, bytes, column, refused, run, value};

/// 2026-03-29T12:00:00.123Z in milliseconds since 1970 is 0x019d39771a7b.
const NOON_ID: &str = "019d39771a7b00112233445566778899";
const EARLIEST_ID: &str = "00000000000000000000000000000001";
/// 9999-12-31T23:59:59.999Z.
const LATEST_ID: &str = "e677d21fdbffffffffffffffffffffff";

/// Adds a document.
async fn add(db: &DatabaseConnection, session_id: &str, part: u32, ids: &[&str], events: &str) {
    run(db, &insert(db, session_id, part, ids.len(), &ids.concat(), events)).await;
}

fn insert(
    db: &DatabaseConnection,
    session_id: &str,
    part: u32,
    n_events: usize,
    ids: &str,
    events: &str,
) -> String {
    let ids = bytes(db, ids);
    format!(
        "INSERT INTO session_events (session_id, part, sensor, first_event_at, last_event_at, \
         n_events, event_ids, events) \
         VALUES ('{session_id}', {part}, 'a', '{NOON}', '{NOON}', {n_events}, {ids}, '{events}')"
    )
}

#[tokio::test]
async fn a_document_holds_an_id_for_each_event() {
    for test in both().await {
        let db = test.connection();
        let event = r#"[{"eventid":"a"}]"#;
        for (n_events, ids) in [(1, ""), (1, "0011"), (2, NOON_ID), (0, "")] {
            refused(db, &insert(db, "s", 0, n_events, ids, event), "check").await;
        }
        refused(db, &insert(db, "s", 0, 1, NOON_ID, "[{"), "").await;
        add(db, "s", 0, &[NOON_ID], event).await;
        refused(db, &insert(db, "s", 0, 1, NOON_ID, event), "unique").await;
        add(db, "s", 1, &[EARLIEST_ID], event).await;
    }
}

/// One event for each kind of trouble: times at both ends, a key that is missing, text that
/// stands for NUL and for half a character, and a document of events without a session.
#[tokio::test]
async fn each_event_of_a_document_is_a_row() {
    let events = r#"[
        {"eventid":"cowrie.session.connect","n":1.50,"a":"\u00e4"},
        {"eventid":"cowrie.login.failed","password":"x\ue0000y","username":"\ue000d800"},
        {"message":"no event id"}]"#;
    for test in both().await {
        let db = test.connection();
        add(db, "0123456789ab", 3, &[EARLIEST_ID, NOON_ID, LATEST_ID], events).await;
        add(db, "day/a/2026-03-29", 0, &[NOON_ID], r#"[{"eventid":"cowrie.log"}]"#).await;
        let rows = raw_events::Entity::find()
            .order_by_asc(raw_events::Column::SessionId)
            .order_by_asc(raw_events::Column::Position)
            .all(db)
            .await
            .unwrap();
        let mut found: Vec<String> = rows
            .iter()
            .map(|row| {
                format!(
                    "{} {} {}.{} {} {} {}",
                    row.id,
                    row.session_id.as_deref().unwrap_or("-"),
                    row.part,
                    row.position,
                    row.sensor.as_deref().unwrap_or("-"),
                    row.event_type.as_deref().unwrap_or("-"),
                    row.event_timestamp.to_rfc3339()
                )
            })
            .collect();
        found.sort();
        assert_eq!(
            found,
            [
                format!(
                    "{EARLIEST_ID} 0123456789ab 3.0 a cowrie.session.connect 1970-01-01T00:00:00+00:00"
                ),
                format!("{NOON_ID} - 0.0 a cowrie.log 2026-03-29T12:00:00.123+00:00"),
                format!(
                    "{NOON_ID} 0123456789ab 3.1 a cowrie.login.failed 2026-03-29T12:00:00.123+00:00"
                ),
                format!("{LATEST_ID} 0123456789ab 3.2 a - 9999-12-31T23:59:59.999+00:00"),
            ]
        );
        let escaped =
            rows.iter().find(|row| row.event_type.as_deref() == Some("cowrie.login.failed"));
        let payload = &escaped.unwrap().payload;
        assert_eq!(payload["password"], "x\u{e000}0y");
        assert_eq!(payload["username"], "\u{e000}d800");
    }
}

/// Time as text in SQLite is in the one form that sorts, so that legacy SQL can compare it.
#[tokio::test]
async fn times_compare_with_times_of_other_tables() {
    for test in both().await {
        let db = test.connection();
        add(db, "s", 0, &[NOON_ID], r#"[{"eventid":"a"}]"#).await;
        let after = "SELECT id FROM raw_events JOIN session_events USING (session_id) \
                     WHERE event_timestamp > first_event_at";
        assert_eq!(column(db, after).await, [NOON_ID]);
    }
    let [sqlite, _] = both().await;
    add(sqlite.connection(), "s", 0, &[NOON_ID], r#"[{"eventid":"a"}]"#).await;
    let text = value(sqlite.connection(), "SELECT event_timestamp FROM raw_events").await;
    assert_eq!(text, "2026-03-29T12:00:00.123000+00:00");
}

/// The view can be asked in the ways that legacy SQL asks, by key and by contents.
#[tokio::test]
async fn the_view_can_be_filtered() {
    for test in both().await {
        let db = test.connection();
        for session in ["s1", "s2", "day0", "day/a/2026-03-29", "d"] {
            let events = r#"[{"eventid":"cowrie.command.input","input":"ls"},{"eventid":"b"}]"#;
            add(db, session, 0, &[EARLIEST_ID, NOON_ID], events).await;
        }
        let by_entity = raw_events::Entity::find()
            .filter(raw_events::Column::SessionId.eq("s1"))
            .all(db)
            .await
            .unwrap();
        assert_eq!(by_entity.len(), 2);
        let commands = "SELECT session_id FROM raw_events WHERE payload ->> 'input' = 'ls' \
                        AND event_type = 'cowrie.command.input' ORDER BY 1 DESC";
        let found = column(db, commands).await;
        assert_eq!(found.len(), 5);
        assert!(found.contains(&"day0".to_owned()) && found.contains(&"-".to_owned()));
        let sessions = "SELECT count(DISTINCT session_id) || '' FROM raw_events";
        assert_eq!(value(db, sessions).await, "4");
    }
}

/// Looking up one session reads its documents by key and not the whole table.
#[tokio::test]
async fn a_session_is_found_by_its_key() {
    let [sqlite, postgres] = both().await;
    let db = sqlite.connection();
    let statement = Statement::from_string(
        DbBackend::Sqlite,
        "EXPLAIN QUERY PLAN SELECT * FROM raw_events WHERE session_id = 's1'",
    );
    let rows = db.query_all_raw(statement).await.unwrap();
    let plan: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
    assert!(plan.iter().any(|line| line.contains("(session_id=?)")), "{plan:?}");
    let db = postgres.connection();
    run(
        db,
        "INSERT INTO session_events SELECT 's' || n, 0, 'a', now(), now(), 1, \
             decode('019d39771a7b00112233445566778899', 'hex'), '[{}]' \
             FROM generate_series(1, 5000) AS n",
    )
    .await;
    run(db, "ANALYZE session_events").await;
    let plan = column(db, "EXPLAIN SELECT * FROM raw_events WHERE session_id = 's1'").await;
    assert!(plan.iter().all(|line| !line.contains("Seq Scan")), "{plan:?}");
}

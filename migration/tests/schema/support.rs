//! What these tests share: statements, and whether a database takes them.

use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

/// An hour that both engines read.
pub(crate) const NOON: &str = "2026-03-29T12:00:00.000000+00:00";

/// Runs a statement, or says why not.
pub(crate) async fn try_run(db: &DatabaseConnection, sql: &str) -> Result<u64, DbErr> {
    db.execute_unprepared(sql).await.map(|done| done.rows_affected())
}

/// Runs a statement that must succeed.
pub(crate) async fn run(db: &DatabaseConnection, sql: &str) {
    if let Err(error) = try_run(db, sql).await {
        panic!("`{sql}` failed: {error}");
    }
}

/// Runs a statement that must be refused with these words.
pub(crate) async fn refused(db: &DatabaseConnection, sql: &str, words: &str) {
    match try_run(db, sql).await {
        Ok(rows) => panic!("`{sql}` was taken, {rows} rows"),
        Err(error) => {
            let message = error.to_string().to_lowercase();
            assert!(message.contains(&words.to_lowercase()), "`{sql}` was refused by: {message}");
        }
    }
}

/// The first column of every row, as text; NULL is `-`.
pub(crate) async fn column(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.unwrap_or_else(|e| panic!("`{sql}` failed: {e}"));
    rows.iter()
        .map(|row| {
            let text: Option<String> = row.try_get_by_index(0).unwrap();
            text.unwrap_or_else(|| "-".to_owned())
        })
        .collect()
}

/// The first column of the only row, as text.
pub(crate) async fn value(db: &DatabaseConnection, sql: &str) -> String {
    column(db, sql).await.join(" AND ")
}

/// A migrated database of each kind.
pub(crate) async fn both() -> [TestDb; 2] {
    [TestDb::migrated(Engine::Sqlite).await, TestDb::migrated(Engine::Postgres).await]
}

/// Bytes, as the engine spells them.
pub(crate) fn bytes(db: &DatabaseConnection, hex: &str) -> String {
    match db.get_database_backend() {
        DbBackend::Postgres => format!(r"'\x{hex}'::bytea"),
        _ => format!("x'{hex}'"),
    }
}

/// Adds a session without anything.
pub(crate) async fn add_session(db: &DatabaseConnection, session_id: &str) {
    let sql = format!(
        "INSERT INTO session_summaries (session_id, first_event_at, last_event_at, updated_at) \
         VALUES ('{session_id}', '{NOON}', '{NOON}', '{NOON}')"
    );
    run(db, &sql).await;
}

/// Adds an AS.
pub(crate) async fn add_asn(db: &DatabaseConnection, asn: u32) {
    let sql = format!(
        "INSERT INTO asn_inventory (asn_number, first_seen, last_seen) \
         VALUES ({asn}, '{NOON}', '{NOON}')"
    );
    run(db, &sql).await;
}

/// Adds an address with an enrichment, which is written as SQL.
pub(crate) async fn add_ip(db: &DatabaseConnection, ip: &str, enrichment: &str) {
    let sql = format!(
        "INSERT INTO ip_inventory (ip_address, first_seen, last_seen, enrichment) \
         VALUES ('{ip}', '{NOON}', '{NOON}', {enrichment})"
    );
    run(db, &sql).await;
}

//! Every row of a database in one form, whichever engine holds it.

use std::collections::BTreeMap;

use cowrie_schema::{ColumnInfo, ColumnKind, Presence, Role, TableInfo, tables};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

/// The rows of each table that has any, as sorted lines; columns of work are left out.
pub(crate) type Dump = BTreeMap<&'static str, Vec<String>>;

/// What stands for a number that the database handed out: the row that it names.
const NAMED: [(&str, &str); 4] = [
    (
        "password_session_usage",
        "(SELECT p.password_hash FROM password_tracking p WHERE p.id = t.password_id)",
    ),
    (
        "session_ssh_keys",
        "(SELECT k.key_fingerprint FROM ssh_key_intelligence k WHERE k.id = t.ssh_key_id)",
    ),
    ("ssh_key_associations", FIRST_KEY),
    ("ssh_key_associations", LAST_KEY),
];

const FIRST_KEY: &str = "(SELECT min(k.key_fingerprint) FROM ssh_key_intelligence k \
     WHERE k.id IN (t.key_id_1, t.key_id_2))";
const LAST_KEY: &str = "(SELECT max(k.key_fingerprint) FROM ssh_key_intelligence k \
     WHERE k.id IN (t.key_id_1, t.key_id_2))";

/// Reads every table and view.
pub(crate) async fn dump(db: &DatabaseConnection) -> Dump {
    let mut dump = Dump::new();
    for table in tables().iter().filter(|table| table.presence != Presence::WithVectors) {
        let lines = lines(db, table).await;
        if !lines.is_empty() {
            dump.insert(table.name, lines);
        }
    }
    dump
}

async fn lines(db: &DatabaseConnection, table: &TableInfo) -> Vec<String> {
    let columns: Vec<&ColumnInfo> = table
        .columns
        .iter()
        .filter(|column| column.role != Role::Work && !column.name.starts_with("key_id_"))
        .collect();
    let backend = db.get_database_backend();
    let mut selected: Vec<String> = columns.iter().map(|column| as_text(backend, column)).collect();
    let named = NAMED.iter().filter(|(name, _)| *name == table.name);
    selected.extend(named.map(|(_, sql)| (*sql).to_owned()));
    if columns.is_empty() {
        return Vec::new();
    }
    let sql = format!("SELECT {} FROM {} t", selected.join(", "), table.name);
    let rows = db.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cell = |at: usize| -> String {
                let text: Option<String> = row.try_get_by_index(at).unwrap();
                let name = columns.get(at).map_or("names", |column| column.name.as_str());
                let kind = columns.get(at).map_or(ColumnKind::Text, |column| column.kind);
                // SQLite's JSON functions drop the blanks that a table keeps.
                let kind = if table.presence == Presence::View && kind == ColumnKind::JsonDocument {
                    ColumnKind::JsonObject
                } else {
                    kind
                };
                format!(
                    "{name}={}",
                    text.map_or_else(|| "NULL".to_owned(), |text| plain(kind, &text))
                )
            };
            (0..selected.len()).map(cell).collect::<Vec<_>>().join(" | ")
        })
        .collect();
    lines.sort();
    lines
}

/// The column as text, in SQL.
fn as_text(backend: DbBackend, column: &ColumnInfo) -> String {
    let name = format!("t.{}", column.name);
    match (backend, column.kind) {
        (_, ColumnKind::Text) => name,
        (DbBackend::Postgres, ColumnKind::Time) => format!(
            "to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+00:00'"
        ),
        (DbBackend::Postgres, ColumnKind::Bytes) => format!("encode({name}, 'hex')"),
        (_, ColumnKind::Bytes) => format!("lower(hex({name}))"),
        (DbBackend::Sqlite, ColumnKind::Boolean) => {
            format!("CASE {name} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END")
        }
        _ => format!("CAST({name} AS text)"),
    }
}

/// Numbers and JSON in one spelling.
fn plain(kind: ColumnKind, text: &str) -> String {
    match kind {
        ColumnKind::Double => text.parse::<f64>().unwrap().to_string(),
        ColumnKind::JsonObject => {
            serde_json::from_str::<serde_json::Value>(text).unwrap().to_string()
        }
        _ => text.to_owned(),
    }
}

/// Fails with the first lines that differ, not with megabytes.
#[track_caller]
pub(crate) fn assert_same(left: &Dump, right: &Dump) {
    let tables: Vec<_> = left.keys().collect();
    assert_eq!(tables, right.keys().collect::<Vec<_>>(), "tables with rows");
    for (table, rows) in left {
        let others = &right[table];
        let only_left: Vec<_> = rows.iter().filter(|row| !others.contains(row)).take(2).collect();
        let only_right: Vec<_> = others.iter().filter(|row| !rows.contains(row)).take(2).collect();
        assert!(
            rows == others,
            "{table}: {} and {} rows\n  only left: {only_left:#?}\n  only right: {only_right:#?}",
            rows.len(),
            others.len()
        );
    }
}

#![doc = include_str!("../README.md")]

// Both sides are written as one line per fact (a column with its type, an index with its
// columns, a foreign key with its action, a trigger), so that comparing them is comparing two
// sets of lines.

use std::collections::BTreeSet;

use cowrie_schema::{INDEXES, Presence, TRIGGERS, TableInfo, UNIQUE_KEYS, tables};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

/// What a migrated database has that the entities do not tell of, and what it lacks; empty when
/// they agree.
///
/// Compared are columns (name, type, NULL or not, generated or not), primary and unique keys,
/// indexes, foreign keys and triggers; in SQLite also that foreign keys are enforced and hold.
/// Tables that no entity tells of are left alone.
pub async fn differences(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let engine = db.get_database_backend();
    let expected_tables = expected_tables(db).await?;
    let names: BTreeSet<&str> = expected_tables.iter().map(|table| table.name).collect();
    let expected: BTreeSet<String> =
        expected_tables.iter().flat_map(|table| facts_of(table, engine)).collect();
    let mut actual = BTreeSet::new();
    for query in queries(engine) {
        for row in db.query_all_raw(Statement::from_string(engine, *query)).await? {
            let table: String = row.try_get_by_index(0)?;
            let fact: String = row.try_get_by_index(1)?;
            if names.contains(table.as_str()) {
                actual.insert(fact);
            }
        }
    }
    let missing = expected.difference(&actual).map(|fact| format!("missing: {fact}"));
    let surplus = actual.difference(&expected).map(|fact| format!("unexpected: {fact}"));
    let mut found: Vec<String> = missing.chain(surplus).collect();
    if engine == DbBackend::Sqlite {
        found.extend(broken_references(db).await?);
    }
    Ok(found)
}

/// The tables that this database should have: those with vectors only beside pgvector.
async fn expected_tables(db: &DatabaseConnection) -> Result<Vec<TableInfo>, DbErr> {
    let has_vectors = db.get_database_backend() == DbBackend::Postgres && {
        let query = "SELECT 1 FROM pg_extension WHERE extname = 'vector'";
        db.query_one_raw(Statement::from_string(DbBackend::Postgres, query)).await?.is_some()
    };
    let is_expected = |table: &TableInfo| has_vectors || table.presence != Presence::WithVectors;
    Ok(tables().into_iter().filter(is_expected).collect())
}

/// What the entity, and the lists beside the entities, say of one table.
fn facts_of(table: &TableInfo, engine: DbBackend) -> Vec<String> {
    let name = table.name;
    let mut facts = column_facts(table, engine);
    if table.presence == Presence::View {
        return facts;
    }
    facts.push(format!("key {name} ({})", sorted(&table.primary_key)));
    for key in UNIQUE_KEYS.iter().filter(|key| key.table == name) {
        facts.push(format!("key {name} ({})", sorted(key.columns)));
    }
    for index in INDEXES.iter().filter(|index| index.table == name) {
        let partial = if index.is_partial { " partial" } else { "" };
        facts.push(format!("index {} {name} ({}){partial}", index.name, index.columns.join(", ")));
    }
    for key in &table.foreign_keys {
        facts.push(format!(
            "foreign key {name}.{} to {}.{} on delete {}",
            key.column, key.to_table, key.to_column, key.on_delete
        ));
    }
    for trigger in TRIGGERS.iter().filter(|trigger| trigger.table == name) {
        facts.push(format!("trigger {} {name}", trigger.name));
    }
    facts
}

/// A view's columns have names only: what types they have follows from the tables below it.
fn column_facts(table: &TableInfo, engine: DbBackend) -> Vec<String> {
    let fact = |column: &cowrie_schema::ColumnInfo| {
        let place = format!("column {}.{}", table.name, column.name);
        if table.presence == Presence::View {
            return place;
        }
        let column_type = match engine {
            DbBackend::Postgres => column.kind.in_postgres(),
            _ => column.kind.in_sqlite().unwrap_or("none").to_owned(),
        };
        let null = if column.is_nullable { "null" } else { "not null" };
        let generated = if column.rule.is_some() { " generated" } else { "" };
        format!("{place} {column_type} {null}{generated}")
    };
    table.columns.iter().map(fact).collect()
}

/// Keys are compared as sets of columns: their order is the index's affair.
fn sorted<S: AsRef<str>>(columns: &[S]) -> String {
    let columns: BTreeSet<&str> = columns.iter().map(AsRef::as_ref).collect();
    columns.into_iter().collect::<Vec<_>>().join(", ")
}

/// What is wrong with the foreign keys of a SQLite database as this connection sees them.
async fn broken_references(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let sqlite = |query: &str| Statement::from_string(DbBackend::Sqlite, query);
    let mut found = Vec::new();
    let enforced = db.query_one_raw(sqlite("PRAGMA foreign_keys")).await?;
    let is_enforced = enforced.map(|row| row.try_get_by_index::<i32>(0)).transpose()?;
    if is_enforced != Some(1) {
        found.push("foreign keys are not enforced on this connection".to_owned());
    }
    let orphans = "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2";
    for row in db.query_all_raw(sqlite(orphans)).await? {
        let (table, parent): (String, String) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let rows: i64 = row.try_get_by_index(2)?;
        found.push(format!("{rows} rows of {table} point to no row of {parent}"));
    }
    Ok(found)
}

/// Queries that give a table and a fact about it in each row.
fn queries(engine: DbBackend) -> &'static [&'static str] {
    match engine {
        DbBackend::Postgres => &POSTGRES,
        _ => &SQLITE,
    }
}

const POSTGRES: [&str; 5] = [
    "SELECT t.relname::text, 'column ' || t.relname || '.' || c.attname
        || CASE WHEN t.relkind = 'v' THEN '' ELSE
            ' ' || format_type(c.atttypid, c.atttypmod)
            || CASE WHEN c.attnotnull THEN ' not null' ELSE ' null' END
            || CASE WHEN c.attgenerated <> '' THEN ' generated' ELSE '' END END
    FROM pg_attribute AS c JOIN pg_class AS t ON t.oid = c.attrelid
    WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p', 'v')
        AND c.attnum > 0 AND NOT c.attisdropped",
    "SELECT t.relname::text, 'key ' || t.relname || ' ('
        || string_agg(c.attname, ', ' ORDER BY c.attname COLLATE \"C\") || ')'
    FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
    JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attnum = ANY (i.indkey)
    WHERE t.relnamespace = current_schema()::regnamespace AND i.indisunique AND i.indisvalid
    GROUP BY t.relname, i.indexrelid",
    "SELECT t.relname::text, 'index ' || n.relname || ' ' || t.relname || ' ('
        || string_agg(c.attname, ', ' ORDER BY k.place) || ')'
        || CASE WHEN i.indpred IS NULL THEN '' ELSE ' partial' END
    FROM pg_index AS i JOIN pg_class AS t ON t.oid = i.indrelid
    JOIN pg_class AS n ON n.oid = i.indexrelid
    CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
    JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attnum = k.number
    WHERE t.relnamespace = current_schema()::regnamespace AND NOT i.indisunique AND i.indisvalid
    GROUP BY t.relname, n.relname, i.indexrelid, i.indpred IS NULL",
    "SELECT t.relname::text, 'foreign key ' || t.relname || '.' || c.attname || ' to '
        || r.relname || '.' || d.attname || ' on delete '
        || CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL'
            ELSE 'NO ACTION' END
        || CASE WHEN k.convalidated THEN '' ELSE ' not valid' END
    FROM pg_constraint AS k JOIN pg_class AS t ON t.oid = k.conrelid
    JOIN pg_class AS r ON r.oid = k.confrelid
    JOIN pg_attribute AS c ON c.attrelid = t.oid AND c.attnum = ANY (k.conkey)
    JOIN pg_attribute AS d ON d.attrelid = r.oid AND d.attnum = ANY (k.confkey)
    WHERE k.contype = 'f' AND t.relnamespace = current_schema()::regnamespace",
    "SELECT t.relname::text, 'trigger ' || g.tgname || ' ' || t.relname
    FROM pg_trigger AS g JOIN pg_class AS t ON t.oid = g.tgrelid
    WHERE NOT g.tgisinternal AND g.tgenabled <> 'D'
        AND t.relnamespace = current_schema()::regnamespace",
];

const SQLITE: [&str; 6] = [
    "SELECT t.name, 'column ' || t.name || '.' || c.name
        || CASE WHEN t.type = 'view' THEN '' ELSE
            ' ' || lower(c.type)
            || CASE WHEN c.\"notnull\" THEN ' not null' ELSE ' null' END
            || CASE WHEN c.hidden IN (2, 3) THEN ' generated' ELSE '' END END
    FROM sqlite_master AS t, pragma_table_xinfo(t.name) AS c
    WHERE t.type IN ('table', 'view')",
    // The key of a table with a numbered row is the row's number and has no index.
    "SELECT name, 'key ' || name || ' (' || group_concat(part, ', ') || ')' FROM (
        SELECT t.name AS name, c.name AS part
        FROM sqlite_master AS t, pragma_table_xinfo(t.name) AS c
        WHERE t.type = 'table' AND c.pk > 0 ORDER BY t.name, c.name
    ) GROUP BY name",
    "SELECT name, 'key ' || name || ' (' || group_concat(part, ', ') || ')' FROM (
        SELECT t.name AS name, i.name AS number, c.name AS part
        FROM sqlite_master AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
        WHERE t.type = 'table' AND i.\"unique\" ORDER BY t.name, i.name, c.name
    ) GROUP BY name, number",
    "SELECT name, 'index ' || number || ' ' || name || ' (' || group_concat(part, ', ') || ')'
        || CASE WHEN partial THEN ' partial' ELSE '' END FROM (
        SELECT t.name AS name, i.name AS number, i.partial AS partial, c.name AS part
        FROM sqlite_master AS t, pragma_index_list(t.name) AS i, pragma_index_info(i.name) AS c
        WHERE t.type = 'table' AND NOT i.\"unique\" ORDER BY t.name, i.name, c.seqno
    ) GROUP BY name, number, partial",
    "SELECT t.name, 'foreign key ' || t.name || '.' || k.\"from\" || ' to ' || k.\"table\"
        || '.' || k.\"to\" || ' on delete ' || k.on_delete
    FROM sqlite_master AS t, pragma_foreign_key_list(t.name) AS k WHERE t.type = 'table'",
    "SELECT tbl_name, 'trigger ' || name || ' ' || tbl_name
    FROM sqlite_master WHERE type = 'trigger'",
];

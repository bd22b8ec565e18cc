//! The text of `docs/schema.md`.

use std::fmt::Write as _;

use cowrie_schema::{
    ColumnInfo, INDEXES, Presence, Role, TRIGGERS, TableInfo, UNIQUE_KEYS, tables,
};

use crate::sources::{Comments, comments};

const OPENING: &str = "\
# Schema

<!-- Generated from the entities of cowrie-schema. To write it anew:
     UPDATE_DOCS=1 cargo test -p cowrie-schema --test reference -->

Every table, column, index and trigger, in SQLite and in PostgreSQL 14 or newer.
The tables are made by the steps of `migration/`; `cowrie-db status` shows which a database has.

## What holds everywhere

* Times are UTC, to the microsecond. SQLite keeps them as text in the one form \
`2025-01-01T00:00:00.123456+00:00`, so that the order of the text is the order of the times; \
days are `YYYY-MM-DD`.
* A JSON column is NULL or an object with at least one key: a CHECK refuses `null`, `{}` and \
whatever is not an object. In an `enrichment`, the keys `_meta`, `maxmind`, `cymru`, `greynoise`, \
`dshield`, `urlhaus`, `spur`, `virustotal`, `ip_classification` and `validation` hold such an \
object each or are not there. The events of a session are an array and are kept as they were \
written.
* Session ids and addresses are compared byte by byte (`COLLATE \"C\"` in PostgreSQL).
* Foreign keys are enforced in both engines (`PRAGMA foreign_keys = ON` in SQLite).
* Rows are never replaced (`INSERT OR REPLACE`): it would pass by the triggers.
* Every index names the statement it serves. Tables of a session begin their key with \
`session_id`, so that they can be split by it.
";

const ROLES: &str = "\
## What equality means

Two databases that hold the same events are equal in every column but those below.
*Work* is facts of runs: keys of runs, times of loading, asking and storing, durations, and numbers \
that the database handed out; it is left out of comparisons, and a number is compared through the \
row it names.
*Knowledge* is what sources said and what follows from it; it is compared when the answers in force \
are equal.
The pair of numbers in `ssh_key_associations` is compared through the keys' fingerprints.
Inside of `enrichment`, times of asking (`fetched_at`, and `at` of a snapshot value) are work.
The span of a network is not narrowed again when a session turns out to come from elsewhere.
";

/// The whole document.
pub(crate) fn text() -> String {
    let mut text = OPENING.to_owned();
    let tables = tables();
    text.push_str("\n## Tables\n\n");
    for table in &tables {
        let about = comments(table.name).table;
        writeln!(text, "* [`{0}`](#{0}): {about}", table.name).unwrap();
    }
    text.push('\n');
    text.push_str(ROLES);
    write_role(&mut text, &tables, Role::Work, "Work");
    write_role(&mut text, &tables, Role::Knowledge, "Knowledge");
    for table in &tables {
        write_table(&mut text, table);
    }
    text
}

fn write_role(text: &mut String, tables: &[TableInfo], role: Role, title: &str) {
    writeln!(text, "\n### {title}\n\n| table | columns |\n| --- | --- |").unwrap();
    for table in tables.iter().filter(|table| table.presence != Presence::View) {
        let columns: Vec<&str> =
            table.columns.iter().filter(|c| c.role == role).map(|c| c.name.as_str()).collect();
        if columns.len() == table.columns.len() {
            writeln!(text, "| `{}` | all |", table.name).unwrap();
        } else if !columns.is_empty() {
            writeln!(text, "| `{}` | {} |", table.name, quoted(&columns)).unwrap();
        }
    }
}

fn write_table(text: &mut String, table: &TableInfo) {
    let comments = comments(table.name);
    writeln!(text, "\n## {}\n\n{}\n", table.name, comments.table).unwrap();
    text.push_str("| column | PostgreSQL | SQLite | NULL | meaning |\n");
    text.push_str("| --- | --- | --- | --- | --- |\n");
    for column in &table.columns {
        write_column(text, &comments, column);
    }
    let facts = facts(table);
    if !facts.is_empty() {
        text.push('\n');
    }
    for fact in facts {
        writeln!(text, "* {fact}").unwrap();
    }
}

fn write_column(text: &mut String, comments: &Comments, column: &ColumnInfo) {
    let meaning = comments.columns.get(&column.name).expect("each column has its comment");
    let role = match column.role {
        Role::Events => "",
        Role::Work => " *Work.*",
        Role::Knowledge => " *Knowledge.*",
    };
    let in_postgres = column.kind.in_postgres();
    let in_sqlite = column.kind.in_sqlite().unwrap_or("-");
    let null = if column.is_nullable { "yes" } else { "no" };
    let name = &column.name;
    writeln!(text, "| `{name}` | {in_postgres} | {in_sqlite} | {null} | {meaning}{role} |")
        .unwrap();
}

/// What else is to be said of a table, a sentence each.
fn facts(table: &TableInfo) -> Vec<String> {
    let mut facts = Vec::new();
    if table.presence == Presence::View {
        return facts;
    }
    facts.push(format!("Primary key: {}.", quoted(&table.primary_key)));
    for key in UNIQUE_KEYS.iter().filter(|key| key.table == table.name) {
        facts.push(format!("Unique: {}; {}.", quoted(key.columns), key.serves));
    }
    for key in &table.foreign_keys {
        let action = match key.on_delete {
            "CASCADE" => "; the row goes with it",
            "SET NULL" => "; becomes NULL when that row goes",
            _ => "; that row cannot go before",
        };
        facts.push(format!(
            "Foreign key: `{}` names `{}.{}`{action}.",
            key.column, key.to_table, key.to_column
        ));
    }
    for column in &table.columns {
        if let Some(rule) = column.rule {
            facts.push(format!("Generated: `{}` is {rule}.", column.name));
        }
    }
    for index in INDEXES.iter().filter(|index| index.table == table.name) {
        let partial = if index.is_partial { ", where the first is known" } else { "" };
        let columns = quoted(index.columns);
        facts.push(format!("Index `{}` over {columns}{partial}: {}.", index.name, index.serves));
    }
    for trigger in TRIGGERS.iter().filter(|trigger| trigger.table == table.name) {
        facts.push(format!("Trigger `{}` refuses {}.", trigger.name, trigger.refuses));
    }
    facts
}

fn quoted<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}

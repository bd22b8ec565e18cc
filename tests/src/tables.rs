//! The tables that a run left behind.

use std::collections::BTreeMap;
use std::path::Path;

use cowrie_schema::{ColumnInfo, ColumnKind, Presence, Role, TableInfo};
use futures_util::StreamExt as _;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement,
    StreamTrait as _,
};
use sha2::{Digest as _, Sha256};

/// An open database, for questions.
#[derive(Clone, Debug)]
pub struct Tables {
    connection: DatabaseConnection,
}

/// The rows of every table and view as sorted lines, without columns of work.
pub type Contents = BTreeMap<&'static str, Vec<String>>;

/// The number of rows of every table, and a digest of them all.
pub type Digests = BTreeMap<&'static str, Digest>;

/// The number of rows, and the sum of their digests.
type Digest = (u64, u128);

/// The longest line that is kept as it is, in bytes; of longer ones a digest takes the rest.
const LONGEST_LINE: usize = 400;

impl Tables {
    pub(crate) fn on(connection: DatabaseConnection) -> Self {
        Self { connection }
    }

    pub(crate) async fn in_file(path: &Path) -> Self {
        Self::at(&format!("sqlite://{}?mode=rw", path.display())).await
    }

    /// The tables of a database that is there.
    pub async fn at(url: &str) -> Self {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        let connection = Database::connect(options).await;
        Self { connection: connection.expect("could not open the database of the run") }
    }

    /// The connection, for questions that the others here cannot ask.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Runs statements that give nothing back.
    pub async fn execute(&self, statements: &str) {
        let done = self.connection.execute_unprepared(statements).await;
        done.unwrap_or_else(|error| panic!("{statements}: {error}"));
    }

    /// The only column of each row, which must be text; NULL gives `NULL`.
    pub async fn lines(&self, query: &str) -> Vec<String> {
        let engine = self.connection.get_database_backend();
        let rows = self.connection.query_all_raw(Statement::from_string(engine, query)).await;
        let rows = rows.unwrap_or_else(|error| panic!("{query}: {error}"));
        let text = |row: &sea_orm::QueryResult| {
            let text = row.try_get_by_index::<Option<String>>(0);
            let text = text.unwrap_or_else(|error| panic!("{query}: {error}"));
            text.unwrap_or_else(|| "NULL".to_owned())
        };
        rows.iter().map(text).collect()
    }

    /// One number, such as a count.
    pub async fn number(&self, query: &str) -> i64 {
        let engine = self.connection.get_database_backend();
        let row = self.connection.query_one_raw(Statement::from_string(engine, query)).await;
        let row = row.unwrap_or_else(|error| panic!("{query}: {error}"));
        let row = row.unwrap_or_else(|| panic!("{query} gives no row"));
        row.try_get_by_index(0).unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// One number, if the tables that are asked are there.
    pub async fn number_if_there(&self, query: &str) -> Option<i64> {
        let engine = self.connection.get_database_backend();
        let row = self.connection.query_one_raw(Statement::from_string(engine, query)).await;
        row.ok().flatten()?.try_get_by_index(0).ok()
    }

    /// Every row of every table and view, without columns of work: what must be equal wherever
    /// the same events were loaded with the same answers.
    pub async fn contents(&self) -> Contents {
        let mut contents = Contents::new();
        let everywhere = cowrie_schema::tables();
        for table in everywhere.iter().filter(|table| table.presence != Presence::WithVectors) {
            if let Some(query) = self.query_of_lines(table) {
                let mut lines: Vec<String> =
                    self.lines(&query).await.iter().map(|line| comparable(line)).collect();
                lines.sort();
                contents.insert(table.name, lines);
            }
        }
        contents
    }

    /// For each table the number of its rows and a digest that their order does not change: what
    /// [`Tables::contents`] compares, for tables that do not fit into memory. Views are left out.
    pub async fn digests(&self) -> Digests {
        let mut digests = Digests::new();
        for table in cowrie_schema::tables() {
            if table.presence == Presence::Table
                && let Some(query) = self.query_of_lines(&table)
            {
                digests.insert(table.name, self.digest(&query).await);
            }
        }
        digests
    }

    async fn digest(&self, query: &str) -> Digest {
        let engine = self.connection.get_database_backend();
        let rows = self.connection.stream_raw(Statement::from_string(engine, query)).await;
        let mut rows = rows.unwrap_or_else(|error| panic!("{query}: {error}"));
        let (mut n_rows, mut sum) = (0, 0_u128);
        while let Some(row) = rows.next().await {
            let line = row.and_then(|row| row.try_get_by_index::<String>(0));
            let line = line.unwrap_or_else(|error| panic!("{query}: {error}"));
            let digest: [u8; 32] = Sha256::digest(comparable(&line)).into();
            n_rows += 1;
            for half in digest.as_chunks().0 {
                sum = sum.wrapping_add(u128::from_be_bytes(*half));
            }
        }
        (n_rows, sum)
    }

    /// A statement that gives each row as one text; `None` for a table of work alone.
    fn query_of_lines(&self, table: &TableInfo) -> Option<String> {
        let is_postgres = self.connection.get_database_backend() == DbBackend::Postgres;
        let text = |column: &ColumnInfo| {
            let name = &column.name;
            match (is_postgres, column.kind) {
                (false, _) => format!("quote(\"{name}\")"),
                (true, ColumnKind::Bytes) => format!("coalesce(encode(\"{name}\", 'hex'), '-')"),
                (true, _) => format!("quote_nullable(\"{name}\"::text)"),
            }
        };
        // The pair of keys in an association is numbers that the database handed out.
        let is_compared =
            |column: &&ColumnInfo| column.role != Role::Work && !column.name.starts_with("key_id_");
        let columns: Vec<String> = table.columns.iter().filter(is_compared).map(text).collect();
        let columns = columns.join(" || ' ' || ");
        (!columns.is_empty()).then(|| format!("SELECT {columns} FROM {}", table.name))
    }
}

/// Ends the test at the first row in which two databases differ.
#[track_caller]
pub fn assert_same(one: &Contents, other: &Contents) {
    for (table, lines) in one {
        let others = other.get(table).map(Vec::as_slice).unwrap_or_default();
        let missing = lines.iter().find(|line| others.binary_search(line).is_err());
        assert_eq!(missing, None, "{table}: a row of the first database alone");
        let surplus = others.iter().find(|line| lines.binary_search(line).is_err());
        assert_eq!(surplus, None, "{table}: a row of the second database alone");
        assert_eq!(lines.len(), others.len(), "{table}: number of rows");
    }
    assert_eq!(one.len(), other.len(), "number of tables");
}

/// A line without the times of asking, which stand inside documents; of a long one its front and
/// a digest of the whole.
fn comparable(line: &str) -> String {
    let line = without(&without(line, "\"fetched_at\":"), "\"at\":");
    if line.len() <= LONGEST_LINE {
        return line;
    }
    let digest: [u8; 32] = Sha256::digest(&line).into();
    let front: String = line.chars().take(LONGEST_LINE / 2).collect();
    format!("{front}... {digest:02x?}")
}

/// A line without the texts that follow a key in its documents.
fn without(line: &str, key: &str) -> String {
    let mut pieces = line.split(key);
    let mut line = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // The value is a time in quotation marks, after a blank in one of the databases.
        let after = piece.trim_start().trim_start_matches('"').split_once('"');
        line.push_str(after.map_or(piece, |(_, after)| after));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_asking_are_not_compared() {
        let line = |time: &str, blank: &str| {
            format!(
                r#"'{{"_meta":{{"s":{{"fetched_at":{blank}"{time}"}},"snapshot":{{"asn":{{"at":{blank}"{time}","b":1}}}}}}}}'"#
            )
        };
        let expected = r#"'{"_meta":{"s":{},"snapshot":{"asn":{,"b":1}}}}'"#;
        assert_eq!(comparable(&line("2026-01-01T00:00:00Z", "")), expected);
        assert_eq!(comparable(&line("2027", " ")), expected);
        assert_ne!(comparable(&line("x", "").replace(":1", ":2")), expected);
    }
}

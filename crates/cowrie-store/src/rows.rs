//! One statement text for two engines: a body over the relation `rows`, and the rows themselves.

use chrono::{DateTime, Utc};
use cowrie_core::format_time;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Postgres, Sqlite};

use crate::error::StoreError;

/// Rows per statement in SQLite. Larger batches gain nothing, and 64 rows of thirty columns stay
/// far below its limit of 32,766 parameters.
const SQLITE_ROWS: usize = 64;

/// The values of one column, one per row.
#[derive(Debug)]
pub(crate) enum Values {
    Text(Vec<Option<String>>),
    Int(Vec<Option<i64>>),
    Real(Vec<Option<f64>>),
    Bool(Vec<bool>),
    Bytes(Vec<Vec<u8>>),
    Time(Vec<Option<DateTime<Utc>>>),
    /// JSON text for a `jsonb` column.
    Jsonb(Vec<Option<String>>),
    /// JSON text for a `json` column, kept as written.
    Json(Vec<String>),
    /// A day, as `YYYY-MM-DD`.
    Date(Vec<String>),
}

/// A column of texts, one per item.
pub(crate) fn text<'a, T>(items: &'a [T], of: impl Fn(&'a T) -> Option<&'a str>) -> Values {
    Values::Text(items.iter().map(|item| of(item).map(str::to_owned)).collect())
}

/// A column of whole numbers, one per item.
pub(crate) fn int<T>(items: &[T], of: impl Fn(&T) -> Option<i64>) -> Values {
    Values::Int(items.iter().map(of).collect())
}

/// A column of times, one per item.
pub(crate) fn time<T>(items: &[T], of: impl Fn(&T) -> Option<DateTime<Utc>>) -> Values {
    Values::Time(items.iter().map(of).collect())
}

/// A column of flags, one per item.
pub(crate) fn flag<T>(items: &[T], of: impl Fn(&T) -> bool) -> Values {
    Values::Bool(items.iter().map(of).collect())
}

/// A column of JSON documents, one per item, for a `jsonb` column.
pub(crate) fn jsonb<T>(items: &[T], of: impl Fn(&T) -> Option<String>) -> Values {
    Values::Jsonb(items.iter().map(of).collect())
}

/// An unsigned number as databases keep it.
pub(crate) fn number(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) | Self::Jsonb(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Real(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Bytes(values) => values.len(),
            Self::Time(values) => values.len(),
            Self::Json(values) | Self::Date(values) => values.len(),
        }
    }

    /// The PostgreSQL type of the array that carries the column.
    fn array_type(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Jsonb(_) | Self::Json(_) | Self::Date(_) => "text[]",
            Self::Int(_) => "bigint[]",
            Self::Real(_) => "double precision[]",
            Self::Bool(_) => "boolean[]",
            Self::Bytes(_) => "bytea[]",
            Self::Time(_) => "timestamptz[]",
        }
    }

    /// The cast that PostgreSQL needs from the carried type to the column's.
    fn cast(&self) -> &'static str {
        match self {
            Self::Jsonb(_) => "::jsonb",
            Self::Json(_) => "::json",
            Self::Date(_) => "::date",
            _ => "",
        }
    }
}

/// Named columns of equal length: the relation `rows` of a statement.
#[derive(Debug)]
pub(crate) struct Rows {
    columns: Vec<(&'static str, Values)>,
}

impl Rows {
    pub(crate) fn new(columns: Vec<(&'static str, Values)>) -> Self {
        Self { columns }
    }

    /// One column of texts.
    pub(crate) fn of_texts(name: &'static str, texts: impl IntoIterator<Item = String>) -> Self {
        Self::new(vec![(name, Values::Text(texts.into_iter().map(Some).collect()))])
    }

    pub(crate) fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, values)| values.len())
    }

    fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// `rows` from one array per column.
    fn postgres_prefix(&self) -> String {
        let columns = self.columns.iter();
        let (mut arrays, mut selected) = (Vec::new(), Vec::new());
        for (at, (name, values)) in columns.enumerate() {
            arrays.push(format!("${}::{}", at + 1, values.array_type()));
            selected.push(format!("{name}{} AS {name}", values.cast()));
        }
        let (arrays, selected, names) = (arrays.join(", "), selected.join(", "), self.names());
        format!("WITH rows AS (SELECT {selected} FROM unnest({arrays}) AS carried({names}))")
    }

    /// `rows` from a parameter per value.
    fn sqlite_prefix(&self, n_rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns.len()].join(","));
        let (names, values) = (self.names(), vec![row; n_rows].join(","));
        format!("WITH rows({names}) AS (VALUES {values})")
    }
}

/// The transaction of one engine or the other.
#[derive(Debug)]
pub(crate) enum Transaction {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A row type that both engines can give.
pub(crate) trait FromBoth:
    for<'r> sqlx::FromRow<'r, PgRow> + for<'r> sqlx::FromRow<'r, SqliteRow> + Send + Unpin
{
}

impl<T> FromBoth for T where
    T: for<'r> sqlx::FromRow<'r, PgRow> + for<'r> sqlx::FromRow<'r, SqliteRow> + Send + Unpin
{
}

impl Transaction {
    /// Runs `body` over `rows`; `doing` names it in an error.
    ///
    /// In `body`, `{C}` stands for the collation that compares texts by their bytes.
    pub(crate) async fn run(
        &mut self,
        doing: &'static str,
        rows: &Rows,
        body: &str,
    ) -> Result<(), StoreError> {
        if rows.len() == 0 {
            return Ok(());
        }
        let done = match self {
            Self::Sqlite(tx) => {
                let body = body.replace("{C}", "");
                let mut from = 0;
                let mut done = Ok(());
                while from < rows.len() && done.is_ok() {
                    let n_rows = sqlite_chunk(rows.len() - from);
                    let sql = format!("{} {body}", rows.sqlite_prefix(n_rows));
                    let query = bind_sqlite(sql, rows, from, n_rows);
                    done = query.execute(&mut **tx).await.map(|_| ());
                    from += n_rows;
                }
                done
            }
            Self::Postgres(tx) => {
                let body = body.replace("{C}", r#"COLLATE "C""#);
                let sql = format!("{} {body}", rows.postgres_prefix());
                bind_postgres(sql, rows).execute(&mut **tx).await.map(|_| ())
            }
        };
        done.map_err(|source| StoreError::Statement { doing, source })
    }

    /// Runs a question over `rows` and gives its rows.
    pub(crate) async fn fetch<T: FromBoth>(
        &mut self,
        doing: &'static str,
        rows: &Rows,
        body: &str,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        let failed = |source| StoreError::Statement { doing, source };
        match self {
            Self::Sqlite(tx) => {
                let mut from = 0;
                while from < rows.len() {
                    let n_rows = sqlite_chunk(rows.len() - from);
                    let sql = format!("{} {body}", rows.sqlite_prefix(n_rows));
                    let chunk: Vec<SqliteRow> = bind_sqlite(sql, rows, from, n_rows)
                        .fetch_all(&mut **tx)
                        .await
                        .map_err(failed)?;
                    // Each row goes as it is read: documents are large.
                    for row in chunk {
                        found.push(T::from_row(&row).map_err(failed)?);
                    }
                    from += n_rows;
                }
            }
            Self::Postgres(_) if rows.len() == 0 => {}
            Self::Postgres(tx) => {
                let sql = format!("{} {body}", rows.postgres_prefix());
                let chunk = bind_postgres(sql, rows).fetch_all(&mut **tx).await.map_err(failed)?;
                for row in chunk {
                    found.push(T::from_row(&row).map_err(failed)?);
                }
            }
        }
        Ok(found)
    }
}

/// How many of the rows left go into the next statement: 64, then powers of two, so that few
/// different texts are prepared.
fn sqlite_chunk(left: usize) -> usize {
    if left >= SQLITE_ROWS { SQLITE_ROWS } else { 1 << left.ilog2() }
}

fn bind_postgres(sql: String, rows: &Rows) -> Query<'_, Postgres, PgArguments> {
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (_, values) in &rows.columns {
        query = match values {
            Values::Text(texts) | Values::Jsonb(texts) => query.bind(texts.as_slice()),
            Values::Int(numbers) => query.bind(numbers.as_slice()),
            Values::Real(numbers) => query.bind(numbers.as_slice()),
            Values::Bool(flags) => query.bind(flags.as_slice()),
            Values::Bytes(blobs) => query.bind(blobs.as_slice()),
            Values::Time(times) => query.bind(times.as_slice()),
            Values::Json(texts) | Values::Date(texts) => query.bind(texts.as_slice()),
        };
    }
    query
}

/// Binds the values of `n_rows` rows from row `from` on, row by row.
fn bind_sqlite(
    sql: String,
    rows: &Rows,
    from: usize,
    n_rows: usize,
) -> Query<'_, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for at in from..from + n_rows {
        for (_, values) in &rows.columns {
            query = match values {
                Values::Text(texts) | Values::Jsonb(texts) => {
                    query.bind(texts.get(at).and_then(Option::as_deref))
                }
                Values::Int(numbers) => query.bind(numbers.get(at).copied().flatten()),
                Values::Real(numbers) => query.bind(numbers.get(at).copied().flatten()),
                Values::Bool(flags) => query.bind(flags.get(at).copied()),
                Values::Bytes(blobs) => query.bind(blobs.get(at).map(Vec::as_slice)),
                // sqlx would write as many digits as it needs, and text order is time order only
                // where there are equally many.
                Values::Time(times) => {
                    query.bind(times.get(at).copied().flatten().map(format_time))
                }
                Values::Json(texts) | Values::Date(texts) => {
                    query.bind(texts.get(at).map(String::as_str))
                }
            };
        }
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_few_different_sizes() {
        let mut left = 200;
        let mut sizes = Vec::new();
        while left > 0 {
            sizes.push(sqlite_chunk(left));
            left -= sqlite_chunk(left);
        }
        assert_eq!(sizes, [64, 64, 64, 8]);
    }

    #[test]
    fn the_relation_is_spelled_for_each_engine() {
        let rows = Rows::new(vec![
            ("name", Values::Text(vec![Some("a".to_owned()), None])),
            ("doc", Values::Jsonb(vec![None, None])),
        ]);
        assert_eq!(
            rows.postgres_prefix(),
            "WITH rows AS (SELECT name AS name, doc::jsonb AS doc \
             FROM unnest($1::text[], $2::text[]) AS carried(name, doc))"
        );
        assert_eq!(rows.sqlite_prefix(2), "WITH rows(name, doc) AS (VALUES (?,?),(?,?))");
    }
}

//! Rows that a database gives, read alike from both.

use chrono::{DateTime, Utc};
use sqlx::Row as _;

use crate::error::Cause;

/// A row that one engine or the other gave.
#[derive(Debug)]
pub enum Row<'a> {
    /// By SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// By PostgreSQL.
    Postgres(&'a sqlx::postgres::PgRow),
}

/// A type that a column can be read as.
pub trait Column: rusqlite::types::FromSql + Sized {
    /// The value in PostgreSQL.
    fn postgres(row: &sqlx::postgres::PgRow, at: usize) -> Result<Self, sqlx::Error>;
}

macro_rules! columns {
    ($($type:ty),+ $(,)?) => {
        $(impl Column for $type {
            fn postgres(row: &sqlx::postgres::PgRow, at: usize) -> Result<Self, sqlx::Error> {
                row.try_get(at)
            }
        })+
    };
}

columns!(
    String,
    Option<String>,
    i64,
    Option<i64>,
    bool,
    Vec<u8>,
    DateTime<Utc>,
    Option<DateTime<Utc>>,
);

impl Row<'_> {
    /// The value of a column, by its place.
    ///
    /// # Errors
    ///
    /// When there is no such column, or it holds something else.
    pub fn get<T: Column>(&self, at: usize) -> Result<T, Cause> {
        match self {
            Self::Sqlite(row) => Ok(row.get(at)?),
            Self::Postgres(row) => Ok(T::postgres(row, at)?),
        }
    }
}

/// What a question gives, row by row.
pub trait Found: Sized + Send + 'static {
    /// Reads a row; its columns are in the order of the question's.
    ///
    /// # Errors
    ///
    /// When a column is missing or holds something else.
    fn read(row: &Row<'_>) -> Result<Self, Cause>;
}

impl Found for String {
    fn read(row: &Row<'_>) -> Result<Self, Cause> {
        row.get(0)
    }
}

//! What can go wrong with a statement.

/// A statement that failed.
#[derive(Debug, thiserror::Error)]
#[error("failed to {doing}")]
pub struct SqlError {
    /// What was being done.
    pub doing: &'static str,
    /// Why.
    pub source: Cause,
}

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// PostgreSQL said so.
    #[error(transparent)]
    Postgres(#[from] sqlx::Error),
    /// SQLite said so.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// A statement before it failed, or who speaks to the database has ended.
    #[error("the transaction has ended")]
    Ended,
}

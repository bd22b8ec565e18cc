//! What can go wrong between us and a database.

use cowrie_session::BadPart;
use cowrie_sql::SqlError;

/// A failure of the database, or of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be opened or reached.
    #[error("failed to open the database `{shown}` ({})", question(shown))]
    Open {
        /// The database, without a password.
        shown: String,
        /// Why.
        source: sea_orm::DbErr,
    },
    /// The schema could not be looked at or made.
    #[error("failed to bring the schema of `{shown}` up to date")]
    Schema {
        /// The database, without a password.
        shown: String,
        /// Why.
        source: cowrie_migration::MigrateError,
    },
    /// A PostgreSQL database that is not migrated; it never is implicitly.
    #[error(
        "the schema of `{shown}` is at version {found}, and this program needs {needed}: run `cowrie-db migrate`"
    )]
    Outdated {
        /// The database, without a password.
        shown: String,
        /// The version that is there.
        found: u32,
        /// The version of this program.
        needed: u32,
    },
    /// A schema made by a later release.
    #[error(
        "the schema of `{shown}` is at version {found}, newer than the {known} that this program knows: install the newer release"
    )]
    Newer {
        /// The database, without a password.
        shown: String,
        /// The version that is there.
        found: u32,
        /// The newest version of this program.
        known: u32,
    },
    /// A statement failed.
    #[error(transparent)]
    Statement(#[from] SqlError),
    /// A statement that sea-orm ran failed.
    #[error("failed to {doing}")]
    Query {
        /// What was being done.
        doing: &'static str,
        /// Why.
        source: sea_orm::DbErr,
    },
    /// A stored document cannot be read.
    #[error("failed to read part {part} of session `{session_id}`")]
    Document {
        /// The session.
        session_id: String,
        /// The document.
        part: i64,
        /// Why.
        source: BadPart,
    },
}

/// What whoever reads that a database cannot be opened looks at first.
fn question(shown: &str) -> &'static str {
    if shown.contains("://") {
        "does the server run, and are host, port, user and database right?"
    } else {
        "is it a SQLite file, and may this user read and write it?"
    }
}

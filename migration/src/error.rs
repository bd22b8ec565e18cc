//! Why a schema could not be read or changed, and what to do about it.

use sea_orm_migration::sea_orm::DbErr;

/// Why [`crate::up`], [`crate::plan`], [`crate::down`] or [`crate::status`] gave up.
///
/// Whatever the case, each step is in the database as a whole or not at all.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database belongs to the legacy program; nothing was changed.
    #[error(
        "this database was made by the legacy program at version {version}; adopting it is not \
         supported by this version yet; nothing was changed; name an empty database instead"
    )]
    Legacy {
        /// The legacy program's `schema_version`, 0 when it kept none.
        version: u32,
    },
    /// A SQLite file with tables of another program; nothing was changed.
    #[error(
        "this database holds tables of another program; nothing was changed; name another file"
    )]
    Other,
    /// A PostgreSQL database that cannot hold every character; nothing was changed.
    #[error(
        "the encoding of this database is {encoding}, and must be UTF8 to hold what attackers send; \
         nothing was changed; create one with `createdb --encoding=UTF8 --template=template0`"
    )]
    Encoding {
        /// What the server says of the database.
        encoding: String,
    },
    /// The schema is of a later release than this program; nothing was changed.
    #[error(
        "the schema of this database is version {found}, this program knows {newest} at most; \
         nothing was changed; use the release that made it, or a later one"
    )]
    Newer {
        /// The version in the database.
        found: u32,
        /// The last version this program knows.
        newest: u32,
    },
    /// The caller named a step that there is not.
    #[error("there is no schema version {number}; the versions are 11 to {newest}")]
    UnknownVersion {
        /// What the caller named.
        number: u32,
        /// The last version this program knows.
        newest: u32,
    },
    /// The schema's state could not be read.
    #[error("failed to read the version of the schema; check the database and its rights")]
    Read {
        /// What the database said.
        source: DbErr,
    },
    /// The lock that lets one program at a time change the schema was not to be had.
    #[error(
        "failed to lock the schema; another program may be changing it: wait for it and run \
         the migration again"
    )]
    Lock {
        /// What the database said.
        source: DbErr,
    },
    /// A step failed and was rolled back; those before it stand.
    #[error(
        "failed to {direction} step v{number} ({name}); it was rolled back, the steps before it \
         stand; mend the cause and run the same command again"
    )]
    Step {
        /// `apply` or `roll back`.
        direction: &'static str,
        /// The number of the step.
        number: u32,
        /// The name of the step.
        name: &'static str,
        /// What the database said.
        source: DbErr,
    },
    /// The vector tables could not be made; all steps stand.
    #[error(
        "failed to make the vector tables; the steps of the schema stand; mend the cause and run \
         the migration again"
    )]
    Vectors {
        /// What the database said.
        source: DbErr,
    },
}

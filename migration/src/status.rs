//! Which steps a database has, read without changing it.

use std::collections::BTreeSet;

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    Statement, TransactionTrait,
};

use crate::error::MigrateError;
use crate::steps::{NEWEST, STEPS};
use crate::vectors::{self, Vectors};

/// Who made the tables of a database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// There is no schema yet.
    Empty,
    /// The steps of this crate, of this release or another.
    Steps,
    /// The legacy program; [`Status::version`] is the version it recorded, 0 when it kept none.
    Legacy,
    /// Another program. A PostgreSQL database may be shared with one; a SQLite file is not.
    Other,
}

/// What a database has of the schema.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Status {
    /// The number of the newest applied step, 0 when there is none.
    pub version: u32,
    /// The number of the newest step that this program knows.
    pub newest: u32,
    /// Who made the tables.
    pub origin: Origin,
    /// Every step that this program knows, in order.
    pub steps: Vec<StepStatus>,
    /// How the database stands with vectors.
    pub vectors: Vectors,
}

/// One step and whether a database has it. A step is one transaction, so that there is no
/// "half".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StepStatus {
    /// The step's number, which is the schema version it leads to.
    pub number: u32,
    /// The step's name.
    pub name: &'static str,
    /// Whether the database has it.
    pub is_applied: bool,
}

impl Status {
    /// Whether the schema is of a later release, which this program must leave alone.
    pub fn is_newer(&self) -> bool {
        self.origin == Origin::Steps && self.version > self.newest
    }

    /// Whether the schema is exactly the one that this program knows.
    pub fn is_current(&self) -> bool {
        self.origin == Origin::Steps && self.version == self.newest
    }
}

/// What the database has of the schema. Writes nothing, and works on an empty database, on one
/// of the legacy program and on one of a later release.
pub async fn status(db: &DatabaseConnection) -> Result<Status, MigrateError> {
    let read = async {
        let snapshot = begin_reading(db).await?;
        let ledger = Ledger::read(&snapshot).await?;
        let vectors = vectors::state(&snapshot).await?;
        Ok(Status {
            version: ledger.version,
            newest: NEWEST,
            origin: ledger.origin,
            steps: STEPS
                .iter()
                .map(|(number, name)| {
                    let is_applied = ledger.applied.contains(number);
                    StepStatus { number: *number, name, is_applied }
                })
                .collect(),
            vectors,
        })
    };
    read.await.map_err(|source| MigrateError::Read { source })
}

/// A transaction whose reads all see the database as it was at one moment, so that a step which
/// another program commits meanwhile is seen whole or not at all.
pub(crate) async fn begin_reading(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    // In SQLite every transaction is one.
    let is_postgres = db.get_database_backend() == DbBackend::Postgres;
    let isolation_level = is_postgres.then_some(IsolationLevel::RepeatableRead);
    db.begin_with_config(isolation_level, None).await
}

/// What a database says of its own schema.
pub(crate) struct Ledger {
    pub(crate) version: u32,
    pub(crate) origin: Origin,
    /// The numbers of the applied steps, later releases' included.
    pub(crate) applied: BTreeSet<u32>,
}

impl Ledger {
    pub(crate) async fn read<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        let applied = applied_steps(db).await?;
        let recorded = recorded_version(db).await?;
        let newest_applied = applied.last().copied();
        let origin = match (newest_applied, recorded) {
            (Some(_), _) => Origin::Steps,
            (None, Some(_)) => Origin::Legacy,
            (None, None) if has_table(db, "session_summaries").await? => Origin::Legacy,
            (None, None) if is_file_of_others(db).await? => Origin::Other,
            (None, None) => Origin::Empty,
        };
        let version = recorded.unwrap_or(0).max(newest_applied.unwrap_or(0));
        Ok(Self { version, origin, applied })
    }

    /// Refuses a database that this program must not change.
    pub(crate) fn check_ours(&self) -> Result<(), MigrateError> {
        match self.origin {
            Origin::Legacy => Err(MigrateError::Legacy { version: self.version }),
            Origin::Other => Err(MigrateError::Other),
            Origin::Steps if self.version > NEWEST => {
                Err(MigrateError::Newer { found: self.version, newest: NEWEST })
            }
            Origin::Steps | Origin::Empty => Ok(()),
        }
    }
}

/// The steps that the migration table names. A step is named `m0012_longtail`: its number is
/// read from there, so that a later release's step has one too.
async fn applied_steps<C: ConnectionTrait>(db: &C) -> Result<BTreeSet<u32>, DbErr> {
    if !has_table(db, "seaql_migrations").await? {
        return Ok(BTreeSet::new());
    }
    let rows = db.query_all_raw(statement(db, "SELECT version FROM seaql_migrations")).await?;
    let mut numbers = BTreeSet::new();
    for row in rows {
        let name: String = row.try_get_by_index(0)?;
        numbers.extend(number_of(&name));
    }
    Ok(numbers)
}

/// The number in a step's recorded name; `None` for a name that is not a step of ours.
fn number_of(name: &str) -> Option<u32> {
    let (digits, _) = name.strip_prefix('m')?.split_once('_')?;
    digits.parse().ok()
}

/// `schema_state.schema_version`; a missing or unreadable value counts as 0, as it did for the
/// legacy program. `None` when there is no such table.
async fn recorded_version<C: ConnectionTrait>(db: &C) -> Result<Option<u32>, DbErr> {
    if !has_table(db, "schema_state").await? {
        return Ok(None);
    }
    let query = "SELECT value FROM schema_state WHERE key = 'schema_version'";
    let Some(row) = db.query_one_raw(statement(db, query)).await? else {
        return Ok(Some(0));
    };
    let value: String = row.try_get_by_index(0)?;
    Ok(Some(value.trim().parse().unwrap_or(0)))
}

fn statement<C: ConnectionTrait>(db: &C, query: &'static str) -> Statement {
    Statement::from_string(db.get_database_backend(), query)
}

/// Whether a SQLite file holds tables, given that none of them is ours.
async fn is_file_of_others<C: ConnectionTrait>(db: &C) -> Result<bool, DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        return Ok(false);
    }
    let query = "SELECT 1 FROM sqlite_master WHERE type = 'table' \
        AND name NOT IN ('seaql_migrations', 'sqlite_sequence') LIMIT 1";
    Ok(db.query_one_raw(statement(db, query)).await?.is_some())
}

async fn has_table<C: ConnectionTrait>(db: &C, table: &str) -> Result<bool, DbErr> {
    let query = match db.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1"
        }
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?",
    };
    let statement =
        Statement::from_sql_and_values(db.get_database_backend(), query, [table.into()]);
    Ok(db.query_one_raw(statement).await?.is_some())
}

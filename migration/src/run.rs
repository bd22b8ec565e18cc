//! Goes up and down the steps: one transaction each, one program at a time.

use std::time::{Duration, Instant};

use sea_orm_migration::MigratorTrait;
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::error::MigrateError;
use crate::status::{Ledger, begin_reading};
use crate::steps::{Migrator, NEWEST, STEPS};
use crate::vectors::{self, Vectors};

/// Names our advisory lock among those of other programs in the same PostgreSQL database.
const LOCK: i64 = 0x636f_7772_6965;

/// One step that was applied or rolled back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StepReport {
    /// The step's number.
    pub number: u32,
    /// The step's name.
    pub name: &'static str,
    /// How long its transaction took, the wait for the lock not included.
    pub duration: Duration,
}

/// Applies the missing steps up to and including `to`, or all of them, and makes the vector
/// tables when the database has pgvector.
///
/// Any number of programs may do so at once: each step is applied by one of them.
/// The report holds the steps that this call applied.
pub async fn up(db: &DatabaseConnection, to: Option<u32>) -> Result<Vec<StepReport>, MigrateError> {
    let target = known(to.unwrap_or(NEWEST))?;
    let next = |ledger: &Ledger| missing(ledger, target).next();
    check_encoding(db).await?;
    let mut reports = Vec::new();
    while let Some(report) = one_step(db, Direction::Up, next).await? {
        reports.push(report);
    }
    ensure_vectors(db).await?;
    Ok(reports)
}

/// The number and name of each step that [`up`] would apply, in order; changes nothing.
///
/// It fails where `up` would refuse the database.
pub async fn plan(
    db: &DatabaseConnection,
    to: Option<u32>,
) -> Result<Vec<(u32, &'static str)>, MigrateError> {
    let target = known(to.unwrap_or(NEWEST))?;
    let snapshot = begin_reading(db).await.map_err(|source| MigrateError::Read { source })?;
    Ok(missing(&read_ours(&snapshot).await?, target).collect())
}

/// Rolls back the steps above `to`, the newest first; 0 leaves a database without tables.
///
/// What the tables and columns of a step hold goes with it.
pub async fn down(db: &DatabaseConnection, to: u32) -> Result<Vec<StepReport>, MigrateError> {
    let to = if to == 0 { to } else { known(to)? };
    let next = |ledger: &Ledger| {
        let surplus = |step: &&Step| step.0 > to && ledger.applied.contains(&step.0);
        STEPS.iter().rev().find(surplus).copied()
    };
    let mut reports = Vec::new();
    while let Some(report) = one_step(db, Direction::Down, next).await? {
        reports.push(report);
    }
    Ok(reports)
}

/// A step's number and name.
type Step = (u32, &'static str);

/// Refuses a PostgreSQL database that would refuse characters later, one load at a time.
async fn check_encoding(db: &DatabaseConnection) -> Result<(), MigrateError> {
    if db.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let read = |source| MigrateError::Read { source };
    let query = Statement::from_string(DbBackend::Postgres, "SHOW server_encoding");
    let row = db.query_one_raw(query).await.map_err(read)?;
    let encoding: Option<String> =
        row.map(|row| row.try_get_by_index(0)).transpose().map_err(read)?;
    match encoding {
        // Bytes as they come are no obstacle.
        Some(encoding) if !matches!(encoding.as_str(), "UTF8" | "SQL_ASCII") => {
            Err(MigrateError::Encoding { encoding })
        }
        _ => Ok(()),
    }
}

/// The number, if a step has it.
fn known(number: u32) -> Result<u32, MigrateError> {
    let is_known = STEPS.iter().any(|(known, _)| *known == number);
    is_known.then_some(number).ok_or(MigrateError::UnknownVersion { number, newest: NEWEST })
}

/// The steps up to `target` that a database lacks, in order.
fn missing(ledger: &Ledger, target: u32) -> impl Iterator<Item = Step> {
    let is_missing = move |step: &&Step| step.0 <= target && !ledger.applied.contains(&step.0);
    STEPS.iter().filter(is_missing).copied()
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Direction {
    Up,
    Down,
}

/// Runs the step that `next` names, if it names one, and reports it.
///
/// It is asked twice: first without the lock, so that a program which finds nothing to do
/// waits for nobody, and again under the lock, because another program may have been faster.
/// What looks wrong without the lock may be a step that another program just committed.
async fn one_step(
    db: &DatabaseConnection,
    direction: Direction,
    next: impl Fn(&Ledger) -> Option<Step>,
) -> Result<Option<StepReport>, MigrateError> {
    let glance = read_ours(db).await;
    if glance.is_ok_and(|ledger| next(&ledger).is_none()) {
        return Ok(None);
    }
    let tx = begin_locked(db).await.map_err(|source| MigrateError::Lock { source })?;
    let started = Instant::now();
    let Some((number, name)) = next(&read_ours(&tx).await?) else {
        return Ok(None);
    };
    let failed = |source| MigrateError::Step {
        direction: if direction == Direction::Up { "apply" } else { "roll back" },
        number,
        name,
        source,
    };
    run(&tx, direction).await.map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    let duration = started.elapsed();
    tracing::info!(
        migrate.step = number,
        migrate.name = name,
        migrate.direction = ?direction,
        migrate.duration_ms = duration.as_millis(),
        "schema step v{number} ({name}) done"
    );
    Ok(Some(StepReport { number, name, duration }))
}

/// What the database says of its schema, if this program may change it.
async fn read_ours<C: ConnectionTrait>(db: &C) -> Result<Ledger, MigrateError> {
    let ledger = Ledger::read(db).await.map_err(|source| MigrateError::Read { source })?;
    ledger.check_ours()?;
    Ok(ledger)
}

/// A transaction that no other migration runs beside.
async fn begin_locked(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    if db.get_database_backend() == DbBackend::Sqlite {
        // Taking the write lock at once: a transaction that began by reading could not be sure
        // of getting it later.
        let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
        return db
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode,
                ..TransactionOptions::default()
            })
            .await;
    }
    let tx = db.begin().await?;
    let lock = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT pg_advisory_xact_lock($1)",
        [LOCK.into()],
    );
    tx.execute_raw(lock).await?;
    Ok(tx)
}

/// Applies the first missing step or rolls back the last one, and records the version.
async fn run(tx: &DatabaseTransaction, direction: Direction) -> Result<(), DbErr> {
    match direction {
        Direction::Up => Migrator::up(tx, Some(1)).await?,
        Direction::Down => Migrator::down(tx, Some(1)).await?,
    }
    let ledger = Ledger::read(tx).await?;
    let Some(version) = ledger.applied.last() else {
        // The last step took `schema_state` with it; nothing of ours is to stay.
        return Migrator::uninstall(tx).await;
    };
    let record = match tx.get_database_backend() {
        DbBackend::Postgres => {
            "INSERT INTO schema_state (key, value) VALUES ('schema_version', $1) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        }
        _ => {
            "INSERT INTO schema_state (key, value) VALUES ('schema_version', ?) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        }
    };
    let version = version.to_string();
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        record,
        [version.into()],
    ))
    .await?;
    Ok(())
}

/// Makes the vector tables when they are missing and can be had.
async fn ensure_vectors(db: &DatabaseConnection) -> Result<(), MigrateError> {
    let read = |source| MigrateError::Read { source };
    let state = vectors::state(db).await.map_err(read)?;
    if matches!(state, Vectors::NotPostgres | Vectors::TablesPresent) {
        return Ok(());
    }
    let tx = begin_locked(db).await.map_err(|source| MigrateError::Lock { source })?;
    if !read_ours(&tx).await?.applied.contains(&vectors::FIRST_STEP) {
        return Ok(());
    }
    let failed = |source| MigrateError::Vectors { source };
    vectors::ensure(&tx).await.map_err(failed)?;
    tx.commit().await.map_err(failed)
}

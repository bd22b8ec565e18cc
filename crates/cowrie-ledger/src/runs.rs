//! The memory of runs: one row each, written at the start and completed at the end.

use chrono::{DateTime, Utc};
use cowrie_core::format_time;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, Value};

use crate::error::LedgerError;

/// What a program did, as the table `runs` keeps it.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// Names the run; also the `ingest_id` of what it wrote.
    pub run_id: String,
    /// The program.
    pub program: &'static str,
    /// What it was asked to do.
    pub workflow: &'static str,
    /// The sensor it was asked to do it for, if one was named.
    pub sensor: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct RunEnd {
    /// When.
    pub finished_at: DateTime<Utc>,
    /// `done`, `partial`, `failed` or `stopped`.
    pub outcome: &'static str,
    /// The program's exit code.
    pub exit_code: i32,
    /// Its counters, as a JSON object.
    pub counters: String,
    /// What its sources were, as a JSON object.
    pub sources: Option<String>,
}

/// Writes that a run began; a run of the same name begins anew.
///
/// # Errors
///
/// When the database fails.
pub async fn begin_run(db: &DatabaseConnection, run: &RunRecord) -> Result<(), LedgerError> {
    let values: Vec<Value> = vec![
        run.run_id.clone().into(),
        run.program.into(),
        run.workflow.into(),
        run.sensor.clone().into(),
        format_time(run.started_at).into(),
    ];
    let time = time_cast(db);
    let sql = format!(
        "INSERT INTO runs (run_id, program, workflow, sensor, started_at) \
         VALUES ($1, $2, $3, $4, $5{time}) ON CONFLICT (run_id) DO UPDATE SET \
         program = excluded.program, workflow = excluded.workflow, \
         sensor = excluded.sensor, started_at = excluded.started_at, finished_at = NULL, \
         outcome = NULL, exit_code = NULL"
    );
    execute(db, "write that a run began", &sql, values).await
}

/// Writes how a run ended, with the size of the database and its open dead letters.
///
/// # Errors
///
/// When the database fails.
pub async fn end_run(
    db: &DatabaseConnection,
    run: &RunRecord,
    end: &RunEnd,
) -> Result<(), LedgerError> {
    let values: Vec<Value> = vec![
        run.run_id.clone().into(),
        format_time(end.finished_at).into(),
        end.outcome.into(),
        end.exit_code.into(),
        end.counters.clone().into(),
        end.sources.clone().into(),
    ];
    let (json, bytes) = if db.get_database_backend() == DbBackend::Postgres {
        ("::jsonb", "pg_database_size(current_database())")
    } else {
        ("", "(SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size())")
    };
    let time = time_cast(db);
    let sql = format!(
        "UPDATE runs SET finished_at = $2{time}, outcome = $3, exit_code = $4, \
         counters = $5{json}, sources = $6{json}, database_bytes = ({bytes}), dead_letters = \
         (SELECT count(*) FROM dead_letter_events WHERE NOT resolved) WHERE run_id = $1"
    );
    execute(db, "write how a run ended", &sql, values).await
}

/// The cast from the one text form of a time to the type of a column.
fn time_cast(db: &DatabaseConnection) -> &'static str {
    if db.get_database_backend() == DbBackend::Postgres { "::text::timestamptz" } else { "" }
}

async fn execute(
    db: &DatabaseConnection,
    doing: &'static str,
    sql: &str,
    values: Vec<Value>,
) -> Result<(), LedgerError> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let done = db.execute_raw(statement).await;
    done.map(|_| ()).map_err(LedgerError::new(doing))
}

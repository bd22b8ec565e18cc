//! Stretches in which no session of a sensor was going on.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, FromQueryResult, Statement};

use crate::error::LedgerError;

/// A stretch in which no session of a sensor was going on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Silence {
    /// The sensor; `None` for sessions whose events name none.
    pub sensor: Option<String>,
    /// The last event before it.
    pub from: DateTime<Utc>,
    /// The first event after it; `None` when it lasts until now.
    pub to: Option<DateTime<Utc>>,
    /// How long it is.
    pub length: TimeDelta,
}

#[derive(Debug, FromQueryResult)]
struct Stretch {
    sensor: Option<String>,
    ended_at: DateTime<Utc>,
    began_at: DateTime<Utc>,
}

#[derive(Debug, FromQueryResult)]
struct Last {
    sensor: Option<String>,
    ended_at: DateTime<Utc>,
}

/// A session begins after a silence when every session before it had ended: the latest end of
/// all those that began before, not of the one before alone, since sessions overlap.
macro_rules! stretches {
    ($seconds:literal) => {
        concat!(
            "SELECT sensor, ended_at, began_at FROM (SELECT sensor, first_event_at AS began_at, \
             max(last_event_at) OVER (PARTITION BY sensor ORDER BY first_event_at, session_id \
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended_at \
             FROM session_summaries WHERE CAST($1 AS text) IS NULL OR sensor = $1) AS s \
             WHERE began_at > ended_at AND ",
            $seconds,
            " >= $2 ORDER BY sensor, ended_at"
        )
    };
}

const IN_POSTGRES: &str =
    stretches!("CAST(extract(epoch FROM (began_at - ended_at)) AS double precision)");
const IN_SQLITE: &str = stretches!("(julianday(began_at) - julianday(ended_at)) * 86400.0");

/// Days as SQLite counts them are floating-point numbers: what the statement leaves out is
/// shorter by more than this, in seconds.
const SLACK: f64 = 1.0;

const LASTS: &str = "SELECT sensor, max(last_event_at) AS ended_at FROM session_summaries \
     WHERE CAST($1 AS text) IS NULL OR sensor = $1 GROUP BY sensor ORDER BY sensor";

const KNOWS: &str = "SELECT 1 WHERE EXISTS (SELECT 1 FROM session_summaries WHERE sensor = $1) \
     OR EXISTS (SELECT 1 FROM ingest_gaps WHERE sensor = $1)";

/// Whether any session or gap is of this sensor.
///
/// # Errors
///
/// When the database fails.
pub async fn knows_sensor(db: &DatabaseConnection, sensor: &str) -> Result<bool, LedgerError> {
    let engine = db.get_database_backend();
    let statement = Statement::from_sql_and_values(engine, KNOWS, [sensor.into()]);
    let row = db.query_one_raw(statement).await.map_err(LedgerError::new("look for the sensor"))?;
    Ok(row.is_some())
}

/// The silences of at least `least`, of one sensor or all, by sensor and time; also those that
/// last until `now`.
///
/// # Errors
///
/// When the database fails.
pub async fn silences(
    db: &DatabaseConnection,
    sensor: Option<&str>,
    least: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Vec<Silence>, LedgerError> {
    let failed = LedgerError::new("look for silences");
    let engine = db.get_database_backend();
    let sql = if engine == DbBackend::Postgres { IN_POSTGRES } else { IN_SQLITE };
    let values = [sensor.map(str::to_owned).into(), (least.as_seconds_f64() - SLACK).into()];
    let statement = Statement::from_sql_and_values(engine, sql, values);
    let stretches = Stretch::find_by_statement(statement).all(db).await.map_err(&failed)?;
    let values = [sensor.map(str::to_owned).into()];
    let statement = Statement::from_sql_and_values(engine, LASTS, values);
    let lasts = Last::find_by_statement(statement).all(db).await.map_err(&failed)?;

    let between = stretches.into_iter().map(|Stretch { sensor, ended_at, began_at }| {
        let length = began_at.signed_duration_since(ended_at);
        Silence { sensor, from: ended_at, to: Some(began_at), length }
    });
    let until_now = lasts.into_iter().map(|Last { sensor, ended_at }| {
        let length = now.signed_duration_since(ended_at);
        Silence { sensor, from: ended_at, to: None, length }
    });
    let is_long = |silence: &Silence| silence.length >= least;
    let mut found: Vec<Silence> = between.chain(until_now).filter(is_long).collect();
    found.sort_by(|a, b| (&a.sensor, a.from).cmp(&(&b.sensor, b.from)));
    Ok(found)
}

//! Pieces of logs that are no events.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_schema::dead_letter_events;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseConnection, EntityTrait, FromQueryResult,
    QueryFilter as _, QueryOrder as _, Statement, Value,
};

use crate::error::LedgerError;

/// So many letters are asked for in one statement, at most.
const MOST_IDS: usize = 1_000;

/// A dead letter with the bytes that were kept.
pub type Letter = dead_letter_events::Model;

/// Which letters are listed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of this reason.
    pub reason: Option<String>,
    /// Those whose file has this in its name.
    pub source: Option<String>,
    /// Those that were written in this stretch of time.
    pub written: Option<Range<DateTime<Utc>>>,
    /// Also those that were dealt with.
    pub include_resolved: bool,
    /// Those behind this number.
    pub after: Option<i64>,
    /// So many, at most.
    pub limit: u32,
}

/// A dead letter without its bytes.
#[derive(Clone, Debug, Eq, FromQueryResult, PartialEq)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// The file.
    pub source: String,
    /// The byte at which it begins there.
    pub source_offset: i64,
    /// Its length in bytes.
    pub length: i64,
    /// Why it is no event, in one word.
    pub reason: String,
    /// Why, in a sentence.
    pub detail: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Whether it has been dealt with.
    pub resolved: bool,
    /// How.
    pub resolution: Option<String>,
    /// The sensor of the event beside it.
    pub sensor: Option<String>,
    /// The time of the event beside it.
    pub beside_at: Option<DateTime<Utc>>,
}

/// How many letters have one reason.
#[derive(Clone, Debug, Eq, FromQueryResult, PartialEq)]
pub struct Count {
    /// The reason, in one word.
    pub reason: String,
    /// All of them.
    pub letters: i64,
    /// Those that have not been dealt with.
    pub open: i64,
}

/// The text is looked for as it stands: `LIKE` would know wildcards, and cases in SQLite alone.
const LIST: &str = "SELECT id, source, source_offset, length, reason, detail, created_at, \
     resolved, resolution, sensor, beside_at FROM dead_letter_events \
     WHERE id > $1 AND (CAST($2 AS text) IS NULL OR reason = $2) \
     AND (CAST($3 AS text) IS NULL OR replace(source, $3, '') <> source) \
     AND ($4 OR NOT resolved) AND created_at >= $5 AND created_at < $6 ORDER BY id LIMIT $7";

const COUNTS: &str = "SELECT reason, count(*) AS letters, \
     sum(CASE WHEN resolved THEN 0 ELSE 1 END) AS open FROM dead_letter_events \
     GROUP BY reason ORDER BY reason";

const OLD: &str = "SELECT count(*) AS letters FROM dead_letter_events \
     WHERE created_at < $1 AND (resolved OR NOT $2)";

const PURGE: &str = "DELETE FROM dead_letter_events WHERE created_at < $1 AND (resolved OR NOT $2)";

/// The letters that the filter names, by their numbers.
///
/// # Errors
///
/// When the database fails.
pub async fn list(db: &DatabaseConnection, filter: &Filter) -> Result<Vec<Entry>, LedgerError> {
    let source = filter.source.clone().filter(|text| !text.is_empty());
    // To the year 9909: a fifth digit would sort before the others in SQLite.
    let all = || DateTime::UNIX_EPOCH..DateTime::UNIX_EPOCH + TimeDelta::days(2_900_000);
    let written = filter.written.clone().unwrap_or_else(all);
    let values: [Value; 7] = [
        filter.after.unwrap_or(i64::MIN).into(),
        filter.reason.clone().into(),
        source.into(),
        filter.include_resolved.into(),
        written.start.into(),
        written.end.into(),
        i64::from(filter.limit).into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), LIST, values);
    let found = Entry::find_by_statement(statement).all(db).await;
    found.map_err(LedgerError::new("list the dead letters"))
}

/// The letters of these numbers, with their bytes: at most 64 KiB of each.
///
/// # Errors
///
/// When the database fails.
pub async fn get(db: &DatabaseConnection, ids: &[i64]) -> Result<Vec<Letter>, LedgerError> {
    let mut letters = Vec::new();
    for some in ids.chunks(MOST_IDS) {
        let wanted = dead_letter_events::Entity::find()
            .filter(dead_letter_events::Column::Id.is_in(some.iter().copied()))
            .order_by_asc(dead_letter_events::Column::Id);
        let found = wanted.all(db).await.map_err(LedgerError::new("read dead letters"))?;
        letters.extend(found);
    }
    Ok(letters)
}

/// How many letters there are of each reason.
///
/// # Errors
///
/// When the database fails.
pub async fn counts(db: &DatabaseConnection) -> Result<Vec<Count>, LedgerError> {
    let statement = Statement::from_string(db.get_database_backend(), COUNTS);
    let found = Count::find_by_statement(statement).all(db).await;
    found.map_err(LedgerError::new("count the dead letters"))
}

/// Removes the letters written before a time, and says how many; a dry run only counts them.
///
/// A file that is read again writes its letters again.
///
/// # Errors
///
/// When the database fails.
pub async fn purge(
    db: &DatabaseConnection,
    older_than: DateTime<Utc>,
    only_resolved: bool,
    dry_run: bool,
) -> Result<u64, LedgerError> {
    let failed = LedgerError::new("purge the dead letters");
    let engine = db.get_database_backend();
    let values: [Value; 2] = [older_than.into(), only_resolved.into()];
    if dry_run {
        let statement = Statement::from_sql_and_values(engine, OLD, values);
        let row = db.query_one_raw(statement).await.map_err(&failed)?;
        let count: Option<i64> =
            row.map(|row| row.try_get("", "letters")).transpose().map_err(&failed)?;
        return Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0));
    }
    let statement = Statement::from_sql_and_values(engine, PURGE, values);
    let done = db.execute_raw(statement).await.map_err(&failed)?;
    Ok(done.rows_affected())
}

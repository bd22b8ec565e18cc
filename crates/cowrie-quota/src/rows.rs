//! What is known of a service, as rows.
//!
//! Times are written as text in their one form, so that the order of the text in SQLite is the
//! order of the times.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use cowrie_core::format_time;
use cowrie_enrichment::SourceName;
use cowrie_limits::{DayCount, KEPT_DAYS, State};
use cowrie_schema::{provider_pace, provider_quota};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, Statement, Value};

/// Sees to it that the service has a row that can be locked.
pub(crate) async fn make_pace<C: ConnectionTrait>(
    db: &C,
    service: SourceName,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO provider_pace (service) VALUES ($1) ON CONFLICT DO NOTHING";
    execute(db, sql, vec![service.name().into()]).await
}

/// Waits until nobody else changes the service's rows, and keeps others from it.
pub(crate) async fn lock_pace<C: ConnectionTrait>(
    db: &C,
    service: SourceName,
) -> Result<(), DbErr> {
    let sql = "SELECT service FROM provider_pace WHERE service = $1 FOR UPDATE";
    execute(db, sql, vec![service.name().into()]).await
}

/// What is known of a service, with the days from that of `since` on.
pub(crate) async fn read<C: ConnectionTrait>(
    db: &C,
    service: SourceName,
    since: DateTime<Utc>,
) -> Result<State, DbErr> {
    let pace = provider_pace::Entity::find_by_id(service.name()).one(db).await?;
    let time = time_cast(db);
    let sql = format!(
        "SELECT service, period, window_start, used, allowed, blocked_until FROM provider_quota \
         WHERE service = $1 AND period = 'day' AND window_start >= $2{time}"
    );
    let values = vec![service.name().into(), shown_day(since.date_naive())];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let days = provider_quota::Entity::find().from_raw_sql(statement).all(db).await?;
    let mut state = State::default();
    if let Some(pace) = pace {
        state.next_at = pace.next_at;
        state.granted_at = pace.granted_at;
        state.paused_until = pace.paused_until;
    }
    for day in days {
        // A number below zero, which nobody writes, is none.
        let used = u64::try_from(day.used).unwrap_or(0);
        let allowed = day.allowed.map(|allowed| u64::try_from(allowed).unwrap_or(0));
        state.days.insert(day.window_start.date_naive(), DayCount { used, allowed });
    }
    Ok(state)
}

/// Writes what differs.
pub(crate) async fn write<C: ConnectionTrait>(
    db: &C,
    service: SourceName,
    before: &State,
    after: &State,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let pace = |state: &State| [state.next_at, state.granted_at, state.paused_until];
    if pace(before) != pace(after) {
        write_pace(db, service, pace(after)).await?;
    }
    for (day, count) in &after.days {
        let known = before.days.get(day);
        if known != Some(count) {
            write_day(db, service, *day, *count).await?;
        }
        if known.is_none() {
            drop_old_days(db, service, now).await?;
        }
    }
    Ok(())
}

async fn write_pace<C: ConnectionTrait>(
    db: &C,
    service: SourceName,
    times: [Option<DateTime<Utc>>; 3],
) -> Result<(), DbErr> {
    let time = time_cast(db);
    let sql = format!(
        "UPDATE provider_pace SET next_at = $2{time}, granted_at = $3{time}, \
         paused_until = $4{time} WHERE service = $1"
    );
    let mut values: Vec<Value> = vec![service.name().into()];
    values.extend(times.map(|time| time.map(format_time).into()));
    execute(db, &sql, values).await
}

async fn write_day<C: ConnectionTrait>(
    db: &C,
    service: SourceName,
    day: NaiveDate,
    count: DayCount,
) -> Result<(), DbErr> {
    let time = time_cast(db);
    let sql = format!(
        "INSERT INTO provider_quota (service, period, window_start, used, allowed) \
         VALUES ($1, 'day', $2{time}, $3, $4) ON CONFLICT (service, period, window_start) \
         DO UPDATE SET used = excluded.used, allowed = excluded.allowed"
    );
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let allowed = count.allowed.map(number).into();
    let used = number(count.used).into();
    execute(db, &sql, vec![service.name().into(), shown_day(day), used, allowed]).await
}

/// Drops the days that need not be remembered; once a day is enough.
async fn drop_old_days<C: ConnectionTrait>(
    db: &C,
    service: SourceName,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let Some(oldest) = now.date_naive().checked_sub_days(Days::new(KEPT_DAYS)) else {
        return Ok(());
    };
    let time = time_cast(db);
    let sql = format!(
        "DELETE FROM provider_quota \
         WHERE service = $1 AND period = 'day' AND window_start < $2{time}"
    );
    execute(db, &sql, vec![service.name().into(), shown_day(oldest)]).await
}

/// The beginning of a day.
fn shown_day(day: NaiveDate) -> Value {
    format_time(day.and_time(NaiveTime::MIN).and_utc()).into()
}

/// The cast from the one text form of a time to the type of a column.
fn time_cast<C: ConnectionTrait>(db: &C) -> &'static str {
    if db.get_database_backend() == DbBackend::Postgres { "::text::timestamptz" } else { "" }
}

async fn execute<C: ConnectionTrait>(db: &C, sql: &str, values: Vec<Value>) -> Result<(), DbErr> {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.execute_raw(statement).await.map(|_done| ())
}

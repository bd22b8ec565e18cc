//! Answers in the table `enrichment_cache`, in SQLite and in PostgreSQL.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use cowrie_core::format_time;
use cowrie_enrichment::{Question, SourceName, Tier};
use cowrie_schema::enrichment_cache::{Column, Entity};
use sea_orm::sea_query::{
    Expr, ExprTrait as _, InsertStatement, OnConflict, Query, SelectStatement,
};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement,
    TransactionTrait as _, Value,
};

use crate::entry::{Entry, MAX_SKEW};
use crate::{CacheTier, Census, Got, Pruned, TierError};

/// Rows in one statement: their values stay far below the 32,766 that SQLite takes.
const ROWS: usize = 500;

/// Rows that one statement removes; as many as stand in [`delete`].
const ROWS_REMOVED: u64 = 1_000;

/// A statement that removes some rows under a condition.
///
/// In PostgreSQL the rows are locked as they are found, so that one which was renewed in between
/// stays, and rows that somebody else writes are passed by: nobody waits in a circle.
macro_rules! delete {
    (sqlite $condition:literal) => {
        concat!(
            "DELETE FROM enrichment_cache WHERE (service, cache_key) IN ",
            "(SELECT service, cache_key FROM enrichment_cache ",
            $condition,
            " LIMIT 1000)"
        )
    };
    (postgres $condition:literal) => {
        concat!(
            "DELETE FROM enrichment_cache WHERE ctid = ANY (ARRAY ",
            "(SELECT ctid FROM enrichment_cache ",
            $condition,
            " LIMIT 1000 FOR UPDATE SKIP LOCKED))"
        )
    };
}

/// The same statement in both engines' words.
struct Both {
    sqlite: &'static str,
    postgres: &'static str,
}

const PRUNE: Both = Both {
    sqlite: delete!(sqlite "WHERE expires_at <= $1"),
    postgres: delete!(postgres "WHERE expires_at <= $1"),
};

const CLEAR_ONE: Both = Both {
    sqlite: delete!(sqlite "WHERE service = $1"),
    postgres: delete!(postgres "WHERE service = $1"),
};

const CLEAR_ALL: Both = Both { sqlite: delete!(sqlite ""), postgres: delete!(postgres "") };

const CENSUS: Both = Both {
    sqlite: "SELECT service, count(*) AS n_entries, \
             count(*) FILTER (WHERE expires_at <= $1) AS n_expired, \
             sum(length(cache_value)) AS bytes \
             FROM enrichment_cache GROUP BY service",
    postgres: "SELECT service, count(*) AS n_entries, \
               count(*) FILTER (WHERE expires_at <= $1) AS n_expired, \
               sum(pg_column_size(cache_value))::bigint AS bytes \
               FROM enrichment_cache GROUP BY service",
};

/// Answers in the database, where they outlive Redis and are shared by all who share it.
#[derive(Clone, Debug)]
pub struct DatabaseTier {
    db: DatabaseConnection,
}

impl DatabaseTier {
    /// A tier over a database with the newest schema.
    pub fn new(db: DatabaseConnection) -> Self {
        Self { db }
    }

    fn statement(&self, words: &Both, values: impl IntoIterator<Item = Value>) -> Statement {
        let engine = self.db.get_database_backend();
        let sql = if engine == DbBackend::Postgres { words.postgres } else { words.sqlite };
        Statement::from_sql_and_values(engine, sql, values)
    }

    /// A time as the columns hold it: in SQLite as text in its one form, whose order is that of
    /// the times.
    fn time(&self, time: DateTime<Utc>) -> Value {
        match self.db.get_database_backend() {
            DbBackend::Postgres => time.into(),
            _ => format_time(time).into(),
        }
    }

    /// Removes rows some at a time, so that nobody waits long for the table.
    async fn remove(
        &self,
        doing: &'static str,
        words: &Both,
        value: Option<Value>,
    ) -> Result<u64, TierError> {
        let mut n_removed = 0;
        loop {
            let done = self.db.execute_raw(self.statement(words, value.clone())).await;
            let n_rows = done.map_err(TierError::new(doing))?.rows_affected();
            n_removed += n_rows;
            if n_rows < ROWS_REMOVED {
                return Ok(n_removed);
            }
        }
    }

    fn select(
        &self,
        service: SourceName,
        keys: Vec<String>,
        now: DateTime<Utc>,
    ) -> SelectStatement {
        Query::select()
            .columns([Column::CacheKey, Column::CacheValue])
            .from(Entity)
            .and_where(Expr::col(Column::Service).eq(service.name()))
            .and_where(Expr::col(Column::CacheKey).is_in(keys))
            .and_where(Expr::col(Column::ExpiresAt).gt(self.time(now)))
            .take()
    }

    /// A row that is there stays, unless it is older, or from a future that nobody believes.
    fn upsert(
        &self,
        service: SourceName,
        rows: &[(&String, &(Question, Entry))],
        now: DateTime<Utc>,
    ) -> Result<InsertStatement, TierError> {
        let mut insert = Query::insert();
        insert.into_table(Entity).columns([
            Column::Service,
            Column::CacheKey,
            Column::CacheValue,
            Column::CreatedAt,
            Column::ExpiresAt,
        ]);
        for (key, (question, entry)) in rows {
            let row: [Value; 5] = [
                service.name().into(),
                (*key).clone().into(),
                entry.to_json(service, question).into(),
                self.time(entry.fetched_at),
                self.time(entry.expires_at),
            ];
            let added = insert.values(row.map(Expr::val));
            added.map_err(TierError::new("put a statement together"))?;
        }
        let there = Expr::col((Entity, Column::CreatedAt));
        let is_older = there.clone().lt(Expr::col(("excluded", Column::CreatedAt)));
        let is_unbelievable = there.gt(self.time(now + MAX_SKEW));
        let conflict = OnConflict::columns([Column::Service, Column::CacheKey])
            .update_columns([Column::CacheValue, Column::CreatedAt, Column::ExpiresAt])
            .action_and_where(is_older.or(is_unbelievable))
            .to_owned();
        insert.on_conflict(conflict);
        Ok(insert)
    }
}

#[async_trait]
impl CacheTier for DatabaseTier {
    fn tier(&self) -> Tier {
        Tier::Database
    }

    async fn get(
        &self,
        service: SourceName,
        questions: &[Question],
        now: DateTime<Utc>,
    ) -> Result<Got, TierError> {
        let failed = TierError::new("read from `enrichment_cache`");
        let mut got = Got::default();
        for some in questions.chunks(ROWS) {
            let keys: Vec<String> = some.iter().map(Question::to_string).collect();
            let rows = self.db.query_all(&self.select(service, keys.clone(), now)).await;
            let mut documents: BTreeMap<String, Result<serde_json::Value, DbErr>> = BTreeMap::new();
            for row in rows.map_err(failed)? {
                let key = row.try_get("", "cache_key").map_err(failed)?;
                documents.insert(key, row.try_get("", "cache_value"));
            }
            for (question, key) in some.iter().zip(keys) {
                // Twice the same question has twice the same answer.
                let entry = documents.get(&key).map(|document| {
                    let document = document.as_ref().ok()?.clone();
                    Entry::from_json(document, service, question, now).ok()
                });
                got.n_unreadable += u64::from(matches!(entry, Some(None)));
                got.entries.push(entry.flatten().filter(|entry| entry.is_fresh(now)));
            }
        }
        Ok(got)
    }

    async fn put(
        &self,
        service: SourceName,
        entries: &[(Question, Entry)],
        now: DateTime<Utc>,
    ) -> Result<(), TierError> {
        // By key, so that two writers never wait for each other, and each key once, since one
        // statement writes a row once. Of two answers the newer one goes in.
        let mut by_key: BTreeMap<String, &(Question, Entry)> = BTreeMap::new();
        for pair in entries {
            let there = by_key.entry(pair.0.to_string()).or_insert(pair);
            if there.1.fetched_at < pair.1.fetched_at {
                *there = pair;
            }
        }
        if by_key.is_empty() {
            return Ok(());
        }
        let failed = TierError::new("write to `enrichment_cache`");
        let rows: Vec<_> = by_key.iter().map(|(key, pair)| (key, *pair)).collect();
        let transaction = self.db.begin().await.map_err(failed)?;
        for some in rows.chunks(ROWS) {
            let upsert = self.upsert(service, some, now)?;
            transaction.execute(&upsert).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    async fn prune(&self, now: DateTime<Utc>) -> Result<Pruned, TierError> {
        let doing = "prune `enrichment_cache`";
        let n_removed = self.remove(doing, &PRUNE, Some(self.time(now))).await?;
        Ok(Pruned { n_removed, n_unreadable: 0 })
    }

    async fn clear(&self, service: Option<SourceName>) -> Result<u64, TierError> {
        let words = if service.is_some() { &CLEAR_ONE } else { &CLEAR_ALL };
        let value = service.map(|service| service.name().into());
        self.remove("clear `enrichment_cache`", words, value).await
    }

    async fn census(&self, now: DateTime<Utc>) -> Result<Vec<Census>, TierError> {
        let failed = TierError::new("count `enrichment_cache`");
        let rows = self.db.query_all_raw(self.statement(&CENSUS, [self.time(now)])).await;
        let read = |row: QueryResult| {
            let name: String = row.try_get("", "service")?;
            // A name that no service has is nobody's.
            let Ok(service) = name.parse() else { return Ok(None) };
            let count = |name| row.try_get::<i64>("", name).map(|n| u64::try_from(n).unwrap_or(0));
            let n_entries = count("n_entries")?;
            let n_expired = count("n_expired")?;
            Ok(Some(Census { service, n_entries, n_expired, bytes: Some(count("bytes")?) }))
        };
        let counts: Result<Vec<Option<Census>>, DbErr> =
            rows.map_err(failed)?.into_iter().map(read).collect();
        let mut counts: Vec<Census> = counts.map_err(failed)?.into_iter().flatten().collect();
        counts.sort_by_key(|census| census.service);
        Ok(counts)
    }
}

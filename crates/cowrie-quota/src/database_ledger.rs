//! The ledger that all processes of a database share.

use std::num::NonZeroU32;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use cowrie_enrichment::SourceName;
use cowrie_limits::{Grant, Ledger, LedgerError, State, Terms, Usage, grant};
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use crate::rows;

/// A ledger in the tables `provider_pace` and `provider_quota`.
///
/// Every change is one transaction, under a lock that is the service's own in PostgreSQL and the
/// whole database's in SQLite.
#[derive(Clone, Debug)]
pub struct DatabaseLedger {
    db: DatabaseConnection,
}

impl DatabaseLedger {
    /// The ledger in this database, whose schema is the newest.
    pub fn new(db: DatabaseConnection) -> Self {
        Self { db }
    }

    /// Reads what is known of a service, changes it, and writes what has changed.
    async fn change<T: Send>(
        &self,
        service: SourceName,
        since: DateTime<Utc>,
        change: impl FnOnce(State) -> (State, T) + Send,
    ) -> Result<T, DbErr> {
        let tx = self.begin_locked(service).await?;
        let before = rows::read(&tx, service, since).await?;
        let (after, said) = change(before.clone());
        rows::write(&tx, service, &before, &after, since).await?;
        tx.commit().await?;
        Ok(said)
    }

    /// A transaction beside which no other changes what is known of the service.
    async fn begin_locked(&self, service: SourceName) -> Result<DatabaseTransaction, DbErr> {
        if self.db.get_database_backend() == DbBackend::Sqlite {
            // Taking the write lock at once: a transaction that began by reading could not be
            // sure of getting it later.
            let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
            let options =
                TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() };
            let tx = self.db.begin_with_options(options).await?;
            rows::make_pace(&tx, service).await?;
            return Ok(tx);
        }
        let tx = self.db.begin().await?;
        rows::make_pace(&tx, service).await?;
        rows::lock_pace(&tx, service).await?;
        Ok(tx)
    }
}

#[async_trait]
impl Ledger for DatabaseLedger {
    async fn reserve(
        &self,
        service: SourceName,
        terms: &Terms,
        wanted: NonZeroU32,
        now: DateTime<Utc>,
    ) -> Result<Grant, LedgerError> {
        let granted = self.change(service, now, |state| grant(state, terms, wanted, now)).await;
        granted.map_err(failure("count requests", service))
    }

    async fn pause(&self, service: SourceName, until: DateTime<Utc>) -> Result<(), LedgerError> {
        let paused = self.change(service, until, |state| (state.paused(until), ())).await;
        paused.map_err(failure("write the pause", service))
    }

    async fn usage(&self, service: SourceName, now: DateTime<Utc>) -> Result<Usage, LedgerError> {
        let state = rows::read(&self.db, service, now).await;
        state.map(|state| state.usage(now)).map_err(failure("read the usage", service))
    }
}

fn failure(doing: &'static str, service: SourceName) -> impl FnOnce(DbErr) -> LedgerError {
    move |source| LedgerError { doing, service, source: source.into() }
}

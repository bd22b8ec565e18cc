//! One batch, one transaction.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use cowrie_parse::Event;
use sqlx::AssertSqlSafe;

use crate::changes::Changes;
use crate::connect::Store;
use crate::dead_letters::DeadLetter;
use crate::error::StoreError;
use crate::read::{AddressRow, KnownSession};
use crate::rows::Transaction;
use crate::totals::Totals;

/// The advisory lock that lets one writer at a time merge, in PostgreSQL.
const WRITER_LOCK: i64 = 0x636f_7772_6965_0001;

/// A transaction in which a batch is merged: read what is there, then write what changes.
///
/// Dropped without [`Writing::commit`], it changes nothing.
#[derive(Debug)]
pub struct Writing {
    tx: Transaction,
}

impl Store {
    /// Begins a batch, after whoever is writing has finished.
    ///
    /// # Errors
    ///
    /// When the database does not answer, or another writer takes longer than the wait.
    pub async fn begin_writing(&self) -> Result<Writing, StoreError> {
        let failed = |source| StoreError::Statement { doing: "begin a transaction", source };
        let tx = if self.is_postgres() {
            let pool = self.db.get_postgres_connection_pool();
            let mut tx = pool.begin().await.map_err(failed)?;
            let wait = format!("SET LOCAL lock_timeout = {}", self.wait.as_millis());
            sqlx::query(AssertSqlSafe(wait)).execute(&mut *tx).await.map_err(failed)?;
            sqlx::query("SELECT pg_advisory_xact_lock($1)")
                .bind(WRITER_LOCK)
                .execute(&mut *tx)
                .await
                .map_err(failed)?;
            Transaction::Postgres(tx)
        } else {
            let pool = self.db.get_sqlite_connection_pool();
            Transaction::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?)
        };
        Ok(Writing { tx })
    }
}

impl Writing {
    /// The events that the tables hold of each family; families without any are left out.
    ///
    /// # Errors
    ///
    /// When the database fails, or a document in it cannot be read.
    pub async fn events_of(
        &mut self,
        families: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<Event>>, StoreError> {
        self.tx.events_of(families).await
    }

    /// The sessions among `ids` that the tables hold.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn known_sessions(
        &mut self,
        ids: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, KnownSession>, StoreError> {
        self.tx.known_sessions(ids).await
    }

    /// The addresses among `addresses` that the tables hold.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn addresses(
        &mut self,
        addresses: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, AddressRow>, StoreError> {
        self.tx.addresses(addresses).await
    }

    /// Writes what a batch changes: networks before the addresses that point at them, those
    /// before the sessions that do.
    ///
    /// # Errors
    ///
    /// When the database fails; the transaction is then of no more use.
    pub async fn apply(&mut self, changes: &Changes<'_>) -> Result<(), StoreError> {
        let totals = Totals::of(changes);
        let tx = &mut self.tx;
        tx.write_networks(&totals).await?;
        tx.write_addresses(&totals, changes).await?;
        tx.remove_sessions(changes.sessions).await?;
        tx.write_sessions(changes).await?;
        tx.write_siblings(changes.sessions).await?;
        tx.write_documents(changes.sessions).await?;
        tx.write_commands(changes.sessions).await?;
        tx.write_files(changes.sessions).await?;
        tx.write_passwords(&totals, changes.sessions).await?;
        tx.write_keys(&totals, changes.sessions).await?;
        tx.recount_addresses(&totals.vacated).await?;
        let Changes { ingest_id, now, .. } = *changes;
        tx.write_dead_letters(changes.dead_letters, ingest_id, now).await?;
        tx.settle_dead_letters(changes.settled, now).await?;
        tx.write_cursors(changes.cursors, ingest_id, now).await?;
        tx.write_lost_logs(changes.lost, ingest_id, now).await
    }

    /// The open letters that may be halves of lines and lie, by the events beside them, between
    /// two times: ends of logs when `are_ends`, else beginnings.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn halves_between(
        &mut self,
        times: (DateTime<Utc>, DateTime<Utc>),
        are_ends: bool,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.tx.halves_between(times, are_ends).await
    }

    /// Those of the dead letters that nobody has dealt with, by their contents' names.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn open_letters(
        &mut self,
        content_ids: BTreeSet<String>,
    ) -> Result<BTreeSet<String>, StoreError> {
        self.tx.letters_among(content_ids, true).await
    }

    /// Makes the batch last.
    ///
    /// # Errors
    ///
    /// When the database cannot; nothing of the batch is then there.
    pub async fn commit(self) -> Result<(), StoreError> {
        let done = match self.tx {
            Transaction::Sqlite(tx) => tx.commit().await,
            Transaction::Postgres(tx) => tx.commit().await,
        };
        done.map_err(|source| StoreError::Statement { doing: "commit a batch", source })
    }
}

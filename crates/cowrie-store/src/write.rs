//! One batch, one transaction.

use sqlx::AssertSqlSafe;

use crate::changes::Changes;
use crate::connect::Store;
use crate::error::StoreError;
use crate::read::Reading;
use crate::rows::Transaction;
use crate::totals::Totals;

/// The advisory lock that lets one writer at a time merge, in PostgreSQL.
const WRITER_LOCK: i64 = 0x636f_7772_6965_0001;

/// A transaction in which a batch is merged: read what is there, then write what changes.
///
/// Dropped without [`Writing::commit`], it changes nothing.
#[derive(Debug)]
pub struct Writing {
    reading: Reading,
}

impl Store {
    /// Begins a batch, after whoever is writing has finished.
    ///
    /// # Errors
    ///
    /// When the database does not answer, or another writer takes longer than the wait.
    pub async fn begin_writing(&self) -> Result<Writing, StoreError> {
        let mut tx = self.begin("BEGIN", "BEGIN IMMEDIATE").await?;
        if let Transaction::Postgres(tx) = &mut tx {
            let wait = AssertSqlSafe(format!("SET LOCAL lock_timeout = {}", self.wait.as_millis()));
            let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(WRITER_LOCK);
            let failed = |source| StoreError::Statement { doing: "wait for a writer", source };
            sqlx::query(wait).execute(&mut **tx).await.map_err(failed)?;
            lock.execute(&mut **tx).await.map_err(failed)?;
        }
        Ok(Writing { reading: Reading { tx } })
    }
}

impl Writing {
    /// What the tables hold, as this transaction sees it.
    pub fn read(&mut self) -> &mut Reading {
        &mut self.reading
    }

    /// Writes what a batch changes: networks before the addresses that point at them, those
    /// before the sessions that do.
    ///
    /// # Errors
    ///
    /// When the database fails; the transaction is then of no more use.
    pub async fn apply(&mut self, changes: &Changes<'_>) -> Result<(), StoreError> {
        let totals = Totals::of(changes);
        let tx = &mut self.reading.tx;
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

    /// Makes the batch last.
    ///
    /// # Errors
    ///
    /// When the database cannot; nothing of the batch is then there.
    pub async fn commit(self) -> Result<(), StoreError> {
        let done = match self.reading.tx {
            Transaction::Sqlite(tx) => tx.commit().await,
            Transaction::Postgres(tx) => tx.commit().await,
        };
        done.map_err(|source| StoreError::Statement { doing: "commit a batch", source })
    }
}

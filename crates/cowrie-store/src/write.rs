//! One batch, one transaction.

use cowrie_sql::Rows;

use crate::changes::Changes;
use crate::connect::Store;
use crate::error::StoreError;
use crate::read::Reading;
use crate::totals::Totals;

/// The advisory lock that lets one writer at a time merge, in PostgreSQL.
const WRITER_LOCK: &str = "SELECT pg_advisory_xact_lock(x'636f777269650001'::bigint)";

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
        if tx.is_postgres() {
            let wait = format!("SET LOCAL lock_timeout = {}", self.wait.as_millis());
            tx.execute("wait for a writer", &wait).await?;
            tx.execute("wait for a writer", WRITER_LOCK).await?;
            tx.settle("wait for a writer").await?;
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
    /// before the sessions that do; and what is numbered before what bears its number.
    ///
    /// # Errors
    ///
    /// When the database fails; the transaction is then of no more use.
    pub async fn apply(&mut self, changes: &Changes<'_>) -> Result<(), StoreError> {
        let totals = Totals::of(changes);
        self.write_networks(&totals).await?;
        self.write_addresses(&totals, changes).await?;
        self.write_passwords(&totals).await?;
        self.write_keys(&totals).await?;
        let numbers = self.numbers(changes.sessions).await?;
        self.remove_sessions(changes.sessions).await?;
        self.write_sessions(changes).await?;
        self.write_siblings(changes.sessions).await?;
        self.write_documents(changes.sessions).await?;
        self.write_commands(changes.sessions).await?;
        self.write_files(changes.sessions).await?;
        self.write_logins(changes.sessions, &numbers).await?;
        self.write_key_uses(&totals, changes.sessions, &numbers).await?;
        self.recount_addresses(&totals.vacated).await?;
        let Changes { ingest_id, now, .. } = *changes;
        self.write_dead_letters(changes.dead_letters, ingest_id, now).await?;
        self.settle_dead_letters(changes.settled, now).await?;
        self.write_cursors(changes.cursors, ingest_id, now).await?;
        self.write_lost_logs(changes.lost, ingest_id, now).await
    }

    /// Makes the batch last.
    ///
    /// # Errors
    ///
    /// When the database cannot; nothing of the batch is then there.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.reading.tx.commit("commit a batch").await?)
    }

    /// Runs `body` over `rows`.
    pub(crate) async fn run(
        &mut self,
        doing: &'static str,
        rows: &Rows,
        body: &str,
    ) -> Result<(), StoreError> {
        Ok(self.reading.tx.run(doing, rows, body).await?)
    }

    /// Adds rows to a table, or changes those that are there as `conflict` says.
    pub(crate) async fn upsert(
        &mut self,
        doing: &'static str,
        table: &'static str,
        rows: &Rows,
        conflict: &str,
    ) -> Result<(), StoreError> {
        Ok(self.reading.tx.upsert(doing, table, rows, conflict).await?)
    }

    /// Adds rows to a table that has none of them.
    pub(crate) async fn insert(
        &mut self,
        doing: &'static str,
        table: &'static str,
        rows: &Rows,
    ) -> Result<(), StoreError> {
        Ok(self.reading.tx.insert(doing, table, rows).await?)
    }
}

//! The transaction of one engine or the other.

use sqlx::PgPool;

use crate::error::SqlError;
use crate::found::Found;
use crate::postgres::PostgresTransaction;
use crate::rows::Rows;
use crate::sqlite::{SqliteFile, SqliteTransaction};

/// A transaction; dropped without [`Transaction::commit`], it changes nothing.
#[derive(Debug)]
pub struct Transaction {
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    Sqlite(SqliteTransaction),
    Postgres(PostgresTransaction),
}

impl Transaction {
    /// Begins a transaction in a SQLite file with a form of `BEGIN`.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or another writer takes longer than the wait.
    pub async fn begin_sqlite(file: &SqliteFile, sql: &'static str) -> Result<Self, SqlError> {
        Ok(Self { engine: Engine::Sqlite(SqliteTransaction::begin(file, sql).await?) })
    }

    /// Begins a transaction in a PostgreSQL database with a form of `BEGIN`.
    ///
    /// # Errors
    ///
    /// When the server does not answer.
    pub async fn begin_postgres(pool: &PgPool, sql: &'static str) -> Result<Self, SqlError> {
        Ok(Self { engine: Engine::Postgres(PostgresTransaction::begin(pool, sql).await?) })
    }

    /// Whether it is one of PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Runs statements that take no values.
    ///
    /// # Errors
    ///
    /// When the database fails; perhaps later.
    pub async fn execute(&mut self, doing: &'static str, sql: &str) -> Result<(), SqlError> {
        match &mut self.engine {
            Engine::Sqlite(tx) => tx.execute(doing, sql.to_owned()).await,
            Engine::Postgres(tx) => tx.execute(doing, sql.to_owned()).await,
        }
    }

    /// Waits until everything that was handed over is done.
    ///
    /// # Errors
    ///
    /// The first failure since somebody waited last.
    pub async fn settle(&mut self, doing: &'static str) -> Result<(), SqlError> {
        match &mut self.engine {
            Engine::Sqlite(tx) => tx.settle(doing).await,
            Engine::Postgres(tx) => tx.settle(doing).await,
        }
    }

    /// Runs `body` over `rows`; `doing` names it in an error. Without rows nothing is done.
    ///
    /// In `body`, `{C}` stands for the collation that compares texts by their bytes.
    ///
    /// # Errors
    ///
    /// When the database fails; perhaps later.
    pub async fn run(
        &mut self,
        doing: &'static str,
        rows: &Rows,
        body: &str,
    ) -> Result<(), SqlError> {
        if rows.is_empty() {
            return Ok(());
        }
        match &mut self.engine {
            Engine::Sqlite(tx) => tx.run(doing, rows.clone(), body.replace("{C}", "")).await,
            Engine::Postgres(tx) => {
                let body = body.replace("{C}", r#"COLLATE "C""#);
                tx.run(doing, rows.clone(), body).await
            }
        }
    }

    /// Adds rows to a table whose columns have their names. None of them may be there.
    ///
    /// # Errors
    ///
    /// When the database fails; perhaps later.
    pub async fn insert(
        &mut self,
        doing: &'static str,
        table: &'static str,
        rows: &Rows,
    ) -> Result<(), SqlError> {
        if rows.is_empty() {
            return Ok(());
        }
        match &mut self.engine {
            Engine::Sqlite(tx) => tx.each(doing, rows.insertion(table), rows.clone()).await,
            Engine::Postgres(tx) => {
                let sql = ["COPY ", table, " (", &rows.names(), ") FROM STDIN"].concat();
                tx.copy(doing, sql, rows.clone()).await
            }
        }
    }

    /// Adds rows to a table whose columns have their names; `conflict`, an `ON CONFLICT` clause,
    /// says what becomes of those that are there. No two of the rows may be one.
    ///
    /// In `conflict`, `{C}` stands for the collation that compares texts by their bytes.
    ///
    /// # Errors
    ///
    /// When the database fails; perhaps later.
    pub async fn upsert(
        &mut self,
        doing: &'static str,
        table: &'static str,
        rows: &Rows,
        conflict: &str,
    ) -> Result<(), SqlError> {
        if rows.is_empty() {
            return Ok(());
        }
        if let Engine::Sqlite(tx) = &mut self.engine {
            let sql = [&rows.insertion(table), " ", &conflict.replace("{C}", "")].concat();
            return tx.each(doing, sql, rows.clone()).await;
        }
        let names = rows.names();
        let body =
            ["INSERT INTO ", table, " (", &names, ") SELECT ", &names, " FROM rows ", conflict];
        self.run(doing, rows, &body.concat()).await
    }

    /// Runs a question over `rows` and gives its rows.
    ///
    /// # Errors
    ///
    /// When the database fails, or gives something else than was asked for.
    pub async fn fetch<T: Found>(
        &mut self,
        doing: &'static str,
        rows: &Rows,
        body: &str,
    ) -> Result<Vec<T>, SqlError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        match &mut self.engine {
            Engine::Sqlite(tx) => tx.fetch(doing, rows.clone(), body.to_owned()).await,
            Engine::Postgres(tx) => tx.fetch(doing, rows.clone(), body.to_owned()).await,
        }
    }

    /// Makes everything last.
    ///
    /// # Errors
    ///
    /// When the database cannot, or a statement has failed; nothing is then there.
    pub async fn commit(self, doing: &'static str) -> Result<(), SqlError> {
        match self.engine {
            Engine::Sqlite(tx) => tx.commit(doing).await,
            Engine::Postgres(tx) => tx.commit(doing).await,
        }
    }
}

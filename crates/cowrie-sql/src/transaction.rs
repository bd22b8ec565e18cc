//! The transaction of one engine or the other.

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, PgPool, Postgres};

use crate::copy;
use crate::error::{Cause, SqlError};
use crate::found::{Found, Row};
use crate::rows::{Rows, Values};
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

/// A transaction on a connection of its own. When it is dropped half way, its connection is
/// closed, which takes it back: sqlx would use it again, in the middle of a `COPY` too.
#[derive(Debug)]
struct PostgresTransaction {
    connection: Option<PoolConnection<Postgres>>,
}

impl PostgresTransaction {
    async fn begin(pool: &PgPool, sql: &'static str) -> Result<Self, Cause> {
        let connection = Some(pool.acquire().await?);
        let mut transaction = Self { connection };
        sqlx::raw_sql(sql).execute(transaction.connection()?).await?;
        Ok(transaction)
    }

    fn connection(&mut self) -> Result<&mut PgConnection, Cause> {
        self.connection.as_deref_mut().ok_or(Cause::Ended)
    }

    async fn execute<'q>(
        &mut self,
        statement: impl sqlx::Execute<'q, Postgres> + 'q,
    ) -> Result<(), Cause> {
        let done = self.connection()?.execute(statement).await;
        self.settle(done.map(drop).map_err(Cause::from))
    }

    /// Ends the transaction where something failed.
    fn settle<T>(&mut self, done: Result<T, Cause>) -> Result<T, Cause> {
        if done.is_err()
            && let Some(mut connection) = self.connection.take()
        {
            connection.close_on_drop();
        }
        done
    }

    async fn fetch<T: Found>(
        &mut self,
        question: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<T>, Cause> {
        let given = question.fetch_all(self.connection()?).await;
        let given = self.settle(given.map_err(Cause::from))?;
        // Each row goes as it is read: documents are large.
        given.into_iter().map(|row| T::read(&Row::Postgres(&row))).collect()
    }

    async fn copy(&mut self, sql: &str, rows: &Rows) -> Result<(), Cause> {
        let done = self.send(sql, rows).await;
        self.settle(done)
    }

    async fn send(&mut self, sql: &str, rows: &Rows) -> Result<(), Cause> {
        let mut copy = self.connection()?.copy_in_raw(sql).await?;
        for piece in copy::pieces(rows) {
            copy.send(piece.into_bytes()).await?;
        }
        copy.finish().await?;
        Ok(())
    }

    async fn commit(mut self) -> Result<(), Cause> {
        sqlx::raw_sql("COMMIT").execute(self.connection()?).await?;
        // The pool may have it back.
        drop(self.connection.take());
        Ok(())
    }
}

impl Drop for PostgresTransaction {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.close_on_drop();
        }
    }
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
        let begun = PostgresTransaction::begin(pool, sql).await;
        let transaction = begun.map_err(failed("begin a transaction"))?;
        Ok(Self { engine: Engine::Postgres(transaction) })
    }

    /// Whether it is one of PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Runs statements that take no values.
    ///
    /// # Errors
    ///
    /// When the database fails; with SQLite perhaps later.
    pub async fn execute(&mut self, doing: &'static str, sql: &str) -> Result<(), SqlError> {
        match &mut self.engine {
            Engine::Sqlite(tx) => tx.execute(doing, sql.to_owned()).await,
            Engine::Postgres(tx) => {
                tx.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map_err(failed(doing))
            }
        }
    }

    /// Runs `body` over `rows`; `doing` names it in an error. Without rows nothing is done.
    ///
    /// In `body`, `{C}` stands for the collation that compares texts by their bytes.
    ///
    /// # Errors
    ///
    /// When the database fails; with SQLite perhaps later.
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
                let sql = format!("{} {body}", rows.postgres_prefix());
                tx.execute(bind(sql, rows)).await.map_err(failed(doing))
            }
        }
    }

    /// Adds rows to a table whose columns have their names. None of them may be there.
    ///
    /// # Errors
    ///
    /// When the database fails; with SQLite perhaps later.
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
                tx.copy(&sql, rows).await.map_err(failed(doing))
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
    /// When the database fails; with SQLite perhaps later.
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
            Engine::Postgres(tx) => {
                let sql = format!("{} {body}", rows.postgres_prefix());
                tx.fetch(bind(sql, rows)).await.map_err(failed(doing))
            }
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
            Engine::Postgres(tx) => tx.commit().await.map_err(failed(doing)),
        }
    }
}

fn failed(doing: &'static str) -> impl Fn(Cause) -> SqlError {
    move |source| SqlError { doing, source }
}

fn bind(sql: String, rows: &Rows) -> Query<'_, Postgres, PgArguments> {
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (_, values) in rows.columns() {
        query = match values {
            Values::Text(texts)
            | Values::Jsonb(texts)
            | Values::Json(texts)
            | Values::Date(texts) => query.bind(texts.iter().collect::<Vec<_>>()),
            Values::Int(numbers) => query.bind(numbers.as_slice()),
            Values::Real(numbers) => query.bind(numbers.as_slice()),
            Values::Bool(flags) => query.bind(flags.as_slice()),
            Values::Bytes(blobs) => query.bind(blobs.as_slice()),
            Values::Time(times) => query.bind(times.as_slice()),
        };
    }
    query
}

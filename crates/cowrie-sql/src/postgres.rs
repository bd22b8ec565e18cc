//! A transaction in PostgreSQL, spoken to by a task of its own.

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, PgPool, Postgres};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::copy;
use crate::error::{Cause, SqlError};
use crate::found::{Found, Row};
use crate::outcomes::Outcomes;
use crate::rows::{Rows, Values};

/// Statements that may wait for the task; their rows stand in memory meanwhile.
const AHEAD: usize = 2;

/// A transaction on a connection of its own, which a task holds; dropped without
/// [`PostgresTransaction::commit`], it is taken back.
#[derive(Debug)]
pub(crate) struct PostgresTransaction {
    jobs: mpsc::Sender<Job>,
    outcomes: Outcomes,
    /// Ends with the transaction.
    _task: JoinSet<()>,
}

/// Something to do, and who hears how it went.
#[derive(Debug)]
struct Job {
    doing: &'static str,
    work: Work,
    outcome: oneshot::Sender<Result<(), SqlError>>,
}

#[derive(Debug)]
enum Work {
    /// Statements without values.
    Execute(String),
    /// A statement over rows.
    Run(String, Rows),
    /// A `COPY` of rows.
    Copy(String, Rows),
    /// A question over rows, and who gets what it finds.
    Fetch(String, Rows, oneshot::Sender<Vec<PgRow>>),
    /// The end.
    Commit,
}

impl PostgresTransaction {
    pub(crate) async fn begin(pool: &PgPool, sql: &'static str) -> Result<Self, SqlError> {
        let doing = "begin a transaction";
        let failed = |source: sqlx::Error| SqlError { doing, source: source.into() };
        let connection = Guarded(Some(pool.acquire().await.map_err(failed)?));
        let (jobs, received) = mpsc::channel(AHEAD);
        let mut task = JoinSet::new();
        task.spawn(serve(connection, received));
        let mut transaction = Self { jobs, outcomes: Outcomes::default(), _task: task };
        transaction.ask(doing, Work::Execute(sql.to_owned())).await?;
        Ok(transaction)
    }

    /// Hands work to the task, without waiting for it.
    pub(crate) async fn execute(
        &mut self,
        doing: &'static str,
        sql: String,
    ) -> Result<(), SqlError> {
        self.post(doing, Work::Execute(sql)).await
    }

    /// Runs a body over `rows`.
    pub(crate) async fn run(
        &mut self,
        doing: &'static str,
        rows: Rows,
        body: String,
    ) -> Result<(), SqlError> {
        let sql = [&rows.postgres_prefix(), " ", &body].concat();
        self.post(doing, Work::Run(sql, rows)).await
    }

    /// Gives rows to `COPY`.
    pub(crate) async fn copy(
        &mut self,
        doing: &'static str,
        sql: String,
        rows: Rows,
    ) -> Result<(), SqlError> {
        self.post(doing, Work::Copy(sql, rows)).await
    }

    /// Runs a question over `rows`, and gives what it finds.
    pub(crate) async fn fetch<T: Found>(
        &mut self,
        doing: &'static str,
        rows: Rows,
        body: String,
    ) -> Result<Vec<T>, SqlError> {
        let sql = [&rows.postgres_prefix(), " ", &body].concat();
        let (to, found) = oneshot::channel();
        self.ask(doing, Work::Fetch(sql, rows, to)).await?;
        let failed = |source| SqlError { doing, source };
        let found = found.await.map_err(|_nobody_asked| failed(Cause::Ended))?;
        // Each row goes as it is read: documents are large.
        found.into_iter().map(|row| T::read(&Row::Postgres(&row)).map_err(failed)).collect()
    }

    pub(crate) async fn commit(mut self, doing: &'static str) -> Result<(), SqlError> {
        self.ask(doing, Work::Commit).await
    }

    /// Waits until everything is done.
    pub(crate) async fn settle(&mut self, doing: &'static str) -> Result<(), SqlError> {
        self.outcomes.all(doing).await
    }

    /// Does something, behind everything before it, and waits for what comes of it.
    async fn ask(&mut self, doing: &'static str, work: Work) -> Result<(), SqlError> {
        self.post(doing, work).await?;
        self.settle(doing).await
    }

    async fn post(&mut self, doing: &'static str, work: Work) -> Result<(), SqlError> {
        let outcome = self.outcomes.expect();
        let sent = self.jobs.send(Job { doing, work, outcome }).await;
        sent.map_err(|_task_has_ended| SqlError { doing, source: Cause::Ended })
    }
}

/// A connection that is closed when it is dropped half way, which takes its transaction back:
/// sqlx would use it again, in the middle of a `COPY` too.
struct Guarded(Option<PoolConnection<Postgres>>);

impl Drop for Guarded {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.0 {
            connection.close_on_drop();
        }
    }
}

/// Does one thing after the other; nothing behind one that failed.
async fn serve(mut connection: Guarded, mut jobs: mpsc::Receiver<Job>) {
    let mut has_failed = false;
    while let Some(Job { doing, work, outcome }) = jobs.recv().await {
        let is_last = matches!(work, Work::Commit);
        let done = match connection.0.as_deref_mut().filter(|_| !has_failed) {
            Some(connection) => perform(connection, work).await,
            None => Err(Cause::Ended),
        };
        has_failed |= done.is_err();
        if is_last && !has_failed {
            // The pool may have it back.
            drop(connection.0.take());
        }
        // Whoever asked may have gone.
        let _heard = outcome.send(done.map_err(|source| SqlError { doing, source }));
    }
}

async fn perform(connection: &mut PgConnection, work: Work) -> Result<(), Cause> {
    match work {
        Work::Execute(sql) => {
            connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
        }
        Work::Run(sql, rows) => {
            connection.execute(bind(sql, &rows)).await?;
        }
        Work::Copy(sql, rows) => {
            let mut copy = connection.copy_in_raw(&sql).await?;
            for piece in copy::pieces(&rows) {
                copy.send(piece.into_bytes()).await?;
            }
            copy.finish().await?;
        }
        Work::Fetch(sql, rows, to) => {
            // Whoever asked may have gone.
            let _heard = to.send(bind(sql, &rows).fetch_all(connection).await?);
        }
        Work::Commit => {
            connection.execute("COMMIT").await?;
        }
    }
    Ok(())
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

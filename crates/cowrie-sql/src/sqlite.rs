//! A SQLite file, spoken to on a thread of its own.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use cowrie_core::format_time;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection};
use tokio::sync::{mpsc, oneshot};

use crate::error::{Cause, SqlError};
use crate::found::{Found, Row};
use crate::outcomes::Outcomes;
use crate::rows::{Rows, Values};

/// Rows per statement. Larger batches gain nothing, and 64 rows of thirty columns stay far below
/// SQLite's limit of 32,766 parameters.
const ROWS: usize = 64;

/// Texts of statements that stay prepared.
const PREPARED: usize = 256;

/// Statements that may wait for the thread; their rows stand in memory meanwhile.
const AHEAD: usize = 2;

/// What a connection keeps of the file in memory, at most, in KiB. SQLite's own two megabytes are
/// so few pages that every batch would write and read them again and again.
const CACHE_KIB: i64 = 64 << 10;

/// Pages in the write-ahead log from which on they are moved into the file. A page that is written
/// several times until then is moved once.
const CHECKPOINT_PAGES: i64 = 4_000;

/// A SQLite file, and the connections to it that nobody uses at the moment.
#[derive(Clone, Debug)]
pub struct SqliteFile {
    path: PathBuf,
    wait: Duration,
    idle: Arc<Mutex<Vec<Worker>>>,
}

impl SqliteFile {
    /// The file at a path; a writer waits so long for another one.
    pub fn at(path: PathBuf, wait: Duration) -> Self {
        Self { path, wait, idle: Arc::default() }
    }

    /// Closes the connections; those of transactions under way close with them.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for Worker { jobs, thread } in idle {
            drop(jobs);
            // A thread that panicked has nothing left to close.
            let _ended = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }

    /// A connection of one's own.
    fn take(&self) -> Worker {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Worker::start(self.path.clone(), self.wait))
    }

    fn give_back(&self, worker: Worker) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
    }
}

type Job = Box<dyn FnOnce(&mut State) + Send>;

/// What the thread holds.
struct State {
    path: PathBuf,
    wait: Duration,
    /// None before it is needed, and after one that could not be used any more.
    connection: Option<Connection>,
    /// Whether a statement of the transaction failed: nothing behind it is done.
    has_failed: bool,
}

impl State {
    fn attempt<T>(
        &mut self,
        what: impl FnOnce(&mut Connection) -> Result<T, Cause>,
    ) -> Result<T, Cause> {
        if self.has_failed {
            return Err(Cause::Ended);
        }
        let done = self.connected().map_err(Cause::from).and_then(what);
        self.has_failed = done.is_err();
        done
    }

    fn connected(&mut self) -> rusqlite::Result<&mut Connection> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.path, self.wait)?,
        };
        Ok(self.connection.insert(connection))
    }

    fn roll_back(&mut self) {
        self.has_failed = false;
        // A failure may have taken it back already. Closing does, where nothing else can.
        let is_over = |db: &Connection| db.is_autocommit() || db.execute_batch("ROLLBACK").is_ok();
        self.connection.take_if(|db| !is_over(db));
    }
}

/// A thread that holds a connection.
#[derive(Debug)]
struct Worker {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

impl Worker {
    fn start(path: PathBuf, wait: Duration) -> Self {
        let (jobs, mut received) = mpsc::channel::<Job>(AHEAD);
        let thread = std::thread::spawn(move || {
            let mut state = State { path, wait, connection: None, has_failed: false };
            while let Some(job) = received.blocking_recv() {
                job(&mut state);
            }
        });
        Self { jobs, thread }
    }
}

fn connect(path: &Path, wait: Duration) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(wait)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(connection)
}

/// A transaction on such a thread; dropped without [`SqliteTransaction::commit`], it is taken
/// back.
#[derive(Debug)]
pub(crate) struct SqliteTransaction {
    file: SqliteFile,
    worker: Option<Worker>,
    outcomes: Outcomes,
}

impl SqliteTransaction {
    pub(crate) async fn begin(file: &SqliteFile, sql: &'static str) -> Result<Self, SqlError> {
        let worker = Some(file.take());
        let mut transaction = Self { file: file.clone(), worker, outcomes: Outcomes::default() };
        transaction.ask("begin a transaction", |db| Ok(db.execute_batch(sql)?)).await?;
        Ok(transaction)
    }

    /// Waits until everything is done.
    pub(crate) async fn settle(&mut self, doing: &'static str) -> Result<(), SqlError> {
        self.outcomes.all(doing).await
    }

    /// Does something on the thread, behind everything before it, and waits for what comes of it.
    async fn ask<T: Send + 'static>(
        &mut self,
        doing: &'static str,
        what: impl FnOnce(&mut Connection) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, SqlError> {
        let (give, given) = oneshot::channel();
        let what = |db: &mut Connection| {
            // Whoever asked may have gone.
            let _heard = give.send(what(db)?);
            Ok(())
        };
        self.post(doing, what).await?;
        self.settle(doing).await?;
        given.await.map_err(|_nobody_told| SqlError { doing, source: Cause::Ended })
    }

    /// Does something on the thread, without waiting for it.
    async fn post(
        &mut self,
        doing: &'static str,
        what: impl FnOnce(&mut Connection) -> Result<(), Cause> + Send + 'static,
    ) -> Result<(), SqlError> {
        let outcome = self.outcomes.expect();
        let job = Box::new(move |state: &mut State| {
            let done = state.attempt(what).map_err(|source| SqlError { doing, source });
            // Whoever asked may have gone.
            let _heard = outcome.send(done);
        });
        let has_ended = || SqlError { doing, source: Cause::Ended };
        let worker = self.worker.as_ref().ok_or_else(has_ended)?;
        worker.jobs.send(job).await.map_err(|_thread_has_ended| has_ended())
    }

    pub(crate) async fn execute(
        &mut self,
        doing: &'static str,
        sql: String,
    ) -> Result<(), SqlError> {
        self.post(doing, move |db| Ok(db.execute_batch(&sql)?)).await
    }

    /// Runs a body over `rows`, some rows at a time.
    pub(crate) async fn run(
        &mut self,
        doing: &'static str,
        rows: Rows,
        body: String,
    ) -> Result<(), SqlError> {
        self.post(doing, move |db| {
            let mut from = 0;
            while from < rows.len() {
                let n_rows = chunk(rows.len() - from);
                let mut statement = db.prepare_cached(&over_rows(&rows, n_rows, &body))?;
                bind(&mut statement, &rows, from..from + n_rows)?;
                statement.raw_execute()?;
                from += n_rows;
            }
            Ok(())
        })
        .await
    }

    /// Runs a statement with a parameter per column for each of the rows.
    pub(crate) async fn each(
        &mut self,
        doing: &'static str,
        sql: String,
        rows: Rows,
    ) -> Result<(), SqlError> {
        self.post(doing, move |db| {
            let mut statement = db.prepare_cached(&sql)?;
            for at in 0..rows.len() {
                bind(&mut statement, &rows, at..at + 1)?;
                statement.raw_execute()?;
            }
            Ok(())
        })
        .await
    }

    /// Runs a question over `rows`, and gives what it finds.
    pub(crate) async fn fetch<T: Found>(
        &mut self,
        doing: &'static str,
        rows: Rows,
        body: String,
    ) -> Result<Vec<T>, SqlError> {
        self.ask(doing, move |db| {
            let (mut found, mut from) = (Vec::new(), 0);
            while from < rows.len() {
                let n_rows = chunk(rows.len() - from);
                let mut statement = db.prepare_cached(&over_rows(&rows, n_rows, &body))?;
                bind(&mut statement, &rows, from..from + n_rows)?;
                let mut given = statement.raw_query();
                while let Some(row) = given.next()? {
                    found.push(T::read(&Row::Sqlite(row))?);
                }
                from += n_rows;
            }
            Ok(found)
        })
        .await
    }

    pub(crate) async fn commit(mut self, doing: &'static str) -> Result<(), SqlError> {
        self.ask(doing, |db| Ok(db.execute_batch("COMMIT")?)).await?;
        if let Some(worker) = self.worker.take() {
            self.file.give_back(worker);
        }
        Ok(())
    }
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        let Some(worker) = self.worker.take() else { return };
        let job: Job = Box::new(State::roll_back);
        // Where the thread is busy, its connection closes behind its last statement, which takes
        // the transaction back too.
        if worker.jobs.try_send(job).is_ok() {
            self.file.give_back(worker);
        }
    }
}

/// How many of the rows left go into the next statement: 64, then powers of two, so that few
/// different texts are prepared.
fn chunk(left: usize) -> usize {
    if left >= ROWS { ROWS } else { 1 << left.ilog2() }
}

/// A body with `rows` in front of it, from a parameter per value.
fn over_rows(rows: &Rows, n_rows: usize, body: &str) -> String {
    let names = rows.names();
    let row = format!("({})", vec!["?"; rows.n_columns()].join(","));
    let values = vec![row; n_rows].join(",");
    format!("WITH rows({names}) AS (VALUES {values}) {body}")
}

/// Binds the values of some rows, row by row.
fn bind(
    statement: &mut CachedStatement<'_>,
    rows: &Rows,
    which: std::ops::Range<usize>,
) -> rusqlite::Result<()> {
    let mut parameter = 0;
    for at in which {
        for (_, values) in rows.columns() {
            parameter += 1;
            statement.raw_bind_parameter(parameter, value(values, at))?;
        }
    }
    Ok(())
}

/// A value as SQLite keeps it.
fn value(values: &Values, at: usize) -> ToSqlOutput<'_> {
    let borrowed = match values {
        Values::Text(texts) | Values::Jsonb(texts) | Values::Json(texts) | Values::Date(texts) => {
            texts.get(at).map(|text| ValueRef::Text(text.as_bytes()))
        }
        Values::Int(numbers) => numbers.get(at).copied().flatten().map(ValueRef::Integer),
        Values::Real(numbers) => numbers.get(at).copied().flatten().map(ValueRef::Real),
        Values::Bool(flags) => flags.get(at).map(|flag| ValueRef::Integer(i64::from(*flag))),
        Values::Bytes(blobs) => blobs.get(at).map(|blob| ValueRef::Blob(blob)),
        // Text order is time order only where there are equally many digits.
        Values::Time(times) => {
            let time = times.get(at).copied().flatten().map(format_time);
            return ToSqlOutput::Owned(time.map_or(rusqlite::types::Value::Null, Into::into));
        }
    };
    ToSqlOutput::Borrowed(borrowed.unwrap_or(ValueRef::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_few_different_sizes() {
        let mut left = 200;
        let mut sizes = Vec::new();
        while left > 0 {
            sizes.push(chunk(left));
            left -= chunk(left);
        }
        assert_eq!(sizes, [64, 64, 64, 8]);
    }
}

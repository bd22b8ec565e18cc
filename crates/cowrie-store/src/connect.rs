//! Opens a database, and makes sure that its schema is the one this program knows.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cowrie_sql::SqliteFile;
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr,
    RuntimeErr, SqlxPostgresConnector, Statement,
};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::{sleep, timeout};

use crate::error::StoreError;

/// Pages of a new SQLite file, in bytes. Larger pages waste less behind documents of events, and
/// cost more where keys fall all over an index: session ids and digests have no order in time.
const SQLITE_PAGE_BYTES: u32 = 16_384;

/// How long a writer waits for another one before it gives up, unless it is told otherwise.
const BUSY_WAIT: Duration = Duration::from_mins(2);

/// Between two tries to open a file that another program is making.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// Connections of one program, at most.
const CONNECTIONS: u32 = 4;

/// How long a server may take to answer.
const SERVER_WAIT: Duration = Duration::from_secs(30);

/// Where a database is.
#[derive(Clone)]
pub enum Target {
    /// A file, made when it is not there.
    Sqlite(PathBuf),
    /// A server.
    Postgres {
        /// The URL to connect to; it may hold a password.
        url: SecretString,
        /// The URL without a password, for messages.
        shown: String,
    },
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres { shown, .. } => f.write_str(shown),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Target {
    /// Connects, without looking at the schema.
    ///
    /// # Errors
    ///
    /// [`StoreError::Open`] when the file cannot be made or the server does not answer.
    pub async fn connect(&self) -> Result<DatabaseConnection, StoreError> {
        self.connect_waiting(BUSY_WAIT).await
    }

    async fn connect_waiting(&self, wait: Duration) -> Result<DatabaseConnection, StoreError> {
        let opened = match self {
            Self::Sqlite(path) => open_sqlite(path, wait).await,
            Self::Postgres { url, .. } => {
                let pool = postgres_pool(url).await;
                pool.map(SqlxPostgresConnector::from_sqlx_postgres_pool)
                    .map_err(|source| DbErr::Conn(RuntimeErr::SqlxError(source.into())))
            }
        };
        opened.map_err(|source| StoreError::Open { shown: self.to_string(), source })
    }
}

/// A pool of connections; sea-orm's own way to one would write the URL into its trace.
///
/// The first connection is made outside of the pool: a pool asks a server that refuses again and
/// again until its time is over, and then says only that.
async fn postgres_pool(url: &SecretString) -> Result<PgPool, sqlx::Error> {
    let options = url.expose_secret().parse::<PgConnectOptions>()?.disable_statement_logging();
    let late = |_| sqlx::Error::Io(io::ErrorKind::TimedOut.into());
    let first = timeout(SERVER_WAIT, options.connect()).await.map_err(late)??;
    first.close().await?;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(SERVER_WAIT);
    pool.connect_with(options).await
}

/// Opens a file. Whoever makes a new one holds it for a moment in which SQLite itself does not
/// wait.
async fn open_sqlite(path: &std::path::Path, wait: Duration) -> Result<DatabaseConnection, DbErr> {
    let started = Instant::now();
    loop {
        let opened = Database::connect(sqlite_options(path, wait)).await;
        let is_locked =
            opened.as_ref().is_err_and(|error| error.to_string().contains("database is locked"));
        if !is_locked || started.elapsed() >= wait {
            return opened;
        }
        sleep(BUSY_PAUSE).await;
    }
}

fn sqlite_options(path: &std::path::Path, wait: Duration) -> ConnectOptions {
    let path = path.to_owned();
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(CONNECTIONS).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .in_memory(false)
            .shared_cache(false)
            .filename(&path)
            .create_if_missing(true)
            .foreign_keys(true)
            .page_size(SQLITE_PAGE_BYTES)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(wait)
    });
    options
}

/// A database whose schema is the one this program knows.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: DatabaseConnection,
    /// The same database for bulk statements, when it is a SQLite file.
    pub(crate) file: Option<SqliteFile>,
    /// How long a writer waits for another one.
    pub(crate) wait: Duration,
}

impl Store {
    /// How long a writer waits for another one, unless it is told otherwise.
    pub const STANDARD_WAIT: Duration = BUSY_WAIT;

    /// Opens a database; a SQLite file is made and migrated, a PostgreSQL database never is.
    /// Writers wait so long for one another.
    ///
    /// # Errors
    ///
    /// [`StoreError::Outdated`] and [`StoreError::Newer`] say what to do about the schema.
    pub async fn open(target: &Target, wait: Duration) -> Result<Self, StoreError> {
        Self::open_as(target, wait, matches!(target, Target::Sqlite(_))).await
    }

    /// Opens a database whose schema must be as it should be, whichever engine it is.
    ///
    /// # Errors
    ///
    /// As [`Store::open`].
    pub async fn open_unchanged(target: &Target, wait: Duration) -> Result<Self, StoreError> {
        Self::open_as(target, wait, false).await
    }

    async fn open_as(
        target: &Target,
        wait: Duration,
        may_migrate: bool,
    ) -> Result<Self, StoreError> {
        let db = target.connect_waiting(wait).await?;
        let shown = || target.to_string();
        let failed = |source| StoreError::Schema { shown: shown(), source };
        let status = cowrie_migration::status(&db).await.map_err(failed)?;
        let (found, needed) = (status.version, status.newest);
        if status.is_newer() {
            return Err(StoreError::Newer { shown: shown(), found, known: needed });
        }
        if !status.is_current() {
            if !may_migrate {
                return Err(StoreError::Outdated { shown: shown(), found, needed });
            }
            cowrie_migration::up(&db, None).await.map_err(failed)?;
        }
        Self::with(db, wait).await
    }

    /// A store over a connection whose schema was just made.
    ///
    /// # Errors
    ///
    /// When the database does not answer, or is not in a file.
    pub async fn over(db: DatabaseConnection) -> Result<Self, StoreError> {
        Self::with(db, BUSY_WAIT).await
    }

    async fn with(db: DatabaseConnection, wait: Duration) -> Result<Self, StoreError> {
        let file = match db.get_database_backend() {
            DbBackend::Sqlite => Some(SqliteFile::at(path_of(&db).await?, wait)),
            _ => None,
        };
        Ok(Self { db, file, wait })
    }

    /// Closes the database; a SQLite file then stands alone, without its write-ahead log.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn close(self) -> Result<(), StoreError> {
        if let Some(file) = &self.file {
            file.close().await;
        }
        let done = self.db.close().await;
        done.map_err(|source| StoreError::Query { doing: "close the database", source })
    }

    /// Whether writers get their turn in the order in which they asked. With SQLite they look now
    /// and then whether the file is free.
    pub fn queues_writers(&self) -> bool {
        self.file.is_none()
    }

    /// The connection, for questions of everyday size.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.db
    }
}

/// Where the file of an open SQLite database is.
async fn path_of(db: &DatabaseConnection) -> Result<PathBuf, StoreError> {
    let doing = "look where the database is";
    let failed = |source| StoreError::Query { doing, source };
    let sql = "SELECT file FROM pragma_database_list WHERE name = 'main'";
    let statement = Statement::from_string(DbBackend::Sqlite, sql);
    let row = db.query_one_raw(statement).await.map_err(failed)?;
    let file = row.map(|row| row.try_get_by_index::<String>(0)).transpose().map_err(failed)?;
    let file = file.filter(|file| !file.is_empty());
    let file = file.ok_or_else(|| failed(DbErr::Custom("it is in no file".to_owned())))?;
    Ok(file.into())
}

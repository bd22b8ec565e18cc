#![doc = include_str!("../README.md")]
#![expect(clippy::panic, clippy::expect_used, reason = "a test's database is there or it fails")]

mod postgres;
mod sqlite;

use sea_orm::DatabaseConnection;

/// The two databases that everything must work on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Engine {
    /// SQLite, in a file of its own.
    Sqlite,
    /// PostgreSQL, in a database of its own.
    Postgres,
}

impl Engine {
    /// Both engines, for a test that runs on each.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    /// Its name, as in `sqlite` and `postgres`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// The database of one test, removed when it is dropped.
#[derive(Debug)]
pub struct TestDb {
    connection: DatabaseConnection,
    url: String,
    // Dropped last, when the connection's part of the work is done.
    _place: Place,
}

/// What is to be removed.
#[derive(Debug)]
enum Place {
    File { _folder: tempfile::TempDir },
    Database { _database: postgres::Database },
}

impl TestDb {
    /// A database without tables.
    pub async fn empty(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let (connection, url, folder) = sqlite::open().await;
                Self { connection, url, _place: Place::File { _folder: folder } }
            }
            Engine::Postgres => Self::on_server(postgres::SERVER).await,
        }
    }

    /// A database with the newest schema.
    pub async fn migrated(engine: Engine) -> Self {
        let db = Self::empty(engine).await;
        if let Err(error) = cowrie_migration::up(db.connection(), None).await {
            panic!("could not migrate the test database `{}`: {error:?}", db.url);
        }
        db
    }

    /// A PostgreSQL database without tables, on the server that offers pgvector.
    pub async fn empty_with_pgvector() -> Self {
        Self::on_server(postgres::SERVER_WITH_PGVECTOR).await
    }

    /// The connection that belongs to this test.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Where the database is, for a program that opens it by itself.
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn on_server(variable: &'static str) -> Self {
        let database = postgres::Database::create(variable).await;
        let connection = database.connect().await;
        let url = database.url.clone();
        Self { connection, url, _place: Place::Database { _database: database } }
    }
}

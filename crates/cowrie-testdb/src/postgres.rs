//! Databases on a running PostgreSQL server, each for one test.

use std::env;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database as Connector, DatabaseConnection, DbErr,
};
use tokio::runtime;

/// The variable that names the server which every test may use.
pub(crate) const SERVER: &str = "COWRIE_TEST_POSTGRES_URL";

/// The variable that names the server with pgvector.
pub(crate) const SERVER_WITH_PGVECTOR: &str = "COWRIE_TEST_PGVECTOR_URL";

/// How many connections a test may have; the servers allow 200 in all.
const CONNECTIONS: u32 = 10;

/// A database that is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Database {
    /// Where the database is.
    pub(crate) url: String,
    server_url: String,
    name: String,
}

impl Database {
    /// Makes a new database on the server that the variable names.
    pub(crate) async fn create(variable: &str) -> Self {
        let server_url = server_url(variable);
        let name = new_name();
        // The name is our own, of letters, digits and underscores.
        execute(&server_url, &format!("CREATE DATABASE {name}"))
            .await
            .expect("could not make a test database");
        let url = with_database(&server_url, &name);
        Self { url, server_url, name }
    }

    /// A pool of connections to the database.
    pub(crate) async fn connect(&self) -> DatabaseConnection {
        connect(&self.url, CONNECTIONS).await.expect("could not open the test database")
    }
}

impl Drop for Database {
    /// Removes the database although connections are open, as well as it can.
    ///
    /// A thread of its own is needed, since the test's runtime cannot be waited for from here.
    fn drop(&mut self) {
        let removal = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let server_url = self.server_url.clone();
        let removed = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            runtime.is_ok_and(|runtime| runtime.block_on(execute(&server_url, &removal)).is_ok())
        });
        let _best_effort = removed.join();
    }
}

#[expect(clippy::disallowed_methods, reason = "the test command speaks by these variables alone")]
fn server_url(variable: &str) -> String {
    let Ok(url) = env::var(variable) else {
        panic!("tests need their servers: run `cargo xtask test` ({variable} is not set)");
    };
    url
}

/// Unique in this process, and very likely unique among all that ever used the server.
fn new_name() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let chance = RandomState::new().build_hasher().finish();
    format!("cowrie_test_{}_{number}_{chance:016x}", process::id())
}

/// The URL with another database in place of its own; what follows a `?` stays.
fn with_database(server_url: &str, name: &str) -> String {
    let (address, parameters) = match server_url.split_once('?') {
        Some((address, parameters)) => (address, format!("?{parameters}")),
        None => (server_url, String::new()),
    };
    let server = address.rsplit_once('/').map_or(address, |(server, _)| server);
    format!("{server}/{name}{parameters}")
}

async fn execute(url: &str, statement: &str) -> Result<(), DbErr> {
    let connection = connect(url, 1).await?;
    connection.execute_unprepared(statement).await?;
    connection.close().await
}

async fn connect(url: &str, n_connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url.to_owned());
    options.max_connections(n_connections).sqlx_logging(false);
    Connector::connect(options).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(server_url: &str, expected: &str) {
        assert_eq!(with_database(server_url, "t"), expected);
    }

    #[test]
    fn only_the_database_of_a_url_changes() {
        check("postgres://u@h:1/postgres", "postgres://u@h:1/t");
        check("postgres://u:p@h/postgres?sslmode=disable", "postgres://u:p@h/t?sslmode=disable");
    }

    #[test]
    fn names_are_never_the_same() {
        assert_ne!(new_name(), new_name());
    }
}

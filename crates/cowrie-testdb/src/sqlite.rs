//! A SQLite database in a temporary file, set up as the programs set up theirs.

use sea_orm::sqlx::sqlite::SqliteJournalMode;
use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use tempfile::TempDir;

/// A new file, its URL, and the folder that takes it along when it is dropped.
pub(crate) async fn open() -> (DatabaseConnection, String, TempDir) {
    let folder = tempfile::Builder::new()
        .prefix("cowrie-testdb-")
        .tempdir()
        .expect("could not make a folder for the test database");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.sqlite").display());
    let mut options = ConnectOptions::new(url.clone());
    options.sqlx_logging(false).map_sqlx_sqlite_opts(|options| {
        options.foreign_keys(true).journal_mode(SqliteJournalMode::Wal)
    });
    let connection = Database::connect(options).await.expect("could not open the test database");
    (connection, url, folder)
}

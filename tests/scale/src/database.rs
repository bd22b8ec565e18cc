//! The databases that are loaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use cowrie_tests::{Engine, Tables};
use sqlx::{Connection as _, PgConnection};

use crate::measure;

/// Where databases are made.
#[derive(Clone, Debug)]
pub struct Home {
    /// SQLite files.
    pub folder: PathBuf,
    /// A PostgreSQL server, as the URL of a database from which others can be made.
    pub server: Option<String>,
    /// The programs.
    pub programs: PathBuf,
    /// A Python that has DuckDB.
    pub duckdb: Option<PathBuf>,
}

/// One database.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) engine: Engine,
    /// What `--db` is given.
    pub(crate) db: String,
    pub(crate) url: String,
    name: String,
}

impl Home {
    /// Where the report is kept.
    pub fn report(&self) -> PathBuf {
        self.folder.join("report.json")
    }

    /// The engines that there are.
    pub(crate) fn engines(&self) -> Vec<Engine> {
        let has_server = self.server.is_some();
        Engine::ALL.into_iter().filter(|e| has_server || *e == Engine::Sqlite).collect()
    }

    pub(crate) fn program(&self, name: &str) -> Command {
        Command::new(self.programs.join(name))
    }

    /// A database of this name for the loader; one that was there is gone.
    pub(crate) async fn fresh(&self, engine: Engine, name: &str) -> Result<Place> {
        match engine {
            Engine::Sqlite => self.empty(engine, name).await,
            Engine::Postgres => self.migrated(engine, name).await,
        }
    }

    /// A database of this name whose tables have no row; one that was there is gone.
    pub(crate) async fn migrated(&self, engine: Engine, name: &str) -> Result<Place> {
        let place = self.empty(engine, name).await?;
        measure::run(self.program("cowrie-db").args(["migrate", "--db", &place.db]))?;
        Ok(place)
    }

    /// A database of this name without a table, or the place for a file; one that was there is
    /// gone.
    pub(crate) async fn empty(&self, engine: Engine, name: &str) -> Result<Place> {
        let place = self.place(engine, name)?;
        self.clear(&place).await?;
        if engine == Engine::Postgres {
            let server = Tables::at(self.server()?).await;
            server.execute(&format!("CREATE DATABASE {name}")).await;
        }
        Ok(place)
    }

    /// Removes a database, and gives its room back.
    pub(crate) async fn remove(&self, place: Place) -> Result<()> {
        self.clear(&place).await
    }

    async fn clear(&self, place: &Place) -> Result<()> {
        match place.engine {
            Engine::Sqlite => {
                for suffix in ["", "-wal", "-shm"] {
                    remove(Path::new(&format!("{}{suffix}", place.db)))?;
                }
            }
            Engine::Postgres => {
                let server = Tables::at(self.server()?).await;
                let name = &place.name;
                server.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            }
        }
        Ok(())
    }

    /// The database of this name, be it there or not.
    pub(crate) fn place(&self, engine: Engine, name: &str) -> Result<Place> {
        let (db, url) = match engine {
            Engine::Sqlite => {
                let db = self.folder.join(format!("{name}.sqlite")).display().to_string();
                let url = format!("sqlite://{db}?mode=rw");
                (db, url)
            }
            Engine::Postgres => {
                let (server, _) = self.server()?.rsplit_once('/').context("a URL has a `/`")?;
                let url = format!("{server}/{name}");
                (url.clone(), url)
            }
        };
        Ok(Place { engine, db, url, name: name.to_owned() })
    }

    fn server(&self) -> Result<&str> {
        self.server.as_deref().context("there is no PostgreSQL server")
    }
}

impl Place {
    pub(crate) async fn tables(&self) -> Tables {
        Tables::at(&self.url).await
    }

    /// A connection to a database on the server.
    pub(crate) async fn connection(&self) -> Result<PgConnection> {
        PgConnection::connect(&self.url).await.context("failed to connect to the server")
    }

    /// Bytes on disk, with indexes.
    pub(crate) async fn size(&self) -> Result<u64> {
        match self.engine {
            Engine::Sqlite => {
                let file = fs::metadata(&self.db).context("failed to look at the database")?;
                Ok(file.len())
            }
            Engine::Postgres => {
                let size = "SELECT pg_database_size(current_database())";
                Ok(u64::try_from(self.tables().await.number(size).await)?)
            }
        }
    }
}

fn remove(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_file(path).with_context(|| format!("failed to remove `{}`", path.display()))?;
    }
    Ok(())
}

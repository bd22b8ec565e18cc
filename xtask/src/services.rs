//! What the tests talk to: servers started on loopback for one run, and packages to start others.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::apt;
use crate::workspace::Metadata;

use account::Account;
use postgres::{Postgres, Purpose};

mod account;
mod pgvector;
mod postgres;
mod python;

/// Every server of a test run; all of them stop, and their folder goes, when this is dropped.
#[derive(Debug)]
pub(crate) struct Services {
    postgres: Postgres,
    pgvector: Postgres,
    python_packages: PathBuf,
    _folder: TempDir,
}

impl Services {
    /// Start them all, fetching what this machine lacks.
    ///
    /// What was fetched is kept in the target folder for the next run.
    pub(crate) fn start() -> Result<Self> {
        let downloads = Metadata::read()?.target_directory.join("services");
        let account = Account::for_servers()?;
        let folder = account.folder()?;
        let binaries = Self::require()?;
        let folder_of = |name| folder.path().join(name);
        let postgres = Postgres::start(&binaries, &folder_of("postgres"), &account, Purpose::Tests)
            .context("could not start PostgreSQL")?;
        let pgvector = start_pgvector(&binaries, &downloads, &folder, &account)
            .context("could not start PostgreSQL with pgvector")?;
        let python_packages = python::packages(&downloads)?;
        Ok(Self { postgres, pgvector, python_packages, _folder: folder })
    }

    /// Fail early when this machine can start no server. That of Redis is started by the tests.
    pub(crate) fn require() -> Result<PathBuf> {
        apt::require(Command::new("redis-server").arg("--version"), &["redis-server"])?;
        postgres::find_binaries()
    }

    /// What the tests read to find the servers: names and values of environment variables.
    pub(crate) fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("COWRIE_TEST_POSTGRES_URL", self.postgres.url()),
            ("COWRIE_TEST_PGVECTOR_URL", self.pgvector.url()),
            ("COWRIE_TEST_PYTHON_PACKAGES", self.python_packages.display().to_string()),
        ]
    }
}

/// A PostgreSQL server whose speed means something, and the folder that must outlive it.
pub(crate) fn start_for_measuring() -> Result<(Postgres, TempDir)> {
    let account = Account::for_servers()?;
    let (folder, binaries) = (account.folder()?, postgres::find_binaries()?);
    let place = folder.path().join("postgres");
    Ok((Postgres::start(&binaries, &place, &account, Purpose::Measuring)?, folder))
}

fn start_pgvector(
    binaries: &Path,
    downloads: &Path,
    folder: &TempDir,
    account: &Account,
) -> Result<Postgres> {
    let binaries: PathBuf = if pgvector::has_wheel() {
        pgvector::unpack(downloads, &folder.path().join("pgvector-programs"), account)?
    } else {
        binaries.to_path_buf()
    };
    let server =
        Postgres::start(&binaries, &folder.path().join("pgvector"), account, Purpose::Tests)?;
    server
        .execute("create extension vector")
        .context("install the extension `vector` (Debian: postgresql-NN-pgvector)")?;
    Ok(server)
}

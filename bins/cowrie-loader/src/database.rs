//! From the settings to an open database.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use cowrie_cli::Failure;
use cowrie_store::{Store, Target};
use tempfile::TempDir;

/// A database that is open; a dry run may have made a passing one.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) shown: String,
    /// The file that it is, and which one that was when it was opened.
    file: Option<(PathBuf, u64)>,
    /// Holds the passing database until the run ends.
    _passing: Option<TempDir>,
}

/// Opens the database.
///
/// A dry run into a SQLite file that does not exist runs against an empty database elsewhere, so
/// that it leaves no file behind.
pub(crate) async fn open(
    target: Target,
    dry_run: bool,
    wait: Duration,
) -> anyhow::Result<Database> {
    let shown = target.to_string();
    let mut passing = None;
    let target = match target {
        Target::Sqlite(path) if dry_run && !path.exists() => {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("dry-run.sqlite");
            passing = Some(folder);
            Target::Sqlite(path)
        }
        Target::Sqlite(path) => {
            check_folder(&path)?;
            Target::Sqlite(path)
        }
        server @ Target::Postgres { .. } => server,
    };
    let store = if dry_run && passing.is_none() {
        Store::open_unchanged(&target, wait).await?
    } else {
        Store::open(&target, wait).await?
    };
    let file = match target {
        Target::Sqlite(path) => Some((path.clone(), inode(&path)?)),
        Target::Postgres { .. } => None,
    };
    Ok(Database { store, shown, file, _passing: passing })
}

impl Database {
    /// SQLite goes on writing into a file that was removed or replaced, and nobody sees it again.
    pub(crate) fn check_file(&self) -> anyhow::Result<()> {
        let Some((path, opened)) = &self.file else { return Ok(()) };
        if inode(path).ok() == Some(*opened) {
            return Ok(());
        }
        anyhow::bail!("the database `{}` was removed while it was written", path.display())
    }
}

fn inode(path: &Path) -> anyhow::Result<u64> {
    let failed = || format!("failed to look at the database `{}`", path.display());
    Ok(std::fs::metadata(path).with_context(failed)?.ino())
}

/// SQLite's own words for a missing folder do not name it.
fn check_folder(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => {
            let text = format!("the database's folder `{}` does not exist", folder.display());
            Err(Failure::usage(text).into())
        }
        None => Ok(()),
    }
}

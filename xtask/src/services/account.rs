//! Whose processes and files the servers are: PostgreSQL refuses to be root's.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// The account of the servers: our own, or another one when we are root.
#[derive(Debug)]
pub(crate) struct Account {
    /// User and group to switch to.
    other: Option<(u32, u32)>,
}

impl Account {
    /// Our own account, or for root that of `postgres` or `nobody`.
    pub(crate) fn for_servers() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { other: None });
        }
        let accounts = fs::read_to_string("/etc/passwd").context("failed to read `/etc/passwd`")?;
        let other = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| user_and_group(&accounts, name))
            .context("PostgreSQL refuses to run as root: add a user `postgres` or `nobody`")?;
        Ok(Self { other: Some(other) })
    }

    /// A new folder that the account owns and can reach.
    pub(crate) fn folder(&self) -> Result<TempDir> {
        let parents = [env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
        let parent = parents
            .iter()
            .find(|parent| self.other.is_none() || is_open_to_others(parent))
            .context("no temporary folder is open to other users")?;
        let folder = tempfile::Builder::new()
            .prefix("cowrie-test-")
            .tempdir_in(parent)
            .with_context(|| format!("failed to make a folder in `{}`", parent.display()))?;
        self.own(folder.path())?;
        Ok(folder)
    }

    /// Give the folder, and all that is in it, to the account.
    pub(crate) fn own(&self, folder: &Path) -> Result<()> {
        let Some((user, group)) = self.other else { return Ok(()) };
        give(folder, user, group)
            .with_context(|| format!("failed to give `{}` to user {user}", folder.display()))
    }

    /// A command that runs as the account, in a folder of its own.
    pub(crate) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).env("HOME", folder);
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
        command
    }
}

/// The numbers of an account in the text of `/etc/passwd`.
fn user_and_group(accounts: &str, name: &str) -> Option<(u32, u32)> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_wanted = fields.next() == Some(name);
        let user = fields.nth(1)?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        is_wanted.then_some((user, group))
    })
}

/// Whether users other than the owner may pass through the folder and all above it.
fn is_open_to_others(folder: &Path) -> bool {
    const PASS: u32 = 0o001;
    folder.canonicalize().is_ok_and(|folder| {
        folder.ancestors().all(|folder| {
            folder.metadata().is_ok_and(|found| found.permissions().mode() & PASS != 0)
        })
    })
}

fn give(path: &Path, user: u32, group: u32) -> io::Result<()> {
    lchown(path, Some(user), Some(group))?;
    if path.symlink_metadata()?.is_dir() {
        for entry in path.read_dir()? {
            give(&entry?.path(), user, group)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNTS: &str = "root:x:0:0:root:/root:/bin/bash\n\
        broken\n\
        postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn accounts_are_found_by_name() {
        assert_eq!(user_and_group(ACCOUNTS, "postgres"), Some((101, 104)));
        assert_eq!(user_and_group(ACCOUNTS, "post"), None);
        assert_eq!(user_and_group(ACCOUNTS, "broken"), None);
    }

    #[test]
    fn a_private_folder_is_not_open() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!is_open_to_others(folder.path()));
        assert!(is_open_to_others(Path::new("/")));
    }
}

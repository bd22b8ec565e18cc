//! One PostgreSQL server in a folder of its own.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::services::account::Account;
use crate::{apt, process};

/// How long a server may take to start, or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// Another program may take the port between our look and the server's.
const ATTEMPTS: usize = 3;

/// What every server here is told.
const SETTINGS: &[&str] =
    &["listen_addresses=127.0.0.1", "max_connections=200", "unix_socket_directories="];

/// What a server is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// The data is thrown away, so nothing has to survive a crash.
    Tests,
    /// As safe as it comes, with the memory of a small server.
    Measuring,
}

impl Purpose {
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Tests => &["fsync=off", "full_page_writes=off", "synchronous_commit=off"],
            Self::Measuring => &["shared_buffers=1GB", "max_wal_size=8GB"],
        }
    }
}

/// A running server; it is stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Postgres {
    server: Child,
    binaries: PathBuf,
    port: u16,
}

impl Postgres {
    /// Make a cluster in the folder and start its server on a free port.
    pub(crate) fn start(
        binaries: &Path,
        folder: &Path,
        account: &Account,
        purpose: Purpose,
    ) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("failed to make `{}`", folder.display()))?;
        account.own(folder)?;
        make_cluster(binaries, folder, account)?;
        for _ in 0..ATTEMPTS {
            let mut started = Self::launch(binaries, folder, account, purpose)?;
            if started.is_ready(folder)? {
                return Ok(started);
            }
        }
        let log = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
        bail!("the server does not start; its log ends:\n{}", last_lines(&log, 10));
    }

    /// The address of its database `postgres`.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Run one statement in its database `postgres`.
    pub(crate) fn execute(&self, statement: &str) -> Result<()> {
        let mut command = Command::new(self.binaries.join("psql"));
        command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", statement]);
        process::read(command.arg(self.url())).map(drop)
    }

    fn launch(binaries: &Path, folder: &Path, account: &Account, purpose: Purpose) -> Result<Self> {
        let log = folder.join("server.log");
        let output =
            File::create(&log).with_context(|| format!("failed to make `{}`", log.display()))?;
        let port = free_port().context("failed to find a free port")?;
        let mut command = account.command(&binaries.join("postgres"), folder);
        command.arg("-D").arg(folder.join("data")).arg("-p").arg(port.to_string());
        let settings = SETTINGS.iter().chain(purpose.settings());
        command.args(settings.flat_map(|setting| ["-c", setting]));
        // In a group of its own, Ctrl-C at the terminal does not reach the server before us.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
        let server = command
            .spawn()
            .with_context(|| format!("could not start `{}`", process::shown(&command)))?;
        Ok(Self { server, binaries: binaries.to_path_buf(), port })
    }

    /// Wait until the server takes connections; `false` when it ended instead.
    fn is_ready(&mut self, folder: &Path) -> Result<bool> {
        let status = folder.join("data/postmaster.pid");
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.server.try_wait().context("failed to watch the server")?.is_some() {
                return Ok(false);
            }
            if fs::read_to_string(&status).is_ok_and(|status| says_ready(&status)) {
                return Ok(true);
            }
            process::pause();
        }
        bail!("the server is not ready after {} s", PATIENCE.as_secs());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGQUIT is the immediate shutdown. A server that has ended already is fine too.
        let _ended = kill_process(Pid::from_child(&self.server), Signal::QUIT);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if !matches!(self.server.try_wait(), Ok(None)) {
                return;
            }
            process::pause();
        }
        let _killed = self.server.kill();
        let _reaped = self.server.wait();
    }
}

/// The folder with `postgres` and `initdb`, installed first where that is possible.
pub(crate) fn find_binaries() -> Result<PathBuf> {
    if let Some(found) = installed_binaries() {
        return Ok(found);
    }
    if apt::install(&["postgresql"])? {
        stop_new_clusters();
    }
    installed_binaries().context(
        "the tests need PostgreSQL's programs `postgres` and `initdb`: install PostgreSQL 15 or \
         later (Debian, Ubuntu: apt-get install postgresql), or add its folder to PATH",
    )
}

fn installed_binaries() -> Option<PathBuf> {
    let on_path = process::on_path("postgres").and_then(|file| file.canonicalize().ok());
    let configured = process::read(Command::new("pg_config").arg("--bindir")).ok();
    let candidates = on_path
        .and_then(|file| file.parent().map(Path::to_path_buf))
        .into_iter()
        .chain(configured.map(|folder| PathBuf::from(folder.trim())))
        .chain(versions_below("/usr/lib/postgresql"));
    let has_both = |folder: &PathBuf| {
        ["postgres", "initdb", "psql"].iter().all(|program| folder.join(program).is_file())
    };
    candidates.into_iter().find(has_both)
}

/// `<folder>/<version>/bin`, newest version first.
fn versions_below(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut versions: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.iter().map(|version| Path::new(folder).join(format!("{version}/bin"))).collect()
}

/// Debian's package starts a server at once; nobody asked for that one.
fn stop_new_clusters() {
    let clusters = process::read(Command::new("pg_lsclusters").arg("--no-header"));
    for cluster in clusters.unwrap_or_default().lines() {
        let mut fields = cluster.split_whitespace();
        if let (Some(version), Some(name)) = (fields.next(), fields.next()) {
            process::succeeds(Command::new("pg_ctlcluster").args([version, name, "stop"]));
        }
    }
}

fn make_cluster(binaries: &Path, folder: &Path, account: &Account) -> Result<()> {
    let mut command = account.command(&binaries.join("initdb"), folder);
    command.arg("--pgdata").arg(folder.join("data"));
    // The locale C exists everywhere and sorts the same everywhere.
    command.args(["--username=postgres", "--auth=trust", "--locale=C", "--encoding=UTF8"]);
    process::read(command.arg("--no-sync")).map(drop)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The eighth line of `postmaster.pid` is the server's state; `pg_ctl --wait` reads it too.
fn says_ready(status: &str) -> bool {
    status.lines().nth(7).is_some_and(|state| state.trim() == "ready")
}

fn last_lines(text: &str, n_lines: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(n_lines)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_answers_and_leaves_nothing_behind() {
        let account = Account::for_servers().unwrap();
        let folder = account.folder().unwrap();
        let binaries = find_binaries().unwrap();
        let server =
            Postgres::start(&binaries, &folder.path().join("server"), &account, Purpose::Tests)
                .unwrap();
        server.execute("create table t (a int)").unwrap();
        let error = server.execute("select * from missing").unwrap_err();
        assert!(format!("{error:#}").contains("missing"), "{error:#}");

        let pid = Pid::from_child(&server.server);
        drop(server);
        assert!(rustix::process::test_kill_process(pid).is_err());
    }

    #[test]
    fn missing_programs_are_named() {
        let account = Account::for_servers().unwrap();
        let folder = account.folder().unwrap();
        let error = Postgres::start(
            Path::new("/nonexistent"),
            &folder.path().join("x"),
            &account,
            Purpose::Tests,
        )
        .unwrap_err();
        assert!(format!("{error:#}").contains("/nonexistent/initdb"), "{error:#}");
    }

    #[test]
    fn readiness_is_the_eighth_line() {
        assert!(says_ready("1\n/d\n3\n5432\n\n127.0.0.1\n7\nready   \n"));
        assert!(!says_ready("1\n/d\n3\n5432\n\n127.0.0.1\n7\nstarting\n"));
        assert!(!says_ready(""));
    }

    #[test]
    fn newer_versions_come_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["9", "15", "17", "common"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let found = versions_below(folder.path().to_str().unwrap());
        let expected = ["17/bin", "15/bin", "9/bin"].map(|name| folder.path().join(name));
        assert_eq!(found, expected);
        assert_eq!(versions_below("/nonexistent"), Vec::<PathBuf>::new());
    }

    #[test]
    fn only_the_end_of_a_log_is_shown() {
        assert_eq!(last_lines("a\nb\nc", 2), "b\nc");
        assert_eq!(last_lines("a", 2), "a");
    }
}

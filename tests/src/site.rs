//! A place of its own for each test: a folder, a database, and programs that run in it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::ended::Ended;
use crate::program::Program;
use crate::tables::Tables;

/// The longest that any run may take before it counts as hanging.
const LONGEST: Duration = Duration::from_mins(2);

/// The user that a run becomes when it must have no privileges: `nobody`, wherever that is not.
const NOBODY: u32 = 65_534;

/// A folder and a database, gone when this is dropped.
#[derive(Debug)]
pub struct Site {
    folder: TempDir,
    server: Option<TestDb>,
}

impl Site {
    /// A site whose database is ready to be loaded: a SQLite file that is not there yet, or a
    /// migrated PostgreSQL database.
    pub async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::with(None),
            Engine::Postgres => Self::with(Some(TestDb::migrated(engine).await)),
        }
    }

    /// A site whose PostgreSQL database has no tables.
    pub async fn unmigrated() -> Self {
        Self::with(Some(TestDb::empty(Engine::Postgres).await))
    }

    fn with(server: Option<TestDb>) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("cowrie-site-")
            .tempdir()
            .expect("could not make a folder for the test");
        Self { folder, server }
    }

    /// A path in the folder; the empty one is the folder itself.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        let above = path.parent().expect("a file is in a folder");
        fs::create_dir_all(above).expect("could not make a folder in the site");
        fs::write(&path, bytes).expect("could not write a file in the site");
        path
    }

    /// What `--db` is given.
    pub fn db(&self) -> String {
        match &self.server {
            Some(server) => server.url().to_owned(),
            None => self.sqlite_file().display().to_string(),
        }
    }

    /// Where the SQLite file is, or would be.
    pub fn sqlite_file(&self) -> PathBuf {
        self.path("cowrie.sqlite")
    }

    /// Whether there is a database, with or without tables.
    pub fn has_database(&self) -> bool {
        self.server.is_some() || self.sqlite_file().exists()
    }

    /// The database as it is now.
    pub async fn tables(&self) -> Tables {
        match &self.server {
            Some(server) => Tables::on(server.connection().clone()),
            None => Tables::in_file(&self.sqlite_file()).await,
        }
    }

    /// The database, once a program has made it.
    pub async fn tables_when_there(&self) -> Tables {
        while !self.has_database() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.tables().await
    }

    /// Whether a program is in the middle of a batch.
    pub async fn is_being_written(&self) -> bool {
        let Some(server) = &self.server else {
            return self.sqlite_file().exists() && is_locked(&self.sqlite_file()).await;
        };
        let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND \
             database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        Tables::on(server.connection().clone()).number(locks).await > 0
    }

    /// Prepares `cowrie-loader bulk` with these arguments and this site's database.
    pub fn bulk(&self, arguments: &[&str]) -> Run<'_> {
        let db = self.db();
        self.program(Program::Loader, &[&["bulk", "--db", &db], arguments].concat())
    }

    /// Prepares `cowrie-loader delta` with these arguments and this site's database.
    pub fn delta(&self, arguments: &[&str]) -> Run<'_> {
        let db = self.db();
        self.program(Program::Loader, &[&["delta", "--db", &db, "--quiet"], arguments].concat())
    }

    /// Prepares a program with exactly these arguments.
    pub fn program(&self, program: Program, arguments: &[&str]) -> Run<'_> {
        let arguments = arguments.iter().map(OsString::from).collect();
        let variables = Vec::new();
        Run {
            site: self,
            program,
            arguments,
            variables,
            input: None,
            is_unprivileged: false,
            largest_file: None,
            terminal: None,
        }
    }
}

/// A run that has not begun.
#[derive(Debug)]
#[must_use]
pub struct Run<'a> {
    site: &'a Site,
    program: Program,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
    input: Option<Vec<u8>>,
    is_unprivileged: bool,
    largest_file: Option<u64>,
    terminal: Option<File>,
}

impl Run<'_> {
    /// Adds an argument at the end.
    pub fn with_argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable of the environment.
    pub fn with_variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// Gives it something to read on standard input.
    pub fn with_input(mut self, bytes: &[u8]) -> Self {
        self.input = Some(bytes.to_vec());
        self
    }

    /// Takes the privileges of the superuser away, who may read every file; the site's folder
    /// then belongs to the other user, the files in it stay whose they are. Whoever is not the
    /// superuser runs it as it is.
    pub fn without_privileges(mut self) -> Self {
        self.is_unprivileged = true;
        self
    }

    /// Lets no file that it writes grow beyond so many bytes, as where there is no room for more.
    pub fn with_largest_file(mut self, n_bytes: u64) -> Self {
        self.largest_file = Some(n_bytes);
        self
    }

    /// Puts it in the foreground of a terminal, which it reads from and writes to.
    pub fn on_terminal(mut self, terminal: File) -> Self {
        self.terminal = Some(terminal);
        self
    }

    /// Runs it to its end.
    pub async fn ended(mut self) -> Ended {
        let input = self.input.take();
        let mut child = self.start();
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        let write = async move {
            // A program that does not read its input is no failure of the pipe.
            let _written = stdin.write_all(&input.unwrap_or_default()).await;
        };
        let ended = async { tokio::join!(write, child.wait_with_output()).1 };
        let output = timeout(LONGEST, ended).await.expect("a program under test hangs");
        Ended::new(output.expect("could not wait for a program under test"))
    }

    /// Begins it, and leaves it to the caller what becomes of it.
    pub fn start(&self) -> Child {
        loop {
            match self.command().spawn() {
                // Another test was starting a program while the copy of this one was written, and
                // holds it open for a moment.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                    std::thread::yield_now();
                }
                started => return started.expect("could not start a program under test"),
            }
        }
    }

    fn command(&self) -> Command {
        let program = self.program.path();
        let is_other = self.is_unprivileged && is_superuser(self.site.folder.path());
        let file = if is_other { self.site.for_nobody(&program) } else { program };
        let mut command = match (self.largest_file, &self.terminal) {
            // With a session of its own, the terminal's Ctrl-C reaches it and nobody else.
            (_, Some(_)) => {
                let mut leader = Command::new("setsid");
                leader.arg("--ctty").arg(file);
                leader
            }
            // A write beyond the limit fails where the signal for it is not taken.
            (Some(n_bytes), None) => {
                let mut shell = Command::new("bash");
                let limited = "trap '' XFSZ; ulimit -f \"$1\"; shift; exec \"$@\"";
                shell.args(["-c", limited, "bash", &(n_bytes / 1024).to_string()]).arg(file);
                shell
            }
            (None, None) => Command::new(file),
        };
        if is_other {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.args(&self.arguments).current_dir(self.site.folder.path()).kill_on_drop(true);
        command.env_clear().env("HOME", self.site.folder.path());
        // Where a measured program leaves what it measured.
        command.envs(std::env::vars_os().filter(|(name, _)| name == "LLVM_PROFILE_FILE"));
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let end = || match &self.terminal {
            Some(file) => file.try_clone().expect("could not open the terminal again").into(),
            None => Stdio::piped(),
        };
        command.stdin(end()).stdout(end()).stderr(end());
        command
    }
}

impl Site {
    /// Gives the folder to `nobody`, and puts the program where that user can reach it.
    fn for_nobody(&self, program: &Path) -> PathBuf {
        let owned = |path: &Path| std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY));
        owned(self.folder.path()).expect("could not give the site away");
        let copy = self.path(".program");
        if !copy.exists() {
            fs::copy(program, &copy).expect("could not copy the program");
        }
        copy
    }
}

/// Whether a SQLite file cannot be written at this moment.
async fn is_locked(path: &Path) -> bool {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rw", path.display()));
    options.max_connections(1).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|sqlite| sqlite.busy_timeout(Duration::ZERO));
    let Ok(connection) = Database::connect(options).await else { return true };
    let begun = connection.execute_unprepared("BEGIN IMMEDIATE; ROLLBACK").await;
    begun.is_err()
}

/// Whether permissions do not bind this process. What it makes belongs to it, so the owner of a
/// folder of its own says who it is.
fn is_superuser(own: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let status = fs::metadata("/proc/self").or_else(|_| fs::metadata(own));
    status.is_ok_and(|status| status.uid() == 0)
}

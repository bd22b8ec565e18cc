//! `cargo xtask test`: the tests, with servers that live as long as they do.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};
use tokio::time::timeout;

use crate::coverage::Coverage;
use crate::process;
use crate::services::Services;

/// How long the tests may take to end once they were told to.
const GRACE: Duration = Duration::from_secs(5);

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Arguments {
    /// Say which lines the tests reach, and fail when they are too few
    #[arg(long)]
    coverage: bool,
    /// What `cargo test` is given, for example `-p cowrie-store`
    #[arg(last = true)]
    cargo: Vec<OsString>,
}

impl Arguments {
    pub(crate) fn for_cargo(arguments: impl IntoIterator<Item = OsString>) -> Self {
        Self { cargo: arguments.into_iter().collect(), coverage: false }
    }

    pub(crate) fn with_coverage() -> Self {
        Self { cargo: Vec::new(), coverage: true }
    }
}

/// Run the tests; the exit code is theirs, or that of a coverage that is too small.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    if !arguments.coverage {
        return run_served(test_command(arguments));
    }
    let coverage = Coverage::prepare()?;
    let mut command = test_command(arguments);
    command.envs(coverage.environment());
    let code = run_served(command)?;
    if code == ExitCode::SUCCESS {
        coverage.report()?;
    }
    Ok(code)
}

/// Start the servers, run the tests, stop the servers.
fn run_served(mut command: Command) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("failed to start the runtime")?;
    runtime.block_on(async {
        // Listening comes first: from here on a signal cannot end us with servers running.
        let mut stop = StopSignals::listen()?;
        let services = Services::start()?;
        for (name, value) in services.environment() {
            eprintln!("{name}={value}");
            command.env(name, value);
        }
        run_counted(command, &mut stop).await
    })
}

fn test_command(arguments: &Arguments) -> Command {
    let mut command = process::cargo();
    command.args(["test", "--locked", "--no-fail-fast"]);
    if !names_packages(&arguments.cargo) {
        command.arg("--workspace");
    }
    command.args(&arguments.cargo);
    Command::from(command)
}

fn names_packages(arguments: &[OsString]) -> bool {
    arguments.iter().take_while(|argument| *argument != "--").any(|argument| {
        let text = argument.to_string_lossy();
        text == "--workspace" || text.starts_with("--package") || text.starts_with("-p")
    })
}

/// Pass the output on while counting, and end when the tests do or when we are told to.
async fn run_counted(mut command: Command, stop: &mut StopSignals) -> Result<ExitCode> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut cargo = command.spawn().context("could not start `cargo test`")?;
    let output = cargo.stdout.take().context("`cargo test` has no output")?;
    let mut totals = Totals::default();
    let status = tokio::select! {
        status = follow(&mut cargo, output, &mut totals) => status?,
        number = stop.wait() => {
            end_group(&mut cargo).await;
            eprintln!("stopped by signal {number}");
            return Ok(ExitCode::from(128 + number));
        }
    };
    println!("{} passed, {} failed", totals.n_passed, totals.n_failed);
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

async fn follow(cargo: &mut Child, output: ChildStdout, totals: &mut Totals) -> Result<ExitStatus> {
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).await.context("failed to read from cargo")? > 0 {
        let mut terminal = io::stdout().lock();
        terminal.write_all(&line).and_then(|()| terminal.flush()).context("failed to print")?;
        totals.count(&String::from_utf8_lossy(&line));
        line.clear();
    }
    cargo.wait().await.context("failed to wait for cargo")
}

/// Cargo and the test programs share a group; both are asked first, and forced when they stay.
async fn end_group(cargo: &mut Child) {
    let group = cargo.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let send = |signal| group.map(|group| kill_process_group(group, signal));
    send(Signal::TERM);
    let _ended_in_time = timeout(GRACE, cargo.wait()).await;
    send(Signal::KILL);
}

/// The ways in which somebody ends us.
struct StopSignals {
    interrupt: Signals,
    terminate: Signals,
    hang_up: Signals,
}

impl StopSignals {
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("failed to listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    /// The number of the signal that came.
    async fn wait(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
            _ = self.hang_up.recv() => 1,
        }
    }
}

/// The sum of all `test result:` lines.
#[derive(Debug, Default, PartialEq)]
struct Totals {
    n_passed: u64,
    n_failed: u64,
}

impl Totals {
    fn count(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        self.n_passed += number_before(result, "passed");
        self.n_failed += number_before(result, "failed");
    }
}

/// The number in front of a word: 3 for `passed` in `ok. 3 passed; 1 failed`.
fn number_before(text: &str, word: &str) -> u64 {
    let words: Vec<&str> = text.split([' ', ';']).collect();
    let pairs = words.windows(2).filter(|pair| matches!(pair, [_, second] if *second == word));
    pairs.filter_map(|pair| pair.first()?.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, n_passed: u64, n_failed: u64) {
        let mut totals = Totals::default();
        output.lines().for_each(|line| totals.count(line));
        assert_eq!(totals, Totals { n_passed, n_failed });
    }

    #[test]
    fn result_lines_are_summed() {
        check("", 0, 0);
        check("running 2 tests\ntest a ... ok\n", 0, 0);
        check(
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out\n\
             test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n",
            15,
            2,
        );
    }

    #[test]
    fn a_named_package_takes_the_place_of_all() {
        let names =
            |words: &[&str]| names_packages(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(names(&["-p", "cowrie-store"]));
        assert!(names(&["-pcowrie-store"]));
        assert!(names(&["--package=cowrie-store"]));
        assert!(!names(&["content_id"]));
        assert!(!names(&["--", "-p"]));
    }
}

//! From the command line of a program to its end.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tokio::runtime::{Builder, Runtime};

use crate::args::{OutputArgs, command_line};
use crate::signals::Stop;
use crate::{Exit, finish, logging, safe};

/// How long threads that are busy outside the runtime may go on after the end.
const LAST_GRACE: Duration = Duration::from_secs(5);

/// Reads the command line and begins to log as it says; `Err` is the end of the program, when help
/// was asked for or the command line is wrong.
///
/// What clap says of a wrong command line repeats parts of it, so it is made harmless here.
#[expect(clippy::print_stderr, reason = "there is no logger yet")]
pub fn start<Program: Parser>(
    output: impl FnOnce(&Program) -> &OutputArgs,
) -> Result<Program, ExitCode> {
    let program = Program::try_parse_from(command_line(std::env::args_os())).map_err(|error| {
        if error.use_stderr() {
            for line in error.render().to_string().lines() {
                eprintln!("{}", safe::terminal(line));
            }
            return Exit::Usage.into();
        }
        match error.print() {
            Ok(()) => Exit::Done.into(),
            Err(error) => finish(Err(error.into())),
        }
    })?;
    let logging = logging::init(output(&program)).context("failed to set up messages");
    logging.map(|()| program).map_err(|error| finish(Err(error)))
}

/// Does the work of a program on a runtime with a thread for each core, and ends it: prints the
/// error, if there is one, and gives the exit code.
///
/// The work is told to stop by a signal. When it then returns without an error, the exit code is
/// that of the signal.
pub fn run<Work>(work: Work) -> ExitCode
where
    Work: AsyncFnOnce(&Stop) -> anyhow::Result<Exit>,
{
    finish(run_until_stopped(work))
}

fn run_until_stopped<Work>(work: Work) -> anyhow::Result<Exit>
where
    Work: AsyncFnOnce(&Stop) -> anyhow::Result<Exit>,
{
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let stop = Stop::watch().context("failed to watch for signals")?;
        let exit = work(&stop).await?;
        Ok(stop.received().unwrap_or(exit))
    });
    runtime.shutdown_timeout(LAST_GRACE);
    result
}

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("failed to start the runtime")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_work_is_the_end_of_the_run() {
        for exit in Exit::ALL {
            assert_eq!(run_until_stopped(async |_| Ok(exit)).unwrap(), exit);
        }
        let error = run_until_stopped(async |_| anyhow::bail!("no database")).unwrap_err();
        assert_eq!(error.to_string(), "no database");
    }

    #[test]
    fn the_work_has_a_runtime_and_is_not_stopped_by_itself() {
        let exit = run_until_stopped(async |stop| {
            tokio::time::sleep(Duration::from_millis(1)).await;
            assert!(!stop.token().is_cancelled());
            Ok(Exit::Done)
        });
        assert_eq!(exit.unwrap(), Exit::Done);
    }
}

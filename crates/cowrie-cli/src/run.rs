//! From the command line of a program to its end.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tokio::runtime::{Builder, Runtime};
use tracing::warn;

use crate::args::{OutputArgs, command_line};
use crate::generate::{self, generate};
use crate::legacy::{self, Advice};
use crate::output::{self, Discard};
use crate::signals::Stop;
use crate::{Exit, Failure, finish, logging, print_bytes, safe, terminal};

/// How long threads that are busy outside the runtime may go on after the end.
const LAST_GRACE: Duration = Duration::from_secs(5);

/// Reads the command line and begins to log as it says; `Err` is the end of the program, when help
/// or something generated was asked for, or the command line is wrong.
pub fn start<Program: Parser>(
    output: impl FnOnce(&Program) -> &OutputArgs,
) -> Result<Program, ExitCode> {
    let (program, warnings) = understood::<Program>(command_line(std::env::args_os()))?;
    begin(output(&program)).map_err(|error| finish(Err(error)))?;
    for warning in warnings {
        warn!("{warning}");
    }
    Ok(program)
}

fn begin(args: &OutputArgs) -> anyhow::Result<()> {
    terminal::set_dumb(args.is_dumb());
    logging::init(args).context("failed to set up messages")?;
    output::begin(args)
}

/// The command line as the program defines it, and what to say of legacy spellings in it.
fn understood<Program: Parser>(
    mut words: Vec<OsString>,
) -> Result<(Program, Vec<String>), ExitCode> {
    if let Some(problem) = legacy::key_on(&words) {
        return Err(refused(&problem));
    }
    let command = Program::command();
    if let Some(wanted) = generate::wanted(&command, &words) {
        let printed = generate(&command, wanted).and_then(|made| print_bytes(&made));
        return Err(finish(printed.map(|()| Exit::Done).context("failed to print it")));
    }
    let mut warnings = Vec::new();
    loop {
        let error = match Program::try_parse_from(&words) {
            Ok(program) => return Ok((program, warnings)),
            Err(error) => error,
        };
        match legacy::advice(command.get_name(), &error, &words) {
            Some(Advice::TryAgain(warning, rest)) => {
                warnings.push(warning);
                words = rest;
            }
            Some(Advice::End(problem)) => return Err(refused(&problem)),
            None => return Err(not_understood(&error)),
        }
    }
}

fn refused(problem: &str) -> ExitCode {
    finish(Err(Failure::usage(problem).into()))
}

/// Prints help, or what clap says of a wrong command line. That repeats parts of it, so it is made
/// harmless here.
#[expect(clippy::print_stderr, reason = "there is no logger yet")]
fn not_understood(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        for line in error.render().to_string().lines() {
            eprintln!("{}", safe::terminal(&safe::without_passwords(line)));
        }
        return Exit::Usage.into();
    }
    match error.print() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => finish(Err(error.into())),
        _ => Exit::Done.into(),
    }
}

/// Does the work of a program on a runtime with a thread for each core, and ends it: prints the
/// error, if there is one, and gives the exit code.
///
/// The file of `--output` is there when the work ends without an error.
///
/// The work is told to stop by a signal. When it then returns without an error, the exit code is
/// that of the signal.
pub fn run<Work>(work: Work) -> ExitCode
where
    Work: AsyncFnOnce(&Stop) -> anyhow::Result<Exit>,
{
    let _results = Discard;
    finish(run_until_stopped(work).and_then(|exit| output::keep().map(|()| exit)))
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

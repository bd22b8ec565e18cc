//! From the work of a program to its end.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::{Exit, finish, signals};

/// How long threads that are busy outside the runtime may go on after the end.
const LAST_GRACE: Duration = Duration::from_secs(5);

/// Does the work of a program on a runtime with a thread for each core, and ends it: prints the
/// error, if there is one, and gives the exit code.
///
/// The work gets a token that a signal cancels. When it then returns without an error, the exit
/// code is that of the signal.
pub fn run<Work>(work: Work) -> ExitCode
where
    Work: AsyncFnOnce(CancellationToken) -> anyhow::Result<Exit>,
{
    finish(run_until_stopped(work))
}

fn run_until_stopped<Work>(work: Work) -> anyhow::Result<Exit>
where
    Work: AsyncFnOnce(CancellationToken) -> anyhow::Result<Exit>,
{
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        let (token, watch) = signals::stop_token().context("failed to watch for signals")?;
        let exit = work(token).await?;
        Ok(watch.received().unwrap_or(exit))
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
            assert!(!stop.is_cancelled());
            Ok(Exit::Done)
        });
        assert_eq!(exit.unwrap(), Exit::Done);
    }
}

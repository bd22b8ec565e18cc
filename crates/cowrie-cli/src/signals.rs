//! Stopping: the first signal asks, the second does not.

use std::io;
use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{Exit, output};

/// Watches for signals as long as it lives.
#[derive(Debug)]
pub struct Stop {
    token: CancellationToken,
    received: Arc<OnceLock<Exit>>,
    /// Ends the watching when it is dropped.
    _watching: JoinSet<()>,
}

impl Stop {
    /// Watches for SIGINT and SIGTERM: the first cancels the token, so that the run can finish its
    /// batch, commit and say so; the second ends the program at once, with the exit code of that
    /// signal.
    ///
    /// It must be called inside a tokio runtime, and fails when the system refuses the handlers.
    pub fn watch() -> io::Result<Self> {
        let interrupts = signal(SignalKind::interrupt())?;
        let terminations = signal(SignalKind::terminate())?;
        let token = CancellationToken::new();
        let received = Arc::new(OnceLock::new());
        let mut watching = JoinSet::new();
        watching.spawn(watch(interrupts, terminations, token.clone(), Arc::clone(&received)));
        Ok(Self { token, received, _watching: watching })
    }

    /// What a signal cancels.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// How the run ends because of a signal; `None` when none came.
    pub fn received(&self) -> Option<Exit> {
        self.received.get().copied()
    }
}

/// Watches for SIGHUP, by which a program that runs for long is told to read again what it was
/// told at its beginning. Without it the signal ends the program.
#[derive(Debug)]
pub struct Hangups(Signal);

impl Hangups {
    /// Watches from now on. It must be called inside a tokio runtime.
    pub fn watch() -> io::Result<Self> {
        signal(SignalKind::hangup()).map(Self)
    }

    /// Waits for one. One that came since the last time counts.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

async fn watch(
    mut interrupts: Signal,
    mut terminations: Signal,
    token: CancellationToken,
    received: Arc<OnceLock<Exit>>,
) {
    loop {
        let exit = tokio::select! {
            Some(()) = interrupts.recv() => Exit::Interrupted,
            Some(()) = terminations.recv() => Exit::Terminated,
            else => return,
        };
        if received.set(exit).is_err() {
            end_at_once(exit);
        }
        token.cancel();
        warn!("stopping after this batch; a second signal stops at once");
    }
}

/// Every destructor is skipped, which is what was asked for: a transaction that is not committed
/// is rolled back by the database. What was begun for `--output` goes.
#[expect(clippy::exit, clippy::disallowed_methods, reason = "the second signal must not wait")]
fn end_at_once(exit: Exit) -> ! {
    output::discard();
    std::process::exit(i32::from(exit.code()))
}

//! How things went that nobody has waited for.

use tokio::sync::oneshot;

use crate::error::{Cause, SqlError};

/// The outcomes of statements of a transaction, in their order.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    pending: Vec<oneshot::Receiver<Result<(), SqlError>>>,
}

impl Outcomes {
    /// Where one more outcome is to go.
    pub(crate) fn expect(&mut self) -> oneshot::Sender<Result<(), SqlError>> {
        let (outcome, received) = oneshot::channel();
        self.pending.push(received);
        outcome
    }

    /// Waits for all of them; gives the first failure. Whoever was to tell one and did not, has
    /// ended.
    pub(crate) async fn all(&mut self, doing: &'static str) -> Result<(), SqlError> {
        for outcome in std::mem::take(&mut self.pending) {
            outcome.await.unwrap_or(Err(SqlError { doing, source: Cause::Ended }))?;
        }
        Ok(())
    }
}

//! The batches of inputs that are read on a thread of their own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::batch::Batch;
use crate::input::Input;
use crate::reader::{Filling, ReadOptions, read_all};

/// Batches that wait between the reader and whoever takes them.
const BATCHES_AHEAD: usize = 1;

/// How long pieces may wait for others to fill their batch, and a stop for the reader.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The batches that a reader gives, one after the other.
pub(crate) struct Batches<'a> {
    received: mpsc::Receiver<Batch>,
    filling: Arc<Filling>,
    reader: JoinHandle<()>,
    stop: &'a CancellationToken,
}

impl<'a> Batches<'a> {
    /// Begins to read.
    pub(crate) fn of(
        inputs: Vec<Input>,
        options: ReadOptions,
        stop: &'a CancellationToken,
    ) -> Self {
        let (sender, received) = mpsc::channel(BATCHES_AHEAD);
        let filling = Arc::new(Filling::default());
        let (reader_stop, reader_filling) = (stop.clone(), Arc::clone(&filling));
        let reader = tokio::task::spawn_blocking(move || {
            read_all(&inputs, options, &reader_filling, &sender, &reader_stop);
        });
        Self { received, filling, reader, stop }
    }

    /// The next batch that is full, or that has waited for too long; `None` at the end of the
    /// input, and when the reader does not answer to a stop.
    pub(crate) async fn next(&mut self) -> Option<Batch> {
        loop {
            if let Ok(next) = timeout(LONGEST_WAIT, self.received.recv()).await {
                return next;
            }
            let is_due = self.stop.is_cancelled() || self.filling.lock().age() >= LONGEST_WAIT;
            let batch = if is_due { self.filling.take() } else { Batch::default() };
            if !batch.is_empty() {
                return Some(batch);
            }
            if self.stop.is_cancelled() {
                return None;
            }
        }
    }

    /// Comes to the end, and says whether the reader panicked.
    pub(crate) async fn end(self) -> Result<(), JoinError> {
        // A reader that waits for a silent source cannot be told to stop, and holds nothing.
        if self.reader.is_finished() || !self.stop.is_cancelled() {
            self.reader.await?;
        }
        Ok(())
    }
}

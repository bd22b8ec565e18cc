//! Tells the terminal, the log and the status file how far a load is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cowrie_cli::progress::{Counters, Progress as Shown};
use cowrie_cli::status::{DeadLetters, PhaseStatus, StatusDir};
use cowrie_core::{Clock, SystemClock};
use cowrie_ingest::{FileProblem, Observer, Progress, Summary};
use cowrie_ledger::RunRecord;
use serde_json::{Map, Value};
use tracing::warn;

/// Between two writes of the status file.
const STATUS_INTERVAL: Duration = Duration::from_secs(5);

/// Everyone who wants to know.
pub(crate) struct Everyone {
    shown: Shown,
    status: Option<StatusDir>,
    phase: String,
    ingest_id: String,
    next_status: Mutex<Instant>,
    has_committed: AtomicBool,
}

impl Everyone {
    pub(crate) fn new(shown: Shown, status: Option<StatusDir>, run: &RunRecord) -> Self {
        let next_status = Mutex::new(Instant::now());
        let has_committed = AtomicBool::new(false);
        let (phase, ingest_id) = (format!("{}_ingest", run.workflow), run.run_id.clone());
        Self { shown, status, phase, ingest_id, next_status, has_committed }
    }

    /// Whether anything was committed.
    pub(crate) fn has_committed(&self) -> bool {
        self.has_committed.load(Ordering::Relaxed)
    }

    /// Takes the bar away and writes the last status.
    pub(crate) fn finish(self, summary: &Summary) {
        let metrics = match serde_json::to_value(summary) {
            Ok(Value::Object(metrics)) => metrics,
            _ => Map::new(),
        };
        self.write_status(metrics, summary.rejected);
        self.shown.finish();
    }

    fn write_status(&self, metrics: Map<String, Value>, rejected: u64) {
        let Some(folder) = &self.status else { return };
        let status = PhaseStatus {
            phase: self.phase.clone(),
            ingest_id: self.ingest_id.clone(),
            last_updated: SystemClock.now(),
            metrics,
            checkpoint: Map::new(),
            dead_letter: DeadLetters { total: rejected, ..DeadLetters::default() },
        };
        if let Err(error) = folder.write(&status) {
            warn!(error = &error as &dyn std::error::Error, "failed to write the status file");
        }
    }
}

impl Observer for Everyone {
    fn progress(&self, progress: &Progress) {
        let Progress { bytes_on_disk, events, rejected } = *progress;
        self.shown.update(Counters { bytes: bytes_on_disk, events, rejects: rejected });
    }

    fn committed(&self, progress: &Progress) {
        let Progress { bytes_on_disk, events, rejected } = *progress;
        self.has_committed.store(true, Ordering::Relaxed);
        let mut next = self.next_status.lock().unwrap_or_else(PoisonError::into_inner);
        if Instant::now() >= *next {
            *next = Instant::now() + STATUS_INTERVAL;
            let metrics = [("bytes", bytes_on_disk), ("events", events), ("rejected", rejected)];
            let metrics = metrics.map(|(name, value)| (name.to_owned(), value.into()));
            self.write_status(metrics.into_iter().collect(), rejected);
        }
    }

    fn problem(&self, problem: &FileProblem) {
        warn!(file.path = problem.file, "{}", problem.problem);
    }
}

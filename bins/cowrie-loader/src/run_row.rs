//! The row of a run in the table `runs`.

use std::time::Duration;

use cowrie_cli::Exit;
use cowrie_cli::signals::Stop;
use cowrie_core::{Clock, SystemClock};
use cowrie_enrichment::OfflineSource;
use cowrie_ingest::Summary;
use cowrie_ledger::{RunEnd, RunRecord, end_run};
use cowrie_store::Store;
use tokio::time::timeout;
use tracing::info;

use crate::database::Database;
use crate::report;

/// How long a run that was stopped waits to write that it was.
const STOPPED_WAIT: Duration = Duration::from_secs(2);

/// A run that begins; without a name it is named by its time and process.
pub(crate) fn run_record(
    name: Option<&str>,
    workflow: &'static str,
    sensor: Option<&str>,
) -> RunRecord {
    let started_at = SystemClock.now();
    let by_time = || format!("{}-{}", started_at.format("%Y%m%dT%H%M%S%.6fZ"), std::process::id());
    RunRecord {
        run_id: name.map_or_else(by_time, str::to_owned),
        program: "cowrie-loader",
        workflow,
        sensor: sensor.map(str::to_owned),
        started_at,
    }
}

/// A run that came to its end.
pub(crate) fn run_end(summary: &Summary, exit: Exit, source: &dyn OfflineSource) -> RunEnd {
    let outcome = match exit {
        _ if summary.stopped => "stopped",
        Exit::Done => "done",
        Exit::Nothing => "failed",
        _ => "partial",
    };
    let state =
        |status: cowrie_enrichment::SourceStatus| (status.name, report::state(&status.state));
    let sources: serde_json::Map<_, _> = source.status().into_iter().map(state).collect();
    RunEnd {
        finished_at: SystemClock.now(),
        outcome,
        exit_code: i32::from(exit.code()),
        counters: serde_json::to_string(summary).unwrap_or_default(),
        sources: (!sources.is_empty()).then(|| serde_json::Value::Object(sources).to_string()),
    }
}

/// Says in the database that the run failed, if it still answers.
pub(crate) async fn record_failure(store: &Store, run: &RunRecord, exit: Exit) {
    let end = RunEnd {
        finished_at: SystemClock.now(),
        outcome: "failed",
        exit_code: i32::from(exit.code()),
        counters: "{\"failed\":true}".to_owned(),
        sources: None,
    };
    if let Err(error) = end_run(store.connection(), run, &end).await {
        info!(error = &error as &dyn std::error::Error, "the run's end could not be recorded");
    }
}

/// Records how the run ended, and closes the database. Who was stopped does not wait for one that
/// another program holds.
pub(crate) async fn end_database(
    database: Database,
    run: &RunRecord,
    end: Option<RunEnd>,
    stop: &Stop,
) -> anyhow::Result<()> {
    let ended = async {
        if let Some(end) = end {
            end_run(database.store.connection(), run, &end).await?;
        }
        database.check_file()?;
        database.store.close().await?;
        Ok(())
    };
    let patience = if stop.received().is_some() { STOPPED_WAIT } else { Duration::MAX };
    timeout(patience, ended).await.unwrap_or(Ok(()))
}

//! `cowrie-loader bulk`: composes settings, source, store and the load.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use cowrie_cli::args::Format;
use cowrie_cli::progress::{LINE_INTERVAL, Progress};
use cowrie_cli::signals::Stop;
use cowrie_cli::status::StatusDir;
use cowrie_cli::{Exit, ExitWith, Failure};
use cowrie_config::{Flags, Settings};
use cowrie_core::{Clock, SystemClock};
use cowrie_enrichment::OfflineSource;
use cowrie_ingest::{FileProblem, LoadOptions, NetNew, ReadOptions, Summary, load};
use cowrie_logfile::{FindOptions, Found, Limits, Problem, Source, find};
use cowrie_secrets::ProcessEnvironment;
use cowrie_store::{RunEnd, RunRecord, Store};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::args::{BulkArgs, Program};
use crate::database::{self, Database};
use crate::observe::Everyone;
use crate::{report, source};

/// How long a run that was stopped waits to write that it was.
const STOPPED_WAIT: Duration = Duration::from_secs(2);

/// Loads what the arguments name, and prints what came of it.
pub(crate) async fn run(program: &Program, args: &BulkArgs, stop: &Stop) -> anyhow::Result<Exit> {
    let settings = settings(program)?;
    let sensor = args.sensor.as_deref();
    let found = tokio::select! {
        found = inputs(args, &settings) => found?,
        () = stop.token().cancelled() => return Ok(Exit::Done),
    };
    let source = source::open(args.mmdb_dir.as_deref(), settings.maxmind_dir.as_deref())?;
    let setting = sensor.map_or(&settings.database, |name| settings.database_of(name));
    let database = database::open(setting, args.dry_run).await?;
    // Monitoring would take a dry run for a load.
    let status_dir = settings.status_dir.as_deref().filter(|_| !args.dry_run);
    let status = status_dir.map(StatusDir::open).transpose()?;

    let run = run_record(args);
    if !args.dry_run {
        database.store.begin_run(&run).await?;
    }
    let total = found.sources.iter().map(size_of_source).sum::<Option<u64>>();
    let shown = Progress::start(program.output.progress(), total, LINE_INTERVAL);
    let everyone = Everyone::new(shown, status, &run.run_id);
    let wanted = |name: Option<&str>| is_wanted(args, &settings, sensor.or(name));
    let net_new = NetNew { source: source.as_ref(), is_wanted: &wanted };
    let options = load_options(args, &run.run_id);
    let (sources, store) = (found.sources, &database.store);
    let loaded =
        load(store, sources, &net_new, &options, &SystemClock, stop.token(), &everyone).await;
    // What was committed before a failure stays, and the exit code says that there is some.
    let is_kept = everyone.has_committed() && !args.dry_run;
    let failed = if is_kept { Exit::Partial } else { Exit::Nothing };
    if loaded.is_err() && !args.dry_run {
        record_failure(&database.store, &run, failed).await;
    }
    let mut summary = loaded.exit_with(failed)?;
    summary.problems.extend(found.problems);
    everyone.finish(&summary);
    let source = source.as_ref();
    let printed = print(program, args, &run, &database, &summary, source).await;
    let exit = match &printed {
        Ok(()) => stop.received().unwrap_or_else(|| exit_of(&summary, source)),
        Err(_) => failed,
    };
    let end = (!args.dry_run).then(|| run_end(&summary, exit, source));
    end_database(database, &run, end, stop).await.exit_with(failed)?;
    printed.exit_with(failed)?;
    Ok(exit)
}

/// Records how the run ended, and closes the database. Who was stopped does not wait for one that
/// another program holds.
async fn end_database(
    database: Database,
    run: &RunRecord,
    end: Option<RunEnd>,
    stop: &Stop,
) -> anyhow::Result<()> {
    let ended = async {
        if let Some(end) = end {
            database.store.end_run(run, &end).await?;
        }
        database.check_file()?;
        database.store.close().await?;
        Ok(())
    };
    let patience = if stop.received().is_some() { STOPPED_WAIT } else { Duration::MAX };
    timeout(patience, ended).await.unwrap_or(Ok(()))
}

fn settings(program: &Program) -> anyhow::Result<Settings> {
    let flags = Flags {
        config: program.config.config.clone(),
        db: program.database.db.clone(),
        cache_dir: None,
        status_dir: program.status.status_dir.clone(),
    };
    let settings =
        cowrie_config::load(&flags, Path::new(""), &ProcessEnvironment).exit_with(Exit::Usage)?;
    for warning in &settings.warnings {
        warn!("{warning}");
    }
    Ok(settings)
}

/// What is read, and what of it could not be looked at.
struct Inputs {
    sources: Vec<Source>,
    problems: Vec<FileProblem>,
}

async fn inputs(args: &BulkArgs, settings: &Settings) -> anyhow::Result<Inputs> {
    let mut paths = args.paths.clone();
    if let Some(name) = &args.sensor {
        let Some(sensor) = settings.sensor(name) else {
            return Err(Failure::usage(format!("no sensor `{name}` is configured")).into());
        };
        if paths.is_empty() {
            let Some(logpath) = &sensor.logpath else {
                let text = format!("sensor `{name}` has no `logpath`: name the files to load");
                return Err(Failure::usage(text).into());
            };
            paths.push(logpath.to_string_lossy().into_owned());
        }
    }
    let options = FindOptions { ignore_missing: args.ignore_missing };
    // A large tree takes its time, in which a stop must be heard.
    let found = tokio::task::spawn_blocking(move || find(&paths, options)).await?;
    let Found { sources, problems } = found.exit_with(Exit::Usage)?;
    if sources.is_empty() {
        warn!("there is no log to read");
    }
    Ok(Inputs { sources, problems: problems.into_iter().filter_map(noted).collect() })
}

/// Says that a path cannot be looked at; what may be missing is no problem of the load.
fn noted(problem: Problem) -> Option<FileProblem> {
    let (path, is_allowed) = match &problem {
        Problem::Missing { path } => (path, true),
        Problem::Unreadable { path, .. } | Problem::Loop { path, .. } => (path, false),
    };
    let file = path.to_string_lossy().into_owned();
    let problem = format!("{:#}", anyhow::Error::new(problem));
    warn!(file.path = file, "{problem}");
    (!is_allowed).then_some(FileProblem { file, problem })
}

/// Whether the addresses of a sensor are looked up: a flag for the run, else its configuration.
fn is_wanted(args: &BulkArgs, settings: &Settings, sensor: Option<&str>) -> bool {
    match (args.enable_asn_inventory, args.no_enable_asn_inventory) {
        (true, _) => true,
        (_, true) => false,
        _ => sensor.is_none_or(|name| settings.sensor_enabled(name)),
    }
}

fn run_record(args: &BulkArgs) -> RunRecord {
    let started_at = SystemClock.now();
    let by_time = || format!("{}-{}", started_at.format("%Y%m%dT%H%M%S%.6fZ"), std::process::id());
    RunRecord {
        run_id: args.ingest_id.clone().unwrap_or_else(by_time),
        program: "cowrie-loader",
        workflow: "bulk",
        sensor: args.sensor.clone(),
        started_at,
    }
}

fn load_options(args: &BulkArgs, ingest_id: &str) -> LoadOptions {
    let limits = Limits {
        max_record_bytes: usize::try_from(args.max_record_bytes).unwrap_or(usize::MAX),
        max_inflated_bytes: args.max_inflated_bytes,
        ..Limits::STANDARD
    };
    let batch_events = usize::try_from(args.batch_size).unwrap_or(usize::MAX);
    let read = ReadOptions { limits, batch_events, ..ReadOptions::STANDARD };
    LoadOptions { ingest_id: ingest_id.to_owned(), dry_run: args.dry_run, read }
}

fn size_of_source(source: &Source) -> Option<u64> {
    match source {
        Source::File { size, .. } => Some(*size),
        Source::Stdin => None,
    }
}

fn exit_of(summary: &Summary, source: &dyn OfflineSource) -> Exit {
    if summary.problems.is_empty() && source::problems(source).is_empty() {
        Exit::Done
    } else if summary.files == 0 && !summary.problems.is_empty() {
        Exit::Nothing
    } else {
        Exit::Partial
    }
}

fn run_end(summary: &Summary, exit: Exit, source: &dyn OfflineSource) -> RunEnd {
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
async fn record_failure(store: &Store, run: &RunRecord, exit: Exit) {
    let end = RunEnd {
        finished_at: SystemClock.now(),
        outcome: "failed",
        exit_code: i32::from(exit.code()),
        counters: "{\"failed\":true}".to_owned(),
        sources: None,
    };
    if let Err(error) = store.end_run(run, &end).await {
        info!(error = &error as &dyn std::error::Error, "the run's end could not be recorded");
    }
}

async fn print(
    program: &Program,
    args: &BulkArgs,
    run: &RunRecord,
    database: &Database,
    summary: &Summary,
    source: &dyn OfflineSource,
) -> anyhow::Result<()> {
    let loaded = report::Loaded {
        run_id: &run.run_id,
        database: &database.shown,
        is_dry_run: args.dry_run,
        summary,
        source,
    };
    let text = match program.output.format {
        Format::Json => report::json(&loaded)?,
        Format::Human if args.dry_run => report::human(&loaded, None),
        Format::Human => {
            let overview = database.store.overview(report::ROWS).await;
            report::human(&loaded, Some(&overview.context("failed to sum up the database")?))
        }
    };
    cowrie_cli::print(&text).context("failed to print what came of it")
}

//! `cowrie-loader bulk` and `delta`: composes settings, source, store and the load.

use std::time::Duration;

use anyhow::Context;
use cowrie_cli::args::Format;
use cowrie_cli::progress::{LINE_INTERVAL, Progress};
use cowrie_cli::signals::Stop;
use cowrie_cli::status::StatusDir;
use cowrie_cli::{Exit, ExitWith, Failure};
use cowrie_config::Settings;
use cowrie_core::{Clock, SystemClock};
use cowrie_enrichment::OfflineSource;
use cowrie_ingest::{
    FileProblem, LoadOptions, NetNew, Plan, PlanOptions, ReadOptions, Summary, load, plan_new,
    plan_whole,
};
use cowrie_ledger::{RunRecord, begin_run, overview};
use cowrie_logfile::Limits;
use cowrie_logfind::Source;
use cowrie_store::Store;
use tracing::warn;

use crate::args::{DeltaArgs, LoadArgs, Program};
use crate::database::{self, Database};
use crate::inputs::{Inputs, inputs};
use crate::observe::Everyone;
use crate::run_row::{end_database, record_failure, run_end, run_record};
use crate::settings::settings;
use crate::{report, source};

/// Which part of the inputs is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode<'a> {
    /// All of it.
    Whole,
    /// What the cursors do not know yet.
    New(&'a DeltaArgs),
}

impl Mode<'_> {
    /// As the table `runs` and the name of the summary have it.
    pub(crate) fn workflow(self) -> &'static str {
        match self {
            Self::Whole => "bulk",
            Self::New(_) => "delta",
        }
    }

    /// Between two looks at the inputs, when they are followed.
    fn pause(self) -> Option<Duration> {
        match self {
            Self::New(args) if args.follow => Some(args.interval.0),
            _ => None,
        }
    }
}

/// Loads what the arguments name, or the logs of every sensor.
pub(crate) async fn run(
    program: &Program,
    args: &LoadArgs,
    mode: Mode<'_>,
    stop: &Stop,
) -> anyhow::Result<Exit> {
    let settings = settings(program)?;
    if !args.all_sensors {
        let job = Job { program, args, settings: &settings, sensor: args.sensor.as_deref(), mode };
        return job.run(stop).await;
    }
    let sensors = settings.sensors.iter().filter(|sensor| sensor.logpath.is_some());
    let names: Vec<&str> = sensors.map(|sensor| sensor.name.as_str()).collect();
    if names.is_empty() {
        let text = "no sensor with a `logpath` is configured";
        return Err(Failure::usage(text.to_owned()).into());
    }
    let mut exits = Vec::new();
    for name in names.into_iter().take_while(|_| stop.received().is_none()) {
        let job = Job { program, args, settings: &settings, sensor: Some(name), mode };
        exits.push(job.run(stop).await.unwrap_or_else(|error| {
            warn!("sensor `{name}`: {error:#}");
            Exit::Nothing
        }));
    }
    let is_all = |exit| exits.iter().all(|other| *other == exit);
    Ok(if is_all(Exit::Done) {
        Exit::Done
    } else if is_all(Exit::Nothing) {
        Exit::Nothing
    } else {
        Exit::Partial
    })
}

/// One run: the logs of one sensor, or those that the arguments name.
struct Job<'a> {
    program: &'a Program,
    args: &'a LoadArgs,
    settings: &'a Settings,
    sensor: Option<&'a str>,
    mode: Mode<'a>,
}

impl Job<'_> {
    async fn run(&self, stop: &Stop) -> anyhow::Result<Exit> {
        let Self { program, args, settings, sensor, mode } = *self;
        let found = tokio::select! {
            found = inputs(args, settings, sensor, false) => found?,
            () = stop.token().cancelled() => return Ok(Exit::Done),
        };
        let source = source::open(args.mmdb_dir.as_deref(), settings.maxmind_dir.as_deref())?;
        let setting = sensor.map_or(&settings.database, |name| settings.database_of(name));
        let wait = Duration::from_secs(args.lock_wait);
        let database = database::open(setting, args.dry_run, wait).await?;
        // Monitoring would take a dry run for a load.
        let status_dir = settings.status_dir.as_deref().filter(|_| !args.dry_run);
        let status = status_dir.map(StatusDir::open).transpose()?;
        let run = run_record(args, sensor, mode);
        if !args.dry_run {
            begin_run(database.store.connection(), &run).await?;
        }
        let total = found.sources.iter().map(size_of_source).sum::<Option<u64>>();
        let total = total.filter(|_| matches!(mode, Mode::Whole));
        let shown = Progress::start(program.output.progress(), total, LINE_INTERVAL);
        let everyone = Everyone::new(shown, status, &run);
        let loaded =
            self.passes(found, source.as_ref(), &database.store, &run, &everyone, stop).await;
        // What was committed before a failure stays, and the exit code says that there is some.
        let is_kept = everyone.has_committed() && !args.dry_run;
        let failed = if is_kept { Exit::Partial } else { Exit::Nothing };
        if loaded.is_err() && !args.dry_run {
            record_failure(&database.store, &run, failed).await;
        }
        let summary = loaded.exit_with(failed)?;
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

    /// Loads what was found, and what is found again and again when the inputs are followed.
    async fn passes(
        &self,
        mut found: Inputs,
        source: &dyn OfflineSource,
        store: &Store,
        run: &RunRecord,
        everyone: &Everyone,
        stop: &Stop,
    ) -> anyhow::Result<Summary> {
        let Self { args, settings, sensor, mode, .. } = *self;
        let wanted = |name: Option<&str>| is_wanted(args, settings, sensor.or(name));
        let net_new = NetNew { source, is_wanted: &wanted };
        let options = load_options(args, &run.run_id);
        let mut summary = Summary::default();
        loop {
            let plan = plan(mode, found.sources, store, options.read.limits).await?;
            let done =
                load(store, plan, &net_new, &options, &SystemClock, stop.token(), everyone).await?;
            summary.add(done);
            let is_news = |problem: &FileProblem| !summary.problems.contains(problem);
            let news: Vec<FileProblem> = found.problems.into_iter().filter(is_news).collect();
            summary.problems.extend(news);
            let Some(pause) = mode.pause() else { break };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.token().cancelled() => break,
            }
            // A file may be missing for the moment in which it is rotated.
            found = inputs(args, settings, sensor, true).await?;
        }
        summary.stopped = stop.token().is_cancelled();
        Ok(summary)
    }
}

/// Decides what of the sources is read.
async fn plan(
    mode: Mode<'_>,
    sources: Vec<Source>,
    store: &Store,
    limits: Limits,
) -> anyhow::Result<Plan> {
    let cursors = store.cursors().await?;
    let Mode::New(args) = mode else { return Ok(plan_whole(sources, &cursors)) };
    let options = PlanOptions { now: SystemClock.now(), settle: args.settle.0, limits };
    let planned = tokio::task::spawn_blocking(move || plan_new(sources, &cursors, options)).await?;
    Ok(planned)
}

/// Whether the addresses of a sensor are looked up: a flag for the run, else its configuration.
fn is_wanted(args: &LoadArgs, settings: &Settings, sensor: Option<&str>) -> bool {
    match (args.enable_asn_inventory, args.no_enable_asn_inventory) {
        (true, _) => true,
        (_, true) => false,
        _ => sensor.is_none_or(|name| settings.sensor_enabled(name)),
    }
}

fn load_options(args: &LoadArgs, ingest_id: &str) -> LoadOptions {
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

async fn print(
    program: &Program,
    args: &LoadArgs,
    run: &RunRecord,
    database: &Database,
    summary: &Summary,
    source: &dyn OfflineSource,
) -> anyhow::Result<()> {
    let loaded = report::Loaded {
        workflow: run.workflow,
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
            let overview = overview(database.store.connection(), report::ROWS).await;
            report::human(&loaded, Some(&overview.context("failed to sum up the database")?))
        }
    };
    cowrie_cli::print(&text).context("failed to print what came of it")
}

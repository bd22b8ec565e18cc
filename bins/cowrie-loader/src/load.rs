//! `cowrie-loader bulk` and `delta`: composes settings, source, store and the load.

use std::time::Duration;

use anyhow::Context;
use cowrie_cli::args::Format;
use cowrie_cli::progress::{LINE_INTERVAL, Progress};
use cowrie_cli::signals::{Hangups, Stop};
use cowrie_cli::status::StatusDir;
use cowrie_cli::{Exit, ExitWith};
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
use tracing::{error, info, warn};

use crate::args::{DeltaArgs, LoadArgs, Program};
use crate::database::{self, Database};
use crate::inputs::{Inputs, inputs, sensors};
use crate::observe::Everyone;
use crate::run_row::{end_database, record_failure, run_end, run_record};
use crate::settings::Setup;
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
    let setup = Setup::load(program)?;
    let job = |sensor| Job { program, args, setup: &setup, sensor, mode };
    let sensors = sensors(&args.input, &setup.settings)?;
    if let [sensor] = *sensors {
        return job(sensor).run(stop).await;
    }
    let mut exits = Vec::new();
    for sensor in sensors.into_iter().take_while(|_| stop.received().is_none()) {
        exits.push(job(sensor).run(stop).await.unwrap_or_else(|error| {
            error!("sensor `{}`: {error:#}", sensor.unwrap_or_default());
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
    setup: &'a Setup,
    sensor: Option<&'a str>,
    mode: Mode<'a>,
}

impl Job<'_> {
    async fn run(&self, stop: &Stop) -> anyhow::Result<Exit> {
        let Self { program, args, setup, sensor, mode } = *self;
        let settings = &setup.settings;
        let dry_run = args.write.dry_run;
        let found = tokio::select! {
            found = inputs(&args.input, settings, sensor, false) => found?,
            () = stop.token().cancelled() => return Ok(Exit::Done),
        };
        let source = source::open(args.write.mmdb_dir.as_deref(), settings.maxmind_dir.as_deref())?;
        let mut database = self.open().await?;
        // Monitoring would take a dry run for a load.
        let status_dir = settings.status_dir.as_deref().filter(|_| !dry_run);
        let status = status_dir.map(StatusDir::open).transpose()?;
        let run = run_record(args.ingest_id.as_deref(), mode.workflow(), sensor);
        if !dry_run {
            // It waits for whoever is writing, and a stop may come meanwhile.
            tokio::select! {
                begun = begin_run(database.store.connection(), &run) => begun?,
                () = stop.token().cancelled() => return Ok(Exit::Done),
            }
        }
        let total = found.total_bytes().filter(|_| matches!(mode, Mode::Whole));
        let shown = Progress::start(program.output.progress(), total, LINE_INTERVAL);
        let everyone = Everyone::new(shown, status, &run);
        let loaded =
            self.passes(found, source.as_ref(), &mut database, &run, &everyone, stop).await;
        // What was committed before a failure stays, and the exit code says that there is some.
        let is_kept = everyone.has_committed() && !dry_run;
        let failed = if is_kept { Exit::Partial } else { Exit::Nothing };
        if loaded.is_err() && !dry_run {
            record_failure(&database.store, &run, failed).await;
        }
        let summary = loaded.exit_with(failed)?;
        everyone.finish(&summary);
        let source = source.as_ref();
        let printed = print(self, &run, &database, &summary, source).await;
        let exit = match &printed {
            Ok(()) => stop.received().unwrap_or_else(|| exit_of(&summary, source)),
            Err(_) => failed,
        };
        let end = (!dry_run).then(|| run_end(&summary, exit, source));
        end_database(database, &run, end, stop).await.exit_with(failed)?;
        printed.exit_with(failed)?;
        Ok(exit)
    }

    /// Loads what was found, and what is found again and again when the inputs are followed.
    async fn passes(
        &self,
        mut found: Inputs,
        source: &dyn OfflineSource,
        database: &mut Database,
        run: &RunRecord,
        everyone: &Everyone,
        stop: &Stop,
    ) -> anyhow::Result<Summary> {
        let Self { args, setup, sensor, mode, .. } = *self;
        let settings = &setup.settings;
        let mut hangups = mode.pause().map(|_| Hangups::watch()).transpose()?;
        let wanted = |name: Option<&str>| args.write.is_wanted(settings, sensor.or(name));
        let net_new = NetNew { source, is_wanted: &wanted };
        let options = load_options(args, &run.run_id);
        let mut summary = Summary::default();
        loop {
            let store = &database.store;
            let plan = plan(mode, found.sources, store, options.read.limits).await?;
            let done =
                load(store, plan, &net_new, &options, &SystemClock, stop.token(), everyone).await?;
            summary.add(done);
            let is_news = |problem: &FileProblem| !summary.problems.contains(problem);
            let news: Vec<FileProblem> = found.problems.into_iter().filter(is_news).collect();
            summary.problems.extend(news);
            let (Some(pause), Some(hangups)) = (mode.pause(), &mut hangups) else { break };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = hangups.next() => tokio::select! {
                    () = self.reopen(database) => {}
                    () = stop.token().cancelled() => break,
                },
                () = stop.token().cancelled() => break,
            }
            // A file may be missing for the moment in which it is rotated.
            found = inputs(&args.input, settings, sensor, true).await?;
        }
        summary.stopped = stop.token().is_cancelled();
        Ok(summary)
    }

    /// Resolves the secrets again, and goes on in the database that they lead to, or in the one
    /// that is open when they lead to none.
    async fn reopen(&self, database: &mut Database) {
        self.setup.resolver.forget();
        match self.open().await {
            Ok(new) => {
                let old = std::mem::replace(database, new);
                info!("resolved the secrets again, and opened the database anew");
                if let Err(error) = old.store.close().await {
                    warn!("failed to close the database as it was open before: {error}");
                }
            }
            Err(error) => error!("going on as before: {error:#}"),
        }
    }

    async fn open(&self) -> anyhow::Result<Database> {
        let target = self.setup.target(self.sensor).await?;
        database::open(target, self.args.write.dry_run, self.args.write.wait()).await
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
    let settle = match mode {
        Mode::Whole => None,
        Mode::New(args) => Some(args.settle.0),
    };
    let now = SystemClock.now();
    let planned = tokio::task::spawn_blocking(move || match settle {
        None => plan_whole(sources, &cursors),
        Some(settle) => plan_new(sources, &cursors, PlanOptions { now, settle, limits }),
    });
    Ok(planned.await?)
}

fn load_options(args: &LoadArgs, ingest_id: &str) -> LoadOptions {
    let limits = args.limits.limits();
    let standard = ReadOptions::STANDARD;
    let wanted = usize::try_from(args.batch_size).unwrap_or(usize::MAX);
    let batch_events = standard.batch_events.min(wanted);
    LoadOptions {
        ingest_id: ingest_id.to_owned(),
        dry_run: args.write.dry_run,
        read: ReadOptions { limits, batch_events, ..standard },
        transaction_events: args.batch_size.into(),
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
    job: &Job<'_>,
    run: &RunRecord,
    database: &Database,
    summary: &Summary,
    source: &dyn OfflineSource,
) -> anyhow::Result<()> {
    let Job { program, args, mode, .. } = *job;
    let loaded = report::Loaded {
        workflow: run.workflow,
        run_id: &run.run_id,
        sensor: run.sensor.as_deref(),
        database: &database.shown,
        is_dry_run: args.write.dry_run,
        summary,
        source,
    };
    let text = match program.output.format {
        Format::Json => report::json(&loaded)?,
        // Whoever looks every few minutes wants no sum of everything each time.
        Format::Human | Format::Csv if args.write.dry_run || matches!(mode, Mode::New(_)) => {
            report::human(&loaded, None)
        }
        Format::Human | Format::Csv => {
            let overview = overview(database.store.connection(), report::ROWS).await;
            report::human(&loaded, Some(&overview.context("failed to sum up the database")?))
        }
    };
    cowrie_cli::print(&text).context("failed to print what came of it")
}

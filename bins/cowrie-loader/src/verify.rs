//! `cowrie-loader verify`: proves that what stands in files is in the database.

use std::fmt::Write as _;

use clap::Args;
use cowrie_cli::args::Format;
use cowrie_cli::progress::{Counters, LINE_INTERVAL, Progress as Shown};
use cowrie_cli::safe;
use cowrie_cli::signals::Stop;
use cowrie_cli::table::{Align, Table, thousands};
use cowrie_cli::{Exit, Failure, print_answer, times};
use cowrie_ingest::{
    FileProblem, Missing, Observer, Progress, ReadOptions, Verified, VerifyOptions, What,
    plan_whole, verify,
};
use cowrie_store::Store;
use serde::Serialize;
use tracing::{error, warn};

use crate::args::{InputArgs, LimitArgs, Program};
use crate::inputs::{Inputs, inputs, sensors};
use crate::settings::Setup;
use crate::{answer, reading};

#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// So many of the things that are missing are listed, at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  cowrie-loader verify /var/log/cowrie --db cowrie.sqlite
  cowrie-loader verify --all-sensors --quiet || echo 'something is missing'
  cowrie-loader verify logs/cowrie.json.2026-04-29.gz --format json

Exit code 0 says that every event is in the database and that everything else is a
known dead letter; 1 that something is missing, or could not be read.
Nothing is written.";

/// Verifies the files that the arguments name, or the logs of every sensor.
pub(crate) async fn run(program: &Program, args: &VerifyArgs, stop: &Stop) -> anyhow::Result<Exit> {
    let setup = Setup::load(program)?;
    let sensors = sensors(&args.input, &setup.settings)?;
    if let [sensor] = *sensors {
        return verified(program, args, &setup, sensor, stop).await;
    }
    let mut exit = Exit::Done;
    for sensor in sensors {
        match verified(program, args, &setup, sensor, stop).await {
            Ok(Exit::Done) => {}
            Ok(Exit::Unmet) => exit = Exit::Unmet,
            Ok(stopped) => return Ok(stopped),
            Err(error) => {
                error!("sensor `{}`: {error:#}", sensor.unwrap_or_default());
                exit = Exit::Unmet;
            }
        }
    }
    Ok(exit)
}

/// Verifies the files of one sensor, or those that are named, and prints what came of it.
async fn verified(
    program: &Program,
    args: &VerifyArgs,
    setup: &Setup,
    sensor: Option<&str>,
    stop: &Stop,
) -> anyhow::Result<Exit> {
    let found = tokio::select! {
        found = inputs(&args.input, &setup.settings, sensor, false) => found?,
        () = stop.token().cancelled() => return Ok(stop.received().unwrap_or(Exit::Unmet)),
    };
    if found.sources.is_empty() && found.problems.is_empty() {
        return Err(Failure::usage("there is no log to verify").into());
    }
    let (store, database) = reading::open(setup, sensor, Store::STANDARD_WAIT).await?;
    let shown = Shown::start(program.output.progress(), found.total_bytes(), LINE_INTERVAL);
    let verified = verify_found(&store, found, args, &Everyone(&shown), stop).await;
    shown.finish();
    store.close().await?;
    let verified = verified?;
    print(program.output.format, sensor, &database, &verified)?;
    let exit = if verified.is_proven() { Exit::Done } else { Exit::Unmet };
    Ok(stop.received().unwrap_or(exit))
}

async fn verify_found(
    store: &Store,
    found: Inputs,
    args: &VerifyArgs,
    everyone: &Everyone<'_>,
    stop: &Stop,
) -> anyhow::Result<Verified> {
    let cursors = store.cursors().await?;
    let plan = tokio::task::spawn_blocking(move || plan_whole(found.sources, &cursors)).await?;
    let options = VerifyOptions {
        read: ReadOptions { limits: args.limits.limits(), ..ReadOptions::STANDARD },
        most_listed: usize::try_from(args.limit).unwrap_or(usize::MAX),
    };
    let mut verified = verify(store, plan, options, stop.token(), everyone).await?;
    verified.unread_files += found.problems.len() as u64;
    verified.problems.extend(found.problems);
    Ok(verified)
}

/// Whoever looks at the terminal.
struct Everyone<'a>(&'a Shown);

impl Observer for Everyone<'_> {
    fn progress(&self, progress: &Progress) {
        let Progress { bytes_on_disk, events, rejected } = *progress;
        self.0.update(Counters { bytes: bytes_on_disk, events, rejects: rejected });
    }

    fn problem(&self, problem: &FileProblem) {
        warn!(file.path = problem.file, "{}", problem.problem);
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensor: Option<&'a str>,
    database: &'a str,
    proven: bool,
    #[serde(flatten)]
    verified: &'a Verified,
}

fn print(
    format: Format,
    sensor: Option<&str>,
    database: &str,
    verified: &Verified,
) -> anyhow::Result<()> {
    let document = Document {
        schema: "cowrie-loader.verify/1",
        sensor,
        database,
        proven: verified.is_proven(),
        verified,
    };
    let document = serde_json::to_value(document)?;
    print_answer(format, || document, || text(database, verified))
}

fn text(database: &str, verified: &Verified) -> String {
    let is_all = if verified.is_proven() { "All" } else { "NOT all" };
    let mut text = format!("{is_all} that the files hold is in {}.\n", safe::terminal(database));
    for (name, number) in [
        ("files read", verified.files),
        ("bytes read", verified.bytes),
        ("events found", verified.events),
        ("dead letters known", verified.dead_letters),
        ("ends that wait for more", verified.waiting),
        ("MISSING", verified.missing),
        ("FILES NOT READ", verified.unread_files),
    ] {
        answer::count(&mut text, name, number);
    }
    for FileProblem { file, problem } in &verified.problems {
        let (file, problem) = (safe::terminal(file), safe::terminal(problem));
        line(&mut text, format_args!("  problem: {file}: {problem}"));
    }
    if verified.missing > 0 {
        missing(&mut text, verified);
    }
    text
}

/// What is missing, by file and one by one.
fn missing(text: &mut String, verified: &Verified) {
    let columns = [
        ("FILE", Align::Left),
        ("EVENTS", Align::Right),
        ("DEAD LETTERS", Align::Right),
        ("FROM BYTE", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for (file, lack) in verified.lacks.iter().take(verified.listed.len()) {
        table.row([
            file.clone(),
            thousands(lack.events),
            thousands(lack.dead_letters),
            lack.first_offset.to_string(),
        ]);
    }
    line(text, format_args!("\nMissing:\n\n{table}"));
    let more = verified.lacks.len().saturating_sub(verified.listed.len());
    if more > 0 {
        line(text, format_args!("and {more} more files: --limit N\n"));
    }
    let columns = [("FILE", Align::Left), ("BYTE", Align::Right), ("WHAT", Align::Left)];
    let mut table = Table::new(&columns);
    for Missing { file, offset, what } in &verified.listed {
        table.row([file.clone(), offset.to_string(), described(what)]);
    }
    line(text, format_args!("{table}"));
    let more = verified.missing.saturating_sub(verified.listed.len() as u64);
    if more > 0 {
        line(text, format_args!("and {} more: --limit N\n", thousands(more)));
    }
    let advice =
        "`cowrie-loader bulk` with the files adds what was not loaded, and changes nothing else.";
    line(text, format_args!("{advice}"));
    if verified.listed.iter().any(is_altered) {
        let advice =
            "What is altered was changed in the database, which loading does not always mend.";
        line(text, format_args!("{advice}"));
    }
}

fn is_altered(missing: &Missing) -> bool {
    matches!(missing.what, What::Event { altered: true, .. })
}

fn described(what: &What) -> String {
    match what {
        What::Event { event_id, at, session, altered } => {
            let which = if *altered { "altered event" } else { "event" };
            let session = session.as_deref().unwrap_or("-");
            format!("{which} {event_id}, {}, session {session}", times::shown(*at))
        }
        What::DeadLetter { reason, detail, length, .. } => {
            format!("{length} bytes, {reason}: {detail}")
        }
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing into a string cannot fail.
    writeln!(text, "{arguments}").unwrap_or_default();
}

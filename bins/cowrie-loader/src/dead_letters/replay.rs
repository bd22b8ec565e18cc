//! `cowrie-loader dead-letters replay`.

mod outcome;

use std::collections::BTreeSet;

use clap::Args;
use cowrie_cli::args::Format;
use cowrie_cli::signals::Stop;
use cowrie_cli::times::TimeArgs;
use cowrie_cli::{Exit, ExitWith, Failure, print_answer};
use cowrie_config::Settings;
use cowrie_core::{Clock as _, SystemClock};
use cowrie_enrichment::OfflineSource;
use cowrie_ingest::{
    LoadOptions, NetNew, NotEvents, ReadOptions, Replay, Revived, Summary, TRANSACTION_EVENTS,
    events_of_letter, events_of_log,
};
use cowrie_ledger::dead_letters::{self, Filter, Letter};
use cowrie_ledger::{begin_run, end_run};
use cowrie_logfile::Limits;
use cowrie_logfind::Source;
use cowrie_parse::Event;
use cowrie_store::Store;

use crate::args::WriteArgs;
use crate::dead_letters::replay::outcome::Outcome;
use crate::run_row::{record_failure, run_end, run_record};
use crate::source;

/// So many letters are read at a time, of at most 64 KiB each.
const PAGE: u32 = 200;

#[derive(Args, Debug)]
pub(crate) struct ReplayArgs {
    /// Their numbers, as the list shows them
    #[arg(value_name = "ID", required_unless_present_any = ["open", "reason", "source", "since", "until"])]
    #[arg(conflicts_with_all = ["since", "until"])]
    ids: Vec<i64>,
    /// Every letter that is open
    #[arg(long, conflicts_with = "ids")]
    open: bool,
    /// Every open letter of this reason, as `not_json`
    #[arg(long, value_name = "REASON", conflicts_with = "ids")]
    reason: Option<String>,
    /// Every open letter whose file has this in its name
    #[arg(long, value_name = "TEXT", conflicts_with = "ids")]
    source: Option<String>,
    #[command(flatten)]
    times: TimeArgs,
    /// What the letters should have been: a file of events, or `-` for standard input
    ///
    /// All letters that are named are settled with it.
    #[arg(long, value_name = "FILE", requires = "ids", conflicts_with_all = ["open", "reason", "source"])]
    with: Option<String>,
    #[command(flatten)]
    pub(super) write: WriteArgs,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  cowrie-loader dead-letters replay --open --db cowrie.sqlite
  cowrie-loader dead-letters replay --reason not_json --dry-run --db cowrie.sqlite
  cowrie-loader dead-letters show 7 --raw --db cowrie.sqlite > 7.json
  cowrie-loader dead-letters replay 7 --with 7.json --db cowrie.sqlite

A letter that turns out to be events and nothing else is loaded as any log is, and
settled. Exit code 3 says that of the letters named by number some are still no
events, 4 that none is one.";

/// Replays the letters that the arguments name.
pub(super) async fn run(
    store: &Store,
    args: &ReplayArgs,
    settings: &Settings,
    format: Format,
    stop: &Stop,
) -> anyhow::Result<Exit> {
    let source = source::open(args.write.mmdb_dir.as_deref(), settings.maxmind_dir.as_deref())?;
    let named = named(store, &args.ids).await?;
    let correction = match &args.with {
        Some(path) => tokio::select! {
            events = correction(path.clone()) => Some(events?),
            () = stop.token().cancelled() => return Ok(stop.received().unwrap_or(Exit::Nothing)),
        },
        None => None,
    };
    let run = run_record(None, "replay", None);
    if !args.write.dry_run {
        begin_run(store.connection(), &run).await?;
    }
    let mut replaying = Replaying { store, args, settings, stop, outcome: Outcome::default() };
    let done = replaying.run(named, correction, source.as_ref(), &run.run_id).await;
    let outcome = replaying.outcome;
    if done.is_err() && !args.write.dry_run {
        record_failure(store, &run, Exit::Nothing).await;
    }
    let mut summary = done.exit_with(Exit::Nothing)?;
    summary.stopped = stop.received().is_some();
    let exit = stop.received().unwrap_or_else(|| exit_of(args, &outcome));
    if !args.write.dry_run {
        let end = run_end(&summary, exit, source.as_ref());
        end_run(store.connection(), &run, &end).await?;
    }
    let document = || outcome.document(&run.run_id, args.write.dry_run, &summary);
    print_answer(format, document, || outcome.text(args, &summary))?;
    Ok(exit)
}

/// The letters of these numbers; each of them must be there.
async fn named(store: &Store, ids: &[i64]) -> anyhow::Result<Vec<Letter>> {
    let letters = dead_letters::get(store.connection(), ids).await?;
    let known: BTreeSet<i64> = letters.iter().map(|letter| letter.id).collect();
    match ids.iter().find(|id| !known.contains(id)) {
        Some(id) => Err(Failure::usage(format!("there is no dead letter {id}")).into()),
        None => Ok(letters),
    }
}

fn exit_of(args: &ReplayArgs, outcome: &Outcome) -> Exit {
    match (args.ids.is_empty() || outcome.kept == 0, outcome.replayed + outcome.settled_before) {
        (true, _) => Exit::Done,
        (false, 0) => Exit::Nothing,
        (false, _) => Exit::Partial,
    }
}

struct Replaying<'a> {
    store: &'a Store,
    args: &'a ReplayArgs,
    settings: &'a Settings,
    stop: &'a Stop,
    outcome: Outcome,
}

impl Replaying<'_> {
    async fn run(
        &mut self,
        named: Vec<Letter>,
        correction: Option<Vec<Event>>,
        source: &dyn OfflineSource,
        run_id: &str,
    ) -> anyhow::Result<Summary> {
        let Self { store, args, settings, .. } = *self;
        let is_wanted = |name: Option<&str>| args.write.is_wanted(settings, name);
        let net_new = NetNew { source, is_wanted: &is_wanted };
        let options = LoadOptions {
            ingest_id: run_id.to_owned(),
            dry_run: args.write.dry_run,
            read: ReadOptions::STANDARD,
            transaction_events: TRANSACTION_EVENTS.into(),
        };
        let mut replay = Replay::new(store, &net_new, &options, &SystemClock);
        if args.ids.is_empty() {
            self.every_open(&mut replay).await?;
        } else {
            let (settled, open): (Vec<_>, Vec<_>) = named.into_iter().partition(|l| l.resolved);
            self.outcome.settled_before = settled.len() as u64;
            let revived = match correction {
                Some(events) => corrected(open, events),
                None => self.revived(open),
            };
            self.load(&mut replay, revived).await?;
        }
        Ok(replay.end())
    }

    /// Replays the open letters that the arguments mean, page by page.
    async fn every_open(&mut self, replay: &mut Replay<'_>) -> anyhow::Result<()> {
        let db = self.store.connection();
        let mut filter = Filter {
            reason: self.args.reason.clone(),
            source: self.args.source.clone(),
            written: Some(self.args.times.range(SystemClock.now())?),
            limit: PAGE,
            ..Filter::default()
        };
        // What is revived goes into as few transactions as it may: each rewrites its sessions.
        let ReadOptions { batch_events, batch_bytes, .. } = ReadOptions::STANDARD;
        let (mut revived, mut n_events, mut n_bytes) = (Vec::new(), 0, 0);
        loop {
            let page = dead_letters::list(db, &filter).await?;
            let Some(last) = page.last().filter(|_| self.stop.received().is_none()) else {
                return self.load(replay, revived).await;
            };
            filter.after = Some(last.id);
            let ids: Vec<i64> = page.iter().map(|entry| entry.id).collect();
            for letter in self.revived(dead_letters::get(db, &ids).await?) {
                n_events += letter.events.len();
                n_bytes += letter.events.iter().map(|event| event.text.len()).sum::<usize>();
                revived.push(letter);
            }
            if n_events >= batch_events || n_bytes >= batch_bytes {
                self.load(replay, std::mem::take(&mut revived)).await?;
                (n_events, n_bytes) = (0, 0);
            }
        }
    }

    async fn load(&mut self, replay: &mut Replay<'_>, revived: Vec<Revived>) -> anyhow::Result<()> {
        let count = revived.len() as u64;
        if count > 0
            && let Some(replayed) = replay.load(revived, self.stop.token()).await?
        {
            self.outcome.replayed += replayed;
            self.outcome.settled_before += count - replayed;
        }
        Ok(())
    }

    /// The letters that turn out to be events; tells of the others.
    fn revived(&mut self, letters: Vec<Letter>) -> Vec<Revived> {
        let mut revived = Vec::new();
        for letter in letters {
            match events_of(&letter) {
                Ok(events) => revived.push(revive(letter, events)),
                Err(why) => {
                    self.outcome.keep(letter.id, why);
                }
            }
        }
        revived
    }
}

/// The events of a letter, or why it has none.
fn events_of(letter: &Letter) -> Result<Vec<Event>, String> {
    if i64::try_from(letter.payload.len()) != Ok(letter.length) || letter.payload.is_empty() {
        let flag =
            if letter.reason == "too_long" { " with a larger --max-record-bytes" } else { "" };
        return Err(format!("not all of it is kept: load its file again{flag}"));
    }
    events_of_letter(&letter.payload, Limits::STANDARD).map_err(said)
}

/// The events of a file, or of standard input.
async fn correction(path: String) -> anyhow::Result<Vec<Event>> {
    let read = tokio::task::spawn_blocking(move || {
        let source = match path.as_str() {
            "-" => Source::Stdin,
            path => Source::File { path: path.into(), size: 0 },
        };
        let limits = Limits::STANDARD;
        let read = || events_of_log(cowrie_logfile::open(&source, limits)?, limits);
        read().map_err(|error| Failure::usage(format!("`{path}`: {}", said(error))))
    });
    Ok(read.await??)
}

/// The letters, of which the first has these events.
fn corrected(letters: Vec<Letter>, mut events: Vec<Event>) -> Vec<Revived> {
    let take = |letter: Letter| revive(letter, std::mem::take(&mut events));
    letters.into_iter().map(take).collect()
}

fn revive(letter: Letter, events: Vec<Event>) -> Revived {
    let offset = u64::try_from(letter.source_offset).unwrap_or_default();
    Revived { content_id: letter.content_id, source: letter.source, offset, events }
}

/// An error and what is behind it.
fn said(error: NotEvents) -> String {
    format!("{:#}", anyhow::Error::new(error))
}

//! `cowrie-enrich databases`: the files that answer on this machine, fetched and looked at.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use cowrie_cli::table::{Align, Table, thousands};
use cowrie_cli::{Exit, Failure, print_table, rows_at, safe, times};
use cowrie_client_ip_lists::{ListSource, ListState, UpdateResult};
use cowrie_config::{Settings, SourceKey};
use cowrie_core::{Clock as _, SystemClock};
use cowrie_enrichment::{Remedy, SourceState};
use cowrie_maxmind_update::{BASE_URL, Change, Edition, MAX_ARCHIVE_BYTES, MAX_DATABASE_BYTES};
use cowrie_secrets::{ResolveError, Resolver};
use serde_json::{Value, json};

use crate::args::Program;
use crate::config;
use crate::probe::{Probed, in_full};

#[derive(Debug, Subcommand)]
pub(crate) enum DatabasesWork {
    /// Fetch what is newer than the files at hand
    #[command(after_help = UPDATE_EXAMPLES)]
    Update(UpdateArgs),
    /// Say how the files at hand are
    #[command(after_help = STATUS_EXAMPLES)]
    Status,
}

#[derive(Args, Debug)]
pub(crate) struct UpdateArgs {
    /// MMDB file to fetch, again for each [default: GeoLite2-City and GeoLite2-ASN]
    #[arg(long = "edition", value_name = "NAME")]
    editions: Vec<Edition>,
    /// Older builds to keep of each edition [default: all, so that old sessions find theirs]
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
    /// Fetch only the lists
    #[arg(long, conflicts_with_all = ["editions", "keep"])]
    lists_only: bool,
}

const UPDATE_EXAMPLES: &str = "\
Examples:
  cowrie-enrich databases update
  cowrie-enrich databases update --lists-only

MaxMind asks for an account and a licence key: `maxmind_account` and `maxmind_license` of a sensor.
The files at hand stay in use until a new one is whole and has been checked.

Exit codes: 0 all is as published, 2 wrong usage or configuration, 3 something could not be fetched, 4 nothing could.";

const STATUS_EXAMPLES: &str = "\
Examples:
  cowrie-enrich databases status
  cowrie-enrich databases status --format json

Exit codes: 0 done, 2 wrong usage or configuration.";

/// How long a whole file is waited for.
const FILE_WAIT: Duration = Duration::from_mins(10);

/// How long a list may be: the longest has a sixth of it.
const MAX_LIST_BYTES: usize = 32 * 1024 * 1024;

/// One file, or what became of it.
struct Row {
    source: &'static str,
    name: String,
    /// A word for scripts.
    state: &'static str,
    date: Option<DateTime<Utc>>,
    entries: Option<usize>,
    reason: Option<String>,
}

/// Fetches or looks, and prints a line for each file.
pub(crate) async fn run(program: &Program, work: &DatabasesWork) -> anyhow::Result<Exit> {
    let settings = config::settings(program)?;
    let (rows, exit) = match work {
        DatabasesWork::Status => (status(&settings), Exit::Done),
        DatabasesWork::Update(args) => {
            let rows = update(&settings, args).await?;
            let exit = verdict(&rows);
            (rows, exit)
        }
    };
    let header = "source,name,state,date,entries,reason";
    let pick = |document: &Value| rows_at(document, "files");
    print_table(program.output.format, || document(&rows), || text(&rows), header, pick)?;
    Ok(exit)
}

/// What was skipped is as the user wants it.
fn verdict(rows: &[Row]) -> Exit {
    let n_failed = rows.iter().filter(|row| row.state == "failed").count();
    let n_fetched = rows.iter().filter(|row| matches!(row.state, "new" | "unchanged")).count();
    match (n_failed, n_fetched) {
        (0, _) => Exit::Done,
        (_, 0) => Exit::Nothing,
        _ => Exit::Partial,
    }
}

fn status(settings: &Settings) -> Vec<Row> {
    let maxmind = cowrie_sources::maxmind(None, settings).status().into_iter().map(|one| {
        let (state, date, reason) = match one.state {
            SourceState::Ok { vintage } => ("ok", vintage, None),
            SourceState::NotUsed { reason } => ("not_used", None, Some(reason)),
            SourceState::Problem { reason } => ("problem", None, Some(reason)),
        };
        Row { source: "maxmind", name: one.name, state, date, entries: None, reason }
    });
    let lists = cowrie_sources::lists(settings, SystemClock.now());
    let lists = lists.iter().flat_map(cowrie_client_ip_lists::ListSet::lists).map(|one| {
        let (state, date, entries, reason) = match one.state {
            ListState::InUse { entries, date, is_stale: false, .. } => {
                ("ok", Some(date), Some(entries), None)
            }
            ListState::InUse { entries, date, checked_at, is_stale: true } => {
                let reason = format!("not looked at since {}", times::shown(checked_at));
                ("old", Some(date), Some(entries), Some(reason))
            }
            ListState::Missing => {
                let how = match one.name.as_str() {
                    "azure" => "its URL changes every week: put the file there as",
                    _ => "`cowrie-enrich databases update` fetches it as",
                };
                ("missing", None, None, Some(format!("{how} {}", one.file_name)))
            }
            ListState::Damaged { reason } => ("problem", None, None, Some(reason)),
        };
        Row { source: "ip_classification", name: one.name, state, date, entries, reason }
    });
    maxmind.chain(lists).collect()
}

async fn update(settings: &Settings, args: &UpdateArgs) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    if !args.lists_only {
        rows.extend(update_maxmind(settings, args, &config::resolver()).await);
    }
    rows.extend(update_lists(settings).await?);
    Ok(rows)
}

async fn update_maxmind(settings: &Settings, args: &UpdateArgs, resolver: &Resolver) -> Vec<Row> {
    let row = |name: String, state, reason| Row {
        source: "maxmind",
        name,
        state,
        date: None,
        entries: None,
        reason,
    };
    let set = settings.providers.get("maxmind");
    if set.and_then(|one| one.enabled) == Some(false) {
        let reason = "switched off by `providers.maxmind.enabled`".to_owned();
        return vec![row("all".to_owned(), "skipped", Some(reason))];
    }
    let options = match maxmind_options(settings, None, args.keep, resolver).await {
        Ok(Some(options)) => options,
        Ok(None) => {
            let reason = "set `maxmind_account` and `maxmind_license` of a sensor".to_owned();
            return vec![row("all".to_owned(), "skipped", Some(reason))];
        }
        Err(error) => {
            let reason = format!("its key cannot be had: {}", in_full(&error));
            return vec![row("all".to_owned(), "failed", Some(reason))];
        }
    };
    let editions =
        if args.editions.is_empty() { Edition::defaults().to_vec() } else { args.editions.clone() };
    let updated =
        cowrie_maxmind_update::update(&maxmind_folder(settings), &editions, &options).await;
    let rows = updated.into_iter().map(|one| {
        let (state, date, reason) = match one.change {
            Change::Replaced { vintage, not_removed, .. } => {
                ("new", Some(vintage), not_removed.map(|error| in_full(&error)))
            }
            Change::Unchanged { vintage } => ("unchanged", Some(vintage), None),
            Change::Failed(error) => ("failed", None, Some(in_full(&error))),
        };
        Row { date, ..row(one.edition.as_str().to_owned(), state, reason) }
    });
    rows.collect()
}

/// As whom MaxMind is asked; `None` when no sensor says it.
async fn maxmind_options(
    settings: &Settings,
    sensor: Option<&str>,
    keep: Option<usize>,
    resolver: &Resolver,
) -> Result<Option<cowrie_maxmind_update::UpdateOptions>, ResolveError> {
    let of_sensor = |name| settings.sensor(name).and_then(|one| one.maxmind_account.clone());
    let any = || settings.sensors.iter().find_map(|one| one.maxmind_account.clone());
    let account = sensor.map_or_else(any, of_sensor);
    let reference = settings.key_of(SourceKey::MaxMind, sensor);
    let (Some(account), Some(reference)) = (account, reference) else { return Ok(None) };
    let set = settings.providers.get("maxmind");
    Ok(Some(cowrie_maxmind_update::UpdateOptions {
        base_url: set.and_then(|one| one.base_url.clone()).unwrap_or_else(|| BASE_URL.to_owned()),
        account,
        license_key: resolver.resolve(reference, SourceKey::MaxMind.name()).await?,
        timeout: FILE_WAIT,
        keep,
        max_archive_bytes: MAX_ARCHIVE_BYTES,
        max_database_bytes: MAX_DATABASE_BYTES,
        now: SystemClock.now(),
    }))
}

/// Asks MaxMind what its newest file is called, which does not count as a download.
pub(crate) async fn probe(
    settings: &Settings,
    sensor: Option<&str>,
    resolver: &Resolver,
) -> Probed {
    let options = match maxmind_options(settings, sensor, None, resolver).await {
        Ok(Some(options)) => options,
        Ok(None) => return Probed::NoAnswer("there is no `maxmind_account`".to_owned()),
        Err(error) => return Probed::Refused(in_full(&error)),
    };
    let [city, ..] = Edition::defaults();
    match cowrie_maxmind_update::probe(&city, &options).await {
        Ok(()) => Probed::Accepted,
        Err(error) if error.remedy() == Remedy::DropSource => Probed::Refused(in_full(&error)),
        Err(error) => Probed::NoAnswer(in_full(&error)),
    }
}

/// The folder of the settings, or the one in which the files are looked for when it is there.
fn maxmind_folder(settings: &Settings) -> PathBuf {
    settings.maxmind_dir.clone().unwrap_or_else(|| settings.cache_dir.join("maxmind"))
}

async fn update_lists(settings: &Settings) -> anyhow::Result<Vec<Row>> {
    let set = settings.providers.get("ip_classification");
    if set.and_then(|one| one.enabled) == Some(false) {
        return Ok(Vec::new());
    }
    let mirror = set.and_then(|one| one.base_url.as_deref());
    let sources = ListSource::standard(mirror).map_err(|error| {
        Failure::usage(format!("`providers.ip_classification.base_url`: {error}"))
    })?;
    let options = cowrie_client_ip_lists::UpdateOptions {
        timeout: set
            .and_then(|one| one.timeout_seconds)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or(Duration::from_mins(1)),
        max_bytes: MAX_LIST_BYTES,
    };
    let folder = cowrie_sources::lists_folder(settings);
    let updated = cowrie_client_ip_lists::update(&folder, &sources, options, &SystemClock).await;
    let rows = updated.into_iter().map(|one| {
        let (state, entries, reason) = match one.result {
            UpdateResult::Replaced { entries } => ("new", Some(entries), None),
            UpdateResult::Unchanged => ("unchanged", None, None),
            UpdateResult::Failed { reason } => ("failed", None, Some(reason)),
        };
        Row { source: "ip_classification", name: one.name, state, date: one.date, entries, reason }
    });
    Ok(rows.collect())
}

fn document(rows: &[Row]) -> Value {
    let one = |row: &Row| {
        json!({
            "source": row.source,
            "name": row.name,
            "state": row.state,
            "date": row.date,
            "entries": row.entries,
            "reason": row.reason,
        })
    };
    json!({
        "schema": "cowrie-enrich.databases/1",
        "files": rows.iter().map(one).collect::<Vec<_>>(),
    })
}

fn text(rows: &[Row]) -> String {
    let columns = [
        ("SOURCE", Align::Left),
        ("FILE", Align::Left),
        ("STATE", Align::Left),
        ("OF", Align::Left),
        ("NETWORKS", Align::Right),
        ("REASON", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for row in rows {
        let date = row.date.map(|date| date.format("%Y-%m-%d").to_string());
        let entries = row.entries.and_then(|n| u64::try_from(n).ok()).map(thousands);
        let reason = row.reason.as_deref().map(safe::terminal).unwrap_or_default();
        table.row([
            row.source,
            &safe::terminal(&row.name),
            row.state,
            &date.unwrap_or_default(),
            &entries.unwrap_or_default(),
            &reason,
        ]);
    }
    table.to_string()
}

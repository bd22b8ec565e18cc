//! `cowrie-enrich cache`: the answers that are kept, tier by tier.

use clap::{Args, Subcommand, ValueEnum};
use cowrie_cache::{Census, TierError};
use cowrie_cli::table::{Align, Table, thousands};
use cowrie_cli::{Exit, Failure, print_table, rows_at};
use cowrie_enrichment::{SourceName, Tier};
use serde_json::{Value, json};

use crate::args::Program;
use crate::place::Place;
use crate::probe::in_full;

#[derive(Debug, Subcommand)]
pub(crate) enum CacheWork {
    /// Count the answers that each tier keeps
    #[command(after_help = STATS_EXAMPLES)]
    Stats,
    /// Remove the answers whose time is over
    #[command(after_help = PRUNE_EXAMPLES)]
    Prune,
    /// Remove answers that still hold; they are then asked for again
    #[command(after_help = CLEAR_EXAMPLES)]
    Clear(ClearArgs),
}

#[derive(Args, Debug)]
pub(crate) struct ClearArgs {
    /// Only answers of this source
    #[arg(long, value_name = "NAME")]
    source: Option<SourceName>,
    /// Only this tier
    #[arg(long, value_name = "TIER")]
    tier: Option<KeptIn>,
}

/// The tiers that outlive a program.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum KeptIn {
    Redis,
    Database,
    Disk,
}

const STATS_EXAMPLES: &str = "\
Examples:
  cowrie-enrich cache stats
  cowrie-enrich cache stats --format csv

Exit codes: 0 done, 2 wrong usage or configuration, 3 some tier does not answer, 4 nothing could be done.";

const PRUNE_EXAMPLES: &str = "\
Examples:
  cowrie-enrich cache prune

Redis forgets by itself.

Exit codes: 0 done, 2 wrong usage or configuration, 3 some tier does not answer, 4 nothing could be done.";

const CLEAR_EXAMPLES: &str = "\
Examples:
  cowrie-enrich cache clear --source dshield
  cowrie-enrich cache clear --tier redis

Exit codes: 0 done, 2 wrong usage or configuration, 3 some tier does not answer, 4 nothing could be done.";

impl KeptIn {
    fn tier(self) -> Tier {
        match self {
            Self::Redis => Tier::Redis,
            Self::Database => Tier::Database,
            Self::Disk => Tier::Disk,
        }
    }
}

/// One line of the answer.
struct Row {
    tier: Tier,
    source: Option<SourceName>,
    /// Answers that are kept, or that were removed.
    entries: Option<u64>,
    expired: Option<u64>,
    bytes: Option<u64>,
    problem: Option<String>,
}

impl Row {
    fn of(tier: Tier) -> Self {
        Self { tier, source: None, entries: None, expired: None, bytes: None, problem: None }
    }
}

/// Does the work on every tier, one after the other; one that fails stops none of the others.
pub(crate) async fn run(program: &Program, work: &CacheWork) -> anyhow::Result<Exit> {
    let place = Place::open(program, None).await?;
    let cache = place.sources.cache();
    let missing = missing(&place, work)?;
    let mut rows = match work {
        CacheWork::Stats => rows_of(cache.census().await, counted),
        CacheWork::Prune => rows_of(cache.prune().await, |tier, pruned| {
            vec![Row { entries: Some(pruned.n_removed), ..Row::of(tier) }]
        }),
        CacheWork::Clear(args) => {
            let cleared = cache.clear(args.tier.map(KeptIn::tier), args.source).await;
            rows_of(cleared, |tier, n| {
                vec![Row { source: args.source, entries: Some(n), ..Row::of(tier) }]
            })
        }
    };
    rows.extend(missing);
    place.close().await?;
    // This program's own memory was empty.
    rows.retain(|row| row.tier != Tier::Memory);
    let pick = |document: &Value| rows_at(document, "tiers");
    let header = "tier,source,entries,expired,bytes,problem";
    let format = program.output.format;
    print_table(format, || document(work, &rows), || text(work, &rows), header, pick)?;
    Ok(if rows.iter().any(|row| row.problem.is_some()) { Exit::Partial } else { Exit::Done })
}

/// Redis, when the settings want it and it could not be made a tier; an error when the user names
/// a tier that is switched off.
fn missing(place: &Place, work: &CacheWork) -> Result<Option<Row>, Failure> {
    let named = match work {
        CacheWork::Clear(args) => args.tier.map(KeptIn::tier),
        CacheWork::Stats | CacheWork::Prune => None,
    };
    let is_there = |tier| place.sources.cache().tiers().any(|there| there == tier);
    let settings = &place.settings.cache;
    let switches = [
        (Tier::Redis, "redis_enabled", settings.redis_enabled),
        (Tier::Database, "db_cache_enabled", settings.db_cache_enabled),
    ];
    for (tier, key, is_on) in switches {
        if named == Some(tier) && !is_on {
            return Err(Failure::usage(format!("switched off by `global.cache.{key}`")));
        }
    }
    let is_missing = settings.redis_enabled && !is_there(Tier::Redis);
    let problem = Some("not used: its password or its address cannot be had".to_owned());
    let is_meant = named.is_none_or(|named| named == Tier::Redis);
    Ok((is_missing && is_meant).then(|| Row { problem, ..Row::of(Tier::Redis) }))
}

/// The lines for what the tiers did, or for why they did not.
fn rows_of<T>(
    done: Vec<(Tier, Result<T, TierError>)>,
    rows: impl Fn(Tier, T) -> Vec<Row>,
) -> Vec<Row> {
    let lines = |(tier, done): (Tier, Result<T, TierError>)| match done {
        Ok(done) => rows(tier, done),
        Err(error) => vec![Row { problem: Some(in_full(&error)), ..Row::of(tier) }],
    };
    done.into_iter().flat_map(lines).collect()
}

/// A line for each source that a tier keeps answers of, or one that says that there are none.
fn counted(tier: Tier, census: Vec<Census>) -> Vec<Row> {
    let row = |one: Census| Row {
        source: Some(one.service),
        entries: Some(one.n_entries),
        expired: Some(one.n_expired),
        bytes: one.bytes,
        ..Row::of(tier)
    };
    if census.is_empty() {
        return vec![Row { entries: Some(0), ..Row::of(tier) }];
    }
    census.into_iter().map(row).collect()
}

fn document(work: &CacheWork, rows: &[Row]) -> Value {
    let one = |row: &Row| {
        json!({
            "tier": row.tier.name(),
            "source": row.source.map(SourceName::name),
            "entries": row.entries,
            "expired": row.expired,
            "bytes": row.bytes,
            "problem": row.problem,
        })
    };
    json!({
        "schema": "cowrie-enrich.cache/1",
        "work": work.name(),
        "tiers": rows.iter().map(one).collect::<Vec<_>>(),
    })
}

impl CacheWork {
    fn name(&self) -> &'static str {
        match self {
            Self::Stats => "stats",
            Self::Prune => "prune",
            Self::Clear(_) => "clear",
        }
    }
}

fn text(work: &CacheWork, rows: &[Row]) -> String {
    let number = |number: Option<u64>| number.map(thousands).unwrap_or_default();
    let entries = if matches!(work, CacheWork::Stats) { "ANSWERS" } else { "REMOVED" };
    let columns = [
        ("TIER", Align::Left),
        ("SOURCE", Align::Left),
        (entries, Align::Right),
        ("EXPIRED", Align::Right),
        ("BYTES", Align::Right),
        ("PROBLEM", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for row in rows {
        table.row([
            row.tier.name(),
            row.source.map_or("all", SourceName::name),
            &number(row.entries),
            &number(row.expired),
            &number(row.bytes),
            row.problem.as_deref().unwrap_or_default(),
        ]);
    }
    table.to_string()
}

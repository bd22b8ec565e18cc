//! `cowrie-loader dead-letters list`.

use clap::Args;
use cowrie_cli::args::Format;
use cowrie_cli::table::{Align, Table, thousands};
use cowrie_cli::times::TimeArgs;
use cowrie_cli::{print_table, rows_at, safe, times};
use cowrie_core::{Clock as _, SystemClock};
use cowrie_ledger::dead_letters::{self, Count, Entry, Filter};
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};

#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Only those of this reason, as `not_json`
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// Only those whose file has this in its name
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    #[command(flatten)]
    times: TimeArgs,
    /// Also those that have been dealt with
    #[arg(long)]
    all: bool,
    /// Only those behind this one, to go on where a list ended
    #[arg(long, value_name = "ID")]
    after: Option<i64>,
    /// So many, at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

pub(super) async fn run(
    db: &DatabaseConnection,
    args: &ListArgs,
    format: Format,
) -> anyhow::Result<()> {
    let filter = Filter {
        reason: args.reason.clone(),
        source: args.source.clone(),
        written: Some(args.times.range(SystemClock.now())?),
        include_resolved: args.all,
        after: args.after,
        limit: args.limit,
    };
    let letters = dead_letters::list(db, &filter).await?;
    let counts = dead_letters::counts(db).await?;
    print_table(
        format,
        || document(&letters, &counts),
        || text(&letters, &counts, args.limit),
        HEADER,
        |document| rows_at(document, "letters"),
    )
}

/// What a program finds in the table, in this order.
const HEADER: &str =
    "id,reason,detail,source,offset,length,created_at,resolved,resolution,sensor,beside_at";

fn document(letters: &[Entry], counts: &[Count]) -> Value {
    let count = |count: &Count| json!({ "reason": count.reason, "letters": count.letters, "open": count.open });
    json!({
        "schema": "cowrie-loader.dead-letters/1",
        "letters": letters.iter().map(entry).collect::<Vec<_>>(),
        "reasons": counts.iter().map(count).collect::<Vec<_>>(),
    })
}

fn entry(letter: &Entry) -> Value {
    json!({
        "id": letter.id,
        "reason": letter.reason,
        "detail": letter.detail,
        "source": letter.source,
        "offset": letter.source_offset,
        "length": letter.length,
        "created_at": letter.created_at,
        "resolved": letter.resolved,
        "resolution": letter.resolution,
        "sensor": letter.sensor,
        "beside_at": letter.beside_at,
    })
}

fn text(letters: &[Entry], counts: &[Count], limit: u32) -> String {
    let columns = [
        ("ID", Align::Right),
        ("REASON", Align::Left),
        ("SOURCE", Align::Left),
        ("OFFSET", Align::Right),
        ("BYTES", Align::Right),
        ("WRITTEN", Align::Left),
        ("STATE", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for letter in letters {
        let state = state(letter.resolved, letter.resolution.as_deref());
        table.row([
            letter.id.to_string(),
            letter.reason.clone(),
            letter.source.clone(),
            letter.source_offset.to_string(),
            letter.length.to_string(),
            times::shown(letter.created_at),
            state.to_owned(),
        ]);
    }
    let listed = if letters.is_empty() { String::new() } else { format!("{table}\n") };
    let is_full = u32::try_from(letters.len()).is_ok_and(|found| found == limit);
    let more = match letters.last().filter(|_| is_full) {
        Some(last) => format!("There may be more: --after {}\n", last.id),
        None => String::new(),
    };
    format!("{listed}{more}{}", summary(counts))
}

/// What the database holds in all.
fn summary(counts: &[Count]) -> String {
    let number = |number: i64| thousands(u64::try_from(number).unwrap_or_default());
    let total = number(counts.iter().map(|count| count.letters).sum());
    let open = number(counts.iter().map(|count| count.open).sum());
    let reason = |count: &Count| {
        let (name, letters) = (safe::terminal(&count.reason), number(count.letters));
        format!("  {name}: {letters}, {} open\n", number(count.open))
    };
    let reasons: String = counts.iter().map(reason).collect();
    format!("The database holds {total} dead letters, {open} of them open.\n{reasons}")
}

/// Whether and how a letter was dealt with, in a word.
pub(super) fn state(resolved: bool, resolution: Option<&str>) -> &str {
    match (resolved, resolution) {
        (false, _) => "open",
        (true, Some(how)) => how,
        (true, None) => "resolved",
    }
}

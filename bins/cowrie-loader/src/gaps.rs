//! `cowrie-loader gaps`: when events may be missing.

use chrono::TimeDelta;
use clap::Args;
use cowrie_cli::table::{Align, Table};
use cowrie_cli::{Exit, Failure, print_table, rows_at, span, times};
use cowrie_core::{Clock as _, SystemClock};
use cowrie_ledger::{Gap, Silence};
use cowrie_store::Store;
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};

use crate::args::Program;
use crate::reading;
use crate::settings::Setup;

#[derive(Args, Debug)]
pub(crate) struct GapsArgs {
    /// Only those of this sensor
    #[arg(long, value_name = "NAME")]
    sensor: Option<String>,
    /// Shortest time without a session that is told, as `90d`, `12h` or `30m`
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = span::parse)]
    silence: TimeDelta,
}

/// What may be missing, and where nothing was heard.
struct Found {
    gaps: Vec<Gap>,
    silences: Vec<Silence>,
    silent_now: Vec<Silence>,
}

/// Finds gaps and silences, and prints them.
pub(crate) async fn run(program: &Program, args: &GapsArgs) -> anyhow::Result<Exit> {
    let (store, _) =
        reading::open(&Setup::load(program)?, args.sensor.as_deref(), Store::STANDARD_WAIT).await?;
    let found = find(store.connection(), args).await;
    store.close().await?;
    let found = found?;
    print_table(
        program.output.format,
        || document(&found),
        || text(&found, args.silence),
        HEADER,
        rows,
    )?;
    Ok(Exit::Done)
}

async fn find(db: &DatabaseConnection, args: &GapsArgs) -> anyhow::Result<Found> {
    let sensor = args.sensor.as_deref();
    if let Some(name) = sensor
        && !cowrie_ledger::knows_sensor(db, name).await?
    {
        return Err(Failure::usage(format!("the database knows no sensor `{name}`")).into());
    }
    let gaps = cowrie_ledger::gaps(db, sensor).await?;
    let now = SystemClock.now();
    let all = cowrie_ledger::silences(db, sensor, args.silence, now).await?;
    let (silences, silent_now) = all.into_iter().partition(|silence| silence.to.is_some());
    Ok(Found { gaps, silences, silent_now })
}

fn document(found: &Found) -> Value {
    let gap = |gap: &Gap| {
        json!({
            "id": gap.gap_id,
            "source": gap.source,
            "sensor": gap.sensor,
            "kind": gap.kind,
            "last_offset": gap.last_offset,
            "last_event_at": gap.last_event_at,
            "next_event_at": gap.next_event_at,
            "noticed_at": gap.noticed_at,
            "ingest_id": gap.ingest_id,
        })
    };
    let silence = |silence: &Silence| {
        json!({
            "sensor": silence.sensor,
            "from": silence.from,
            "to": silence.to,
            "seconds": silence.length.as_seconds_f64(),
        })
    };
    json!({
        "schema": "cowrie-loader.gaps/1",
        "gaps": found.gaps.iter().map(gap).collect::<Vec<_>>(),
        "silences": found.silences.iter().map(silence).collect::<Vec<_>>(),
        "silent_now": found.silent_now.iter().map(silence).collect::<Vec<_>>(),
    })
}

/// What a program finds in the table, in this order; `what` says which of the others apply.
const HEADER: &str = "what,sensor,source,kind,last_offset,last_event_at,next_event_at,noticed_at,\
    ingest_id,from,to,seconds";

/// The three lists of the document as one.
fn rows(document: &Value) -> Vec<Value> {
    let lists = [("gaps", "gap"), ("silences", "silence"), ("silent_now", "silent_now")];
    let named = lists.into_iter().flat_map(|(key, what)| {
        rows_at(document, key).into_iter().map(move |mut row| {
            if let Some(fields) = row.as_object_mut() {
                fields.insert("what".to_owned(), what.into());
            }
            row
        })
    });
    named.collect()
}

fn text(found: &Found, least: TimeDelta) -> String {
    let least = span::shown(least);
    let gaps = section(
        "Files whose content went away:",
        "No file's content went away.",
        found.gaps.is_empty(),
        || gaps_table(&found.gaps),
    );
    let silences = section(
        &format!("No session for {least} or longer:"),
        &format!("No sensor was without a session for {least} or longer."),
        found.silences.is_empty(),
        || silences_table(&found.silences),
    );
    let silent_now = section(
        &format!("No session since, for {least} or longer:"),
        &format!("Every sensor had a session in the last {least}."),
        found.silent_now.is_empty(),
        || silences_table(&found.silent_now),
    );
    format!("{gaps}\n{silences}\n{silent_now}")
}

fn section(title: &str, nothing: &str, is_empty: bool, table: impl FnOnce() -> Table) -> String {
    if is_empty { format!("{nothing}\n") } else { format!("{title}\n\n{}\n", table()) }
}

fn gaps_table(gaps: &[Gap]) -> Table {
    let columns = [
        ("SENSOR", Align::Left),
        ("SOURCE", Align::Left),
        ("KIND", Align::Left),
        ("READ TO", Align::Right),
        ("LAST EVENT", Align::Left),
        ("NEXT EVENT", Align::Left),
        ("NOTICED", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for gap in gaps {
        table.row([
            gap.sensor.clone().unwrap_or_default(),
            gap.source.clone(),
            gap.kind.clone(),
            gap.last_offset.to_string(),
            gap.last_event_at.map(times::shown).unwrap_or_default(),
            gap.next_event_at.map(times::shown).unwrap_or_default(),
            times::shown(gap.noticed_at),
        ]);
    }
    table
}

fn silences_table(silences: &[Silence]) -> Table {
    let columns = [
        ("SENSOR", Align::Left),
        ("FROM", Align::Left),
        ("TO", Align::Left),
        ("LENGTH", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for silence in silences {
        table.row([
            silence.sensor.clone().unwrap_or_else(|| "(unnamed)".to_owned()),
            times::shown(silence.from),
            silence.to.map_or_else(|| "now".to_owned(), times::shown),
            span::shown(silence.length),
        ]);
    }
    table
}

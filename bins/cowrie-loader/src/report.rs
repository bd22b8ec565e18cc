//! What a load says at its end.

use std::fmt::Write as _;

use cowrie_cli::safe;
use cowrie_cli::table::{Align, Table, thousands};
use cowrie_enrichment::{OfflineSource, SourceState};
use cowrie_ingest::Summary;
use cowrie_ledger::{Overview, Place, Unplaced};
use serde::Serialize;
use serde_json::{Value, json};

use crate::source::{is_any_in_use, problems};

/// Rows of each list.
pub(crate) const ROWS: u32 = 10;

/// A load that ended.
pub(crate) struct Loaded<'a> {
    pub(crate) workflow: &'a str,
    pub(crate) run_id: &'a str,
    /// The sensor that was named, if any was.
    pub(crate) sensor: Option<&'a str>,
    pub(crate) database: &'a str,
    pub(crate) is_dry_run: bool,
    pub(crate) summary: &'a Summary,
    pub(crate) source: &'a dyn OfflineSource,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: String,
    run_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sensor: Option<&'a str>,
    database: &'a str,
    dry_run: bool,
    #[serde(flatten)]
    summary: &'a Summary,
    sources: Vec<Value>,
}

/// The summary as one JSON object on one line.
pub(crate) fn json(loaded: &Loaded<'_>) -> anyhow::Result<String> {
    let file = |status: cowrie_enrichment::SourceStatus| json!({ "name": status.name, "state": state(&status.state) });
    let document = Document {
        schema: format!("cowrie-loader.{}/1", loaded.workflow),
        run_id: loaded.run_id,
        sensor: loaded.sensor,
        database: loaded.database,
        dry_run: loaded.is_dry_run,
        summary: loaded.summary,
        sources: loaded.source.status().into_iter().map(file).collect(),
    };
    let line = serde_json::to_string(&document)? + "\n";
    Ok(safe::json_line(&line).into_owned())
}

/// How a file of a source is, in words.
pub(crate) fn state(state: &SourceState) -> Value {
    match state {
        SourceState::Ok { vintage: Some(vintage) } => {
            json!(format!("ok, built {}", vintage.format("%Y-%m-%d")))
        }
        SourceState::Ok { vintage: None } => json!("ok"),
        SourceState::NotUsed { reason } | SourceState::Problem { reason } => json!(reason),
    }
}

/// The summary for people, with what the database now holds.
pub(crate) fn human(loaded: &Loaded<'_>, overview: Option<&Overview>) -> String {
    let mut text = counts(loaded);
    for problem in &loaded.summary.problems {
        let (file, problem) = (safe::terminal(&problem.file), safe::terminal(&problem.problem));
        line(&mut text, format_args!("  problem    {file}: {problem}"));
    }
    for (name, reason) in problems(loaded.source) {
        let (name, reason) = (safe::terminal(&name), safe::terminal(&reason));
        line(&mut text, format_args!("  not used: {name}: {reason}"));
    }
    if let Some(overview) = overview {
        places(&mut text, overview);
        gaps(&mut text, overview, loaded.source);
    }
    text
}

fn counts(loaded: &Loaded<'_>) -> String {
    let summary = loaded.summary;
    let mut text = String::new();
    let did = if loaded.is_dry_run { "Read (and wrote nothing)" } else { "Loaded" };
    line(
        &mut text,
        format_args!(
            "{did} {} of {} in {:.1} s ({} events/s) into {}",
            counted(summary.files, "file", "files"),
            megabytes(summary.bytes),
            summary.elapsed_seconds,
            thousands_of(summary.events_per_second),
            safe::terminal(loaded.database),
        ),
    );
    let n = thousands;
    line(
        &mut text,
        format_args!(
            "  events     {} new, {} known before, {} rejected as dead letters",
            n(summary.new_events),
            n(summary.duplicate_events),
            n(summary.rejected)
        ),
    );
    let (new, grown) = (n(summary.sessions_new), n(summary.sessions_updated));
    line(&mut text, format_args!("  sessions   {new} new, {grown} grown"));
    line(&mut text, format_args!("  addresses  {} new", n(summary.addresses_new)));
    for (number, what) in [
        (summary.unchanged_files, "files are as they were, and were not opened"),
        (summary.waiting_files, "files end in the middle of a line, which waits for its rest"),
        (summary.healed, "lines torn by a rotation were put together"),
        (summary.lost_files, "files lost what was in them: see `cowrie-loader gaps`"),
    ] {
        if number > 0 {
            line(&mut text, format_args!("  {} {what}", n(number)));
        }
    }
    if summary.stopped {
        line(&mut text, format_args!("  stopped before the end; what was read is committed"));
    }
    text
}

fn places(text: &mut String, overview: &Overview) {
    let total = signed(overview.sessions);
    line(text, format_args!("\nThe database holds {total} sessions. At the time of the attack:\n"));
    if !overview.countries.is_empty() {
        let columns = [
            ("COUNTRY", Align::Left),
            ("SESSIONS", Align::Right),
            ("SHARE", Align::Right),
            ("ADDRESSES", Align::Right),
        ];
        let mut table = Table::new(&columns);
        for place in &overview.countries {
            table.row(cells(place, overview.sessions, vec![place.name.clone()]));
        }
        line(text, format_args!("{table}"));
    }
    if !overview.networks.is_empty() {
        let columns = [
            ("NETWORK", Align::Left),
            ("ORGANISATION", Align::Left),
            ("SESSIONS", Align::Right),
            ("SHARE", Align::Right),
            ("ADDRESSES", Align::Right),
        ];
        let mut table = Table::new(&columns).with_max_width(100);
        for place in &overview.networks {
            let organization = place.organization.clone().unwrap_or_default();
            let names = vec![format!("AS{}", place.name), organization];
            table.row(cells(place, overview.sessions, names));
        }
        line(text, format_args!("{table}"));
    }
}

/// The cells of a row: its names, then its figures.
fn cells(place: &Place, total: i64, mut names: Vec<String>) -> Vec<String> {
    #[expect(clippy::cast_precision_loss, reason = "a share in per cent")]
    let share = place.sessions as f64 * 100.0 / (total.max(1) as f64);
    names.extend([signed(place.sessions), format!("{share:.1} %"), signed(place.addresses)]);
    names
}

fn gaps(text: &mut String, overview: &Overview, source: &dyn OfflineSource) {
    let missing = overview.sessions - overview.with_country;
    let without_network = overview.sessions - overview.with_network;
    line(
        text,
        format_args!(
            "What is missing: {} sessions have no country, {} no network.",
            signed(missing),
            signed(without_network)
        ),
    );
    for gap in &overview.gaps {
        let (sessions, addresses) = (signed(gap.sessions), signed(gap.addresses));
        let why = safe::terminal(&why(gap)).into_owned();
        line(text, format_args!("  {sessions} sessions of {addresses} addresses: {why}"));
    }
    if !is_any_in_use(source) {
        line(
            text,
            format_args!(
                "  To know countries and networks, name a folder with GeoLite2 databases: \
                 --mmdb-dir DIR"
            ),
        );
    }
}

/// Why sessions have no country.
fn why(gap: &Unplaced) -> String {
    let reason = gap.reason.as_deref().unwrap_or("no reason is kept");
    match (gap.kind.as_deref(), gap.status.as_deref()) {
        (None, _) => "nothing was looked up for them".to_owned(),
        (Some("public"), Some("not_found")) => "they are not in the MaxMind databases".to_owned(),
        (Some("public"), Some("ok")) => {
            "the MaxMind databases know them, and name no country".to_owned()
        }
        (Some("public"), Some("skipped")) => format!("MaxMind was not asked: {reason}"),
        (Some("public"), Some(status)) => format!("MaxMind {status}: {reason}"),
        (Some("public"), None) => "MaxMind was never asked".to_owned(),
        (Some(kind), _) => format!("not on the public Internet ({kind})"),
    }
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "megabytes with one digit")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1} MB")
}

fn thousands_of(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rounded rate")]
    let whole = number.max(0.0) as u64;
    thousands(whole)
}

fn signed(number: i64) -> String {
    thousands(u64::try_from(number).unwrap_or_default())
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing into a string cannot fail.
    let _written = writeln!(text, "{arguments}");
}

//! `cowrie-loader dead-letters purge`.

use chrono::TimeDelta;
use clap::Args;
use cowrie_cli::args::Format;
use cowrie_cli::table::thousands;
use cowrie_cli::{Failure, print_answer, span, times};
use cowrie_core::{Clock as _, SystemClock};
use cowrie_ledger::dead_letters;
use sea_orm::DatabaseConnection;
use serde_json::json;

#[derive(Args, Debug)]
pub(crate) struct PurgeArgs {
    /// Age from which on they go, as `90d`, `12h` or `30m`
    #[arg(long, value_name = "AGE", value_parser = span::parse)]
    older_than: TimeDelta,
    /// Only those that have been dealt with
    #[arg(long)]
    resolved: bool,
    /// Remove nothing, and say how many would go
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(
    db: &DatabaseConnection,
    args: &PurgeArgs,
    format: Format,
) -> anyhow::Result<()> {
    let too_old = || Failure::usage("`--older-than` reaches back before all time");
    let before = SystemClock.now().checked_sub_signed(args.older_than).ok_or_else(too_old)?;
    let purged = dead_letters::purge(db, before, args.resolved, args.dry_run).await?;
    let document = || {
        json!({
            "schema": "cowrie-loader.dead-letters-purge/1",
            "before": before,
            "only_resolved": args.resolved,
            "dry_run": args.dry_run,
            "purged": purged,
        })
    };
    let text = || {
        let did = if args.dry_run { "Would remove" } else { "Removed" };
        let which = if args.resolved { "resolved dead letters" } else { "dead letters" };
        let (purged, before) = (thousands(purged), times::shown(before));
        format!("{did} {purged} {which} written before {before}.\n")
    };
    print_answer(format, document, text)
}

//! What came of replaying letters, for programs and for people.

use std::fmt::Write as _;

use cowrie_cli::safe;
use cowrie_ingest::Summary;
use serde_json::{Value, json};

use crate::answer;
use crate::dead_letters::replay::ReplayArgs;

/// So many of the letters that stay are told one by one.
const MOST_TOLD: usize = 50;

/// What came of the letters.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Letters that are settled by this.
    pub(super) replayed: u64,
    /// Letters that had been dealt with before.
    pub(super) settled_before: u64,
    /// Letters that are still no events.
    pub(super) kept: u64,
    /// The first of these, with the reason.
    still_dead: Vec<(i64, String)>,
}

impl Outcome {
    /// Counts a letter that stays.
    pub(super) fn keep(&mut self, id: i64, why: String) {
        self.kept += 1;
        if self.still_dead.len() < MOST_TOLD {
            self.still_dead.push((id, why));
        }
    }

    pub(super) fn document(&self, run_id: &str, dry_run: bool, summary: &Summary) -> Value {
        let still_dead = self.still_dead.iter().map(|(id, why)| json!({ "id": id, "why": why }));
        json!({
            "schema": "cowrie-loader.dead-letters-replay/1",
            "run_id": run_id,
            "dry_run": dry_run,
            "replayed": self.replayed,
            "settled_before": self.settled_before,
            "kept": self.kept,
            "still_dead": still_dead.collect::<Vec<_>>(),
            "events": summary.events,
            "new_events": summary.new_events,
            "sessions_new": summary.sessions_new,
            "sessions_updated": summary.sessions_updated,
            "addresses_new": summary.addresses_new,
        })
    }

    pub(super) fn text(&self, args: &ReplayArgs, summary: &Summary) -> String {
        let did = if args.write.dry_run { "would be replayed" } else { "letters replayed" };
        let mut text = String::new();
        for (name, number) in [
            (did, self.replayed),
            ("new events", summary.new_events),
            ("events known before", summary.duplicate_events),
            ("dealt with before", self.settled_before),
            ("still no events", self.kept),
        ] {
            answer::count(&mut text, name, number);
        }
        if args.with.is_some() && self.replayed == 0 {
            text.push_str(
                "The correction was not loaded: its letters had been dealt with before.\n",
            );
        } else if text.is_empty() {
            text.push_str("There is no open dead letter to replay.\n");
        }
        for (id, why) in &self.still_dead {
            // Writing into a string cannot fail.
            writeln!(text, "  letter {id}: {}", safe::terminal(why)).unwrap_or_default();
        }
        text
    }
}

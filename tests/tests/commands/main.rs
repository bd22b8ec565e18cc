//! Whole commands, as a user sees them: what they print, how they end, which rows they leave.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot go on has failed, helpers too"
)]

mod config;
mod damage;
mod dead_letters;
mod delta;
mod display;
mod documents;
mod ends;
mod exits;
mod explain;
mod faults;
mod formats;
mod gaps;
mod generated;
mod hostile;
mod inputs;
mod legacy;
mod lookup;
mod maxmind;
mod refusals;
mod schema;
mod stopping;
mod summaries;
mod terminal;
mod verify;
mod wording;

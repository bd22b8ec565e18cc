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
mod explain;
mod faults;
mod gaps;
mod hostile;
mod inputs;
mod maxmind;
mod refusals;
mod schema;
mod stopping;
mod summaries;
mod verify;

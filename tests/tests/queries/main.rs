//! The questions of `docs/queries.md`, asked on both engines of logs and of what the programs do
//! not write yet.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails the test")]

mod answers;
mod plans;
mod site;
mod truth;

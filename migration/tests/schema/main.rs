//! The schema on both engines: its steps, its rules, and whether the entities tell of it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a statement that goes wrong fails its test"
)]

mod add_only;
mod check;
mod dump;
mod events;
mod ingest;
mod inventory;
mod sessions;
mod steps;
mod support;

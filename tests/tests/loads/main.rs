//! Whole loads, inside this process: the laws that the tables of both engines must hold.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod dump;
mod laws;
mod model;
mod plans;
mod site;
mod snapshots;
mod truth;

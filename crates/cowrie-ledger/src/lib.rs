#![doc = include_str!("../README.md")]

pub mod dead_letters;
mod error;
mod gaps;
mod overview;
mod runs;
mod silences;

pub use error::LedgerError;
pub use gaps::{Gap, gaps};
pub use overview::{Overview, Place, Unplaced, overview};
pub use runs::{RunEnd, RunRecord, begin_run, end_run};
pub use silences::{Silence, knows_sensor, silences};

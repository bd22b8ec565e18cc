#![doc = include_str!("../README.md")]

pub mod dead_letters;
mod error;
mod gaps;
mod silences;

pub use error::LedgerError;
pub use gaps::{Gap, gaps};
pub use silences::{Silence, knows_sensor, silences};

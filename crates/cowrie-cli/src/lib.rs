#![doc = include_str!("../README.md")]

pub mod args;
pub mod exit;
pub mod logging;
mod print;
pub mod progress;
pub mod run;
pub mod safe;
pub mod signals;
pub mod status;
pub mod table;
mod terminal;

pub use exit::{Exit, ExitWith, Failure, finish};
pub use print::print;
pub use run::{run, start};

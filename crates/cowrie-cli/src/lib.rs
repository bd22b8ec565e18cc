#![doc = include_str!("../README.md")]

mod answer;
pub mod args;
pub mod exit;
mod generate;
mod legacy;
pub mod logging;
mod man;
mod output;
mod print;
pub mod progress;
pub mod run;
pub mod safe;
pub mod signals;
pub mod span;
pub mod status;
pub mod table;
mod terminal;
pub mod times;

pub use answer::{print_answer, print_table, rows_at};
pub use exit::{Exit, ExitWith, Failure, finish};
pub use generate::Generated;
pub use print::{print, print_bytes};
pub use run::{run, start};

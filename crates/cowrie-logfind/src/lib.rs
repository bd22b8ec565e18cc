#![doc = include_str!("../README.md")]
#![warn(clippy::as_conversions, clippy::indexing_slicing)]

mod find;
mod stat;

pub use find::{FindError, FindOptions, Found, Problem, Source, find};
pub use stat::FileStat;

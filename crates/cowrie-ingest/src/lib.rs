#![doc = include_str!("../README.md")]

mod batch;
mod enrich;
mod letters;
mod load;
mod merge;
mod reader;
mod summary;

pub use enrich::NetNew;
pub use load::{LoadError, LoadOptions, Observer, load};
pub use reader::ReadOptions;
pub use summary::{FileProblem, Progress, Summary};

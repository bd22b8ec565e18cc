#![doc = include_str!("../README.md")]
#![warn(clippy::as_conversions, clippy::indexing_slicing)]

mod compression;
mod find;
mod framer;
mod inflate;
mod input;
mod limits;
mod reader;
mod record;
mod scanner;
mod window;

pub use compression::Compression;
pub use find::{FindError, FindOptions, Found, Problem, Source, find};
pub use limits::Limits;
pub use reader::{LogReader, OpenLogError, ReadLogError, open};
pub use record::{Damage, Record, RecordKind};

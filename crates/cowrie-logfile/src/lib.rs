#![doc = include_str!("../README.md")]
#![warn(clippy::as_conversions, clippy::indexing_slicing)]

mod compression;
mod framer;
mod inflate;
mod input;
mod limits;
mod mark;
mod reader;
mod record;
mod scanner;
mod window;

pub use compression::Compression;
pub use limits::Limits;
pub use mark::Mark;
pub use reader::{LogReader, OpenLogError, ReadLogError, open, resume};
pub use record::{Damage, Record, RecordKind};

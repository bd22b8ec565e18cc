#![doc = include_str!("../README.md")]
#![warn(clippy::indexing_slicing)]

mod database_file;
mod folder;
mod open_files;
mod ranking;
mod record;
mod source;

pub use source::{MaxMind, MaxMindOptions};

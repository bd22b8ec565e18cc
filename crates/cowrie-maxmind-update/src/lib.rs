#![doc = include_str!("../README.md")]
#![warn(clippy::indexing_slicing)]

mod announced;
mod archive;
mod database;
mod edition;
mod error;
mod service;
mod update;
mod vintages;

pub use edition::{BadEdition, Edition};
pub use error::UpdateError;
pub use update::{
    BASE_URL, Change, MAX_ARCHIVE_BYTES, MAX_DATABASE_BYTES, UpdateOptions, Updated, probe, update,
};

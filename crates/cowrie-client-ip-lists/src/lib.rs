#![doc = include_str!("../README.md")]
#![warn(clippy::indexing_slicing)]

mod as_name;
mod fetch;
mod folder;
mod formats;
mod kept;
mod list;
mod list_set;
mod networks;
mod update;

pub use as_name::{NamedKind, kind_by_name};
pub use list::{BadListSource, ListSource};
pub use list_set::{ListSet, ListState, ListStatus, Match, STALE_AFTER};
pub use update::{UpdateOptions, UpdateResult, Updated, update};

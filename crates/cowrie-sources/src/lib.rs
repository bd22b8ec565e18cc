#![doc = include_str!("../README.md")]

mod cache;
mod clients;
mod offline;
mod plan;
mod probe;
mod renewed;
mod sources;

pub use cache::redis;
pub use offline::{lists, lists_folder, maxmind};
pub use probe::Probe;
pub use sources::{Online, Site, Sources};

//! A year of logs from a seed, and what the programs make of it.

mod baseline;
mod copy_lines;
pub mod corpus;
mod database;
mod duckdb;
mod foreign_keys;
mod growth;
mod measure;
mod questions;
mod report;
mod stages;
mod workload;

pub use database::Home;
pub use report::{Check, Report};
pub use stages::{ask_again, run};
pub use workload::{Bound, Compare, Workload};

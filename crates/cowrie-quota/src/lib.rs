#![doc = include_str!("../README.md")]

mod database_ledger;
mod rows;

pub use database_ledger::DatabaseLedger;

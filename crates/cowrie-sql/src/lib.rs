#![doc = include_str!("../README.md")]

mod copy;
mod error;
mod found;
mod outcomes;
mod postgres;
mod rows;
mod sqlite;
mod transaction;

pub use error::{Cause, SqlError};
pub use found::{Column, Found, Row};
pub use rows::{Rows, Texts, Values, flag, int, json, jsonb, number, text, time};
pub use sqlite::SqliteFile;
pub use transaction::Transaction;

#![doc = include_str!("../README.md")]

mod setting;
mod table;

pub use setting::{Fallback, Given, Kind, Section, Setting};
pub use table::{IGNORED_KEYS, IGNORED_SECTIONS, IGNORED_VARIABLES, SETTINGS};

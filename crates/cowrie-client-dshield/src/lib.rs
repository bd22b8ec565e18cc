#![doc = include_str!("../README.md")]

mod client;
mod facts;
mod wire;

pub use client::{BASE_URL, BadOptions, DShield, DShieldOptions, THROTTLED_WAIT};
pub use facts::from_legacy_cache;

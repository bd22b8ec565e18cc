#![doc = include_str!("../README.md")]

mod client;
mod facts;
mod wire;

pub use client::{BASE_URL, VirusTotal, VirusTotalOptions};
pub use facts::from_legacy_cache;

#![doc = include_str!("../README.md")]

mod client;
mod dns;
mod error;
mod legacy;
mod network;
mod whois;
mod whois_reply;
mod wire;

pub use client::{BATCH_SIZE, BadOptions, Cymru, CymruOptions, WHOIS};
pub use error::CymruError;
pub use legacy::from_legacy_cache;

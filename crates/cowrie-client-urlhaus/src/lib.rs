#![doc = include_str!("../README.md")]

mod client;
mod facts;
mod wire;

pub use client::{BASE_URL, Host, THROTTLED_WAIT, UrlHaus, UrlHausOptions};
pub use facts::from_legacy_cache;

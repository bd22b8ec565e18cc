#![doc = include_str!("../README.md")]

mod client;
mod facts;
mod legacy;
mod wire;

pub use client::{BASE_URL, Spur, SpurOptions};
pub use legacy::from_legacy_cache;

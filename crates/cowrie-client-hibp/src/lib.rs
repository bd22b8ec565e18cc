#![doc = include_str!("../README.md")]

mod client;
mod facts;
mod password_hash;
mod wire;

pub use client::{BASE_URL, Hibp, HibpOptions};
pub use facts::from_legacy_cache;
pub use password_hash::PasswordHash;

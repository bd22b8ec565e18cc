#![doc = include_str!("../README.md")]

mod key_search;
mod outlet;
mod planted_key;
mod printed_text;
mod public_key;
#[cfg(test)]
mod sample_keys;

pub use planted_key::{InjectionMethod, KeyPattern, PlantedKey, planted_keys};
pub use public_key::PublicKey;

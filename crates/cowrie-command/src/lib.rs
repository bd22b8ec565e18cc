#![doc = include_str!("../README.md")]

mod address;
mod construct;
mod credential;
mod key_search;
mod lexer;
mod mask;
mod outlet;
mod planted_key;
mod printed_text;
mod public_key;
mod purpose;
mod random_name;
mod risk;
mod risk_review;
#[cfg(test)]
mod sample_keys;
mod signature;
mod statement;
mod telling_path;
mod template;

pub use lexer::statements;
pub use planted_key::{InjectionMethod, KeyPattern, PlantedKey, planted_keys};
pub use public_key::PublicKey;
pub use risk::{HIGH_RISK, Risk, risk};
pub use signature::signature;
pub use template::{TEMPLATE_VERSION, template};

/// The front of `text`: at most `limit` bytes, cut between characters.
fn front(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or(text)
}

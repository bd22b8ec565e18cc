#![doc = include_str!("../README.md")]

mod address;
mod credential;
mod mask;
mod purpose;
mod random_name;
mod risk;
mod risk_review;
mod signature;
mod telling_path;
mod template;

pub use risk::{Risk, risk};
pub use signature::signature;
pub use template::{TEMPLATE_VERSION, template};

/// The front of `text`: at most `limit` bytes, cut between characters.
fn front(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or(text)
}

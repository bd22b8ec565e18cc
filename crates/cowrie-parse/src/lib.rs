#![doc = include_str!("../README.md")]

mod canonical;
mod escape;
mod event;
mod fields;
mod json;

pub use escape::{unescape_json, unescape_text};
pub use event::{Event, MAX_NAME_BYTES, Reject, parse};
pub use fields::Fields;
pub use json::{JsonError, split_array};

#![doc = include_str!("../README.md")]

mod derived;
mod escapes;
mod facts;

pub use facts::{Explanation, explain};

//! Laws that hold for any bytes, one module for each reader of hostile bytes.
//!
//! The programs in `fuzz_targets/` look for bytes that break them; the test `fuzz_corpus` of the
//! workspace replays what is in `corpus/`. A law is an assertion: it says what it saw by panicking.

pub mod fold;
pub mod frame;
pub mod grow;
pub mod inflate;
pub mod parse;
mod reading;
mod respell;

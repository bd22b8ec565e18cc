//! Updates against servers that work, and against those that do not.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, helpers too")]

mod archives;
mod loopback;
mod redirects;
mod support;

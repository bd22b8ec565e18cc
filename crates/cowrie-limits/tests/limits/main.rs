//! Limits, in virtual time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod breaker;
mod law;
mod rate;
mod replies;
mod support;

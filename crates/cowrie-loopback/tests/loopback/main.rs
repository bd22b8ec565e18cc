//! The services, spoken to by raw bytes.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod behaviours;
mod dns;
mod program;
mod providers;
mod raw_http;
mod whois;

//! Every scheme, against files, programs and servers.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers too"
)]

mod counterparts;
mod local;
mod programs;
mod support;
mod vault;

#![doc = include_str!("../README.md")]

mod endpoint;
mod error;
mod reply;

pub use endpoint::{BadEndpoint, Endpoint, EndpointOptions, Received};
pub use error::LookupError;
pub use reply::{not_its_kind, reply};

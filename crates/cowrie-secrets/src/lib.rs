#![doc = include_str!("../README.md")]

mod environment;
mod reference;
mod resolve;
mod template;

pub use environment::{Environment, ProcessEnvironment};
pub use reference::{ParseReferenceError, Reference};
pub use resolve::{MAX_SECRET_BYTES, ResolveError, resolve};
pub use secrecy::{ExposeSecret, SecretString};
pub use template::{ParseTemplateError, Template};

#![doc = include_str!("../README.md")]

mod environment;
mod error;
mod reference;
mod resolver;
mod schemes;
mod template;
mod value;

pub use environment::{Environment, ProcessEnvironment};
pub use error::{Problem, ResolveError};
pub use reference::{ParseReferenceError, Reference};
pub use resolver::{Resolver, STANDARD_TIMEOUT};
pub use secrecy::{ExposeSecret, SecretString};
pub use template::{ParseTemplateError, Template};
pub use value::MAX_SECRET_BYTES;

#![doc = include_str!("../README.md")]

mod answer;
mod country_code;
#[cfg(feature = "test-util")]
mod scripted_source;
mod source;
mod source_name;
mod validation;

pub use answer::{Answer, Data, Outcome, Remedy, VINTAGE_TOLERANCE};
pub use country_code::CountryCode;
#[cfg(feature = "test-util")]
pub use scripted_source::ScriptedSource;
pub use source::{Disabled, OfflineSource, SourceState, SourceStatus, Vintages};
pub use source_name::{SourceName, UnknownSource};
pub use validation::{malformed, validation};

#![doc = include_str!("../README.md")]

mod answer;
mod country_code;
mod question;
#[cfg(feature = "test-util")]
mod scripted_service;
#[cfg(feature = "test-util")]
mod scripted_source;
mod service;
mod source;
mod source_name;
mod validation;

pub use answer::{Answer, Data, Outcome, Remedy, VINTAGE_TOLERANCE};
pub use country_code::CountryCode;
pub use question::{BadQuestion, Domain, FileHash, HashPrefix, NotPublic, PublicAddress, Question};
#[cfg(feature = "test-util")]
pub use scripted_service::ScriptedService;
#[cfg(feature = "test-util")]
pub use scripted_source::ScriptedSource;
pub use service::{OnlineSource, Reply, Service, Teller, Tier, Told};
pub use source::{Disabled, OfflineSource, SourceState, SourceStatus, Vintages};
pub use source_name::{SourceName, UnknownSource};
pub use validation::{malformed, validation};

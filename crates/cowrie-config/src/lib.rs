#![doc = include_str!("../README.md")]

mod checks;
mod credentials;
mod database;
mod database_url;
mod error;
mod file;
mod layers;
mod load;
mod origin;
mod sections;
mod settings;
mod show;
mod source_key;
mod url_parts;
mod written;

pub use credentials::Credential;
pub use database::{DatabaseSetting, DatabaseSettingError};
pub use database_url::{DatabaseUrl, DatabaseUrlError};
pub use error::ConfigError;
pub use load::{Flags, Review, load, review};
pub use origin::Origin;
pub use settings::{CacheSettings, LongtailSettings, Provider, Sensor, Settings};
pub use show::Shown;
pub use source_key::SourceKey;

//! The sections of the file, one module each, as serde reads them.
//!
//! These types do not leave the crate; what leaves it are the plain values of `settings`.

pub(crate) mod cache;
pub(crate) mod global;
pub(crate) mod provider;
pub(crate) mod sensor;

use std::collections::BTreeMap;

use serde::Deserialize;

use global::GlobalSection;
use provider::ProviderSection;
use sensor::SensorSection;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Root {
    pub(crate) global: GlobalSection,
    /// `[[sensor]]`, the layout of the legacy system.
    #[serde(default)]
    pub(crate) sensor: Vec<SensorSection>,
    /// `[sensors.<name>]`.
    #[serde(default)]
    pub(crate) sensors: BTreeMap<String, SensorSection>,
    /// `[providers.<name>]`.
    #[serde(default)]
    pub(crate) providers: BTreeMap<String, ProviderSection>,
}

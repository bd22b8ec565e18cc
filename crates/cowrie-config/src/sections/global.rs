//! `[global]`: what holds for all sensors.

use std::path::PathBuf;

use serde::Deserialize;

use super::cache::CacheSection;

/// `[global]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GlobalSection {
    #[serde(alias = "database_url")]
    pub(crate) db: String,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) cache_dir: Option<PathBuf>,
    pub(crate) report_dir: Option<PathBuf>,
    pub(crate) status_dir: Option<PathBuf>,
    pub(crate) email: Option<String>,
    pub(crate) cache: CacheSection,
}

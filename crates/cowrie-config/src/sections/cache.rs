//! `[global.cache]`: the tiers in which answers of sources are kept.

use serde::Deserialize;

use crate::checks::Checks;
use crate::error::ConfigError;
use crate::settings::CacheSettings;
use crate::written::WrittenSecret;

/// `[global.cache]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CacheSection {
    redis_enabled: bool,
    redis_host: String,
    redis_port: u16,
    redis_db: u32,
    redis_password: Option<WrittenSecret>,
    redis_ttl_seconds: u32,
    db_cache_enabled: bool,
}

impl CacheSection {
    /// The plain values.
    pub(crate) fn into_settings(self, checks: &mut Checks) -> Result<CacheSettings, ConfigError> {
        let key = "global.cache.redis_password";
        Ok(CacheSettings {
            redis_enabled: self.redis_enabled,
            redis_host: self.redis_host,
            redis_port: self.redis_port,
            redis_db: self.redis_db,
            redis_password: checks.secret(key, self.redis_password, "REDIS_PASSWORD")?,
            redis_ttl_seconds: self.redis_ttl_seconds,
            db_cache_enabled: self.db_cache_enabled,
        })
    }
}

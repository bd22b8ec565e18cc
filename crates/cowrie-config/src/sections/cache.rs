//! `[global.cache]`: the tiers in which answers of sources are kept.

use cowrie_settings::Section;
use serde::Deserialize;

use crate::checks::Checks;
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
    pub(crate) fn into_settings(self, checks: &mut Checks) -> CacheSettings {
        checks.host("global.cache.redis_host", &self.redis_host);
        CacheSettings {
            redis_enabled: self.redis_enabled,
            redis_host: self.redis_host,
            redis_port: self.redis_port,
            redis_db: self.redis_db,
            redis_password: checks.secret(
                "global.cache.redis_password",
                self.redis_password,
                Section::Cache.setting("redis_password"),
            ),
            redis_ttl_seconds: self.redis_ttl_seconds,
            db_cache_enabled: self.db_cache_enabled,
        }
    }
}

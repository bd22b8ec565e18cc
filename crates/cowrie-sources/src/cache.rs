//! The tiers of the cache, as far as they are switched on.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cowrie_cache::{
    Cache, CacheTier, DatabaseTier, DiskTier, MEMORY_BYTES, MemoryTier, RedisOptions, RedisTier,
};
use cowrie_config::Settings;
use cowrie_core::one_line;
use cowrie_enrichment::SourceName;
use cowrie_secrets::{ResolveError, Resolver};
use tracing::warn;

use crate::plan::Plan;
use crate::sources::Site;

/// Builds the cache; nothing is connected to before the first question.
pub(crate) async fn cache(site: &Site<'_>) -> Cache {
    let settings = site.settings;
    let mut tiers: Vec<Arc<dyn CacheTier>> = vec![Arc::new(MemoryTier::new(MEMORY_BYTES))];
    if settings.cache.redis_enabled {
        tiers.extend(redis_tier(site).await);
    }
    if settings.cache.db_cache_enabled {
        tiers.push(Arc::new(DatabaseTier::new(site.database.clone())));
    }
    let folder = site.sensor.map_or(&*settings.cache_dir, |name| settings.cache_dir_of(name));
    tiers.push(Arc::new(disk(folder, settings)));
    Cache::new(tiers, Arc::clone(&site.clock))
}

/// How Redis is reached.
///
/// # Errors
///
/// When its password cannot be had.
pub async fn redis(settings: &Settings, resolver: &Resolver) -> Result<RedisOptions, ResolveError> {
    let cache = &settings.cache;
    let password = match &cache.redis_password {
        Some(reference) => Some(resolver.resolve(reference, "redis_password").await?),
        None => None,
    };
    Ok(RedisOptions {
        host: cache.redis_host.clone(),
        port: cache.redis_port,
        db: cache.redis_db,
        password,
        max_life: Duration::from_secs(cache.redis_ttl_seconds.into()),
    })
}

/// Redis as a tier; none, with a warning, when it cannot be one.
async fn redis_tier(site: &Site<'_>) -> Option<Arc<dyn CacheTier>> {
    let refused = |error: &(dyn std::error::Error + 'static)| {
        warn!(error = %one_line(error), "Redis is not used");
    };
    let options = redis(site.settings, &site.resolver).await.inspect_err(|e| refused(e)).ok()?;
    let tier = RedisTier::new(&options).inspect_err(|error| refused(error)).ok()?;
    Some(Arc::new(tier))
}

/// The files, those that the legacy system wrote among them.
fn disk(folder: &Path, settings: &Settings) -> DiskTier {
    let translators: [(SourceName, cowrie_cache::Translate); 7] = [
        (SourceName::Cymru, cowrie_client_cymru::from_legacy_cache),
        (SourceName::GreyNoise, cowrie_client_greynoise::from_legacy_cache),
        (SourceName::DShield, cowrie_client_dshield::from_legacy_cache),
        (SourceName::Spur, cowrie_client_spur::from_legacy_cache),
        (SourceName::UrlHaus, cowrie_client_urlhaus::from_legacy_cache),
        (SourceName::VirusTotal, cowrie_client_virustotal::from_legacy_cache),
        (SourceName::Hibp, cowrie_client_hibp::from_legacy_cache),
    ];
    translators.into_iter().fold(DiskTier::new(folder.to_owned()), |tier, (name, translate)| {
        tier.with_legacy(name, Plan::of(name, settings).keep, translate)
    })
}

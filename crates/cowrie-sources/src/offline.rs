//! The sources that answer from this machine.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use cowrie_client_ip_lists::ListSet;
use cowrie_client_maxmind::{MaxMind, MaxMindOptions};
use cowrie_config::Settings;
use cowrie_enrichment::{Disabled, OfflineSource, SourceName};

/// The folder of the lists, in the cache folder.
const LISTS_FOLDER: &str = "ip_classification";

/// Two vintages of country and AS stay in memory.
const KEEP_OPEN: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

/// The MMDB files of a folder, or of the one that the settings name.
pub fn maxmind(folder: Option<&Path>, settings: &Settings) -> Box<dyn OfflineSource> {
    if !is_enabled(SourceName::MaxMind, settings) {
        return Box::new(Disabled::new(
            SourceName::MaxMind,
            "switched off by `providers.maxmind.enabled`",
        ));
    }
    match folder.or(settings.maxmind_dir.as_deref()) {
        Some(folder) => {
            Box::new(MaxMind::open_dir(folder, MaxMindOptions { keep_open: KEEP_OPEN }))
        }
        None => Box::new(Disabled::not_configured(SourceName::MaxMind)),
    }
}

/// The lists that were fetched into the cache folder; `None` when they are switched off.
pub fn lists(settings: &Settings, now: DateTime<Utc>) -> Option<ListSet> {
    is_enabled(SourceName::IpClassification, settings)
        .then(|| ListSet::open(&lists_folder(settings), now))
}

/// Where the lists are kept.
pub fn lists_folder(settings: &Settings) -> PathBuf {
    settings.cache_dir.join(LISTS_FOLDER)
}

fn is_enabled(name: SourceName, settings: &Settings) -> bool {
    settings.providers.get(name.name()).and_then(|one| one.enabled).unwrap_or(true)
}

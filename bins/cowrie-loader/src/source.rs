//! The source that answers while loading.

use std::num::NonZeroUsize;
use std::path::Path;

use cowrie_cli::Failure;
use cowrie_client_maxmind::{MaxMind, MaxMindOptions};
use cowrie_enrichment::{Disabled, OfflineSource, SourceName, SourceState, SourceStatus};

/// Two vintages of country and AS stay in memory.
const KEEP_OPEN: NonZeroUsize = NonZeroUsize::MIN.saturating_add(3);

/// The MaxMind databases in the folder that a flag or the settings name.
pub(crate) fn open(
    flag: Option<&Path>,
    setting: Option<&Path>,
) -> anyhow::Result<Box<dyn OfflineSource>> {
    if let Some(folder) = flag.filter(|folder| !folder.is_dir()) {
        let text = format!("`--mmdb-dir {}` is not a folder", folder.display());
        return Err(Failure::usage(text).into());
    }
    Ok(match flag.or(setting) {
        Some(folder) => {
            Box::new(MaxMind::open_dir(folder, MaxMindOptions { keep_open: KEEP_OPEN }))
        }
        None => Box::new(Disabled::not_configured(SourceName::MaxMind)),
    })
}

/// The files of the source that are missing or damaged, each with its reason.
pub(crate) fn problems(source: &dyn OfflineSource) -> Vec<(String, String)> {
    let problem = |status: SourceStatus| match status.state {
        SourceState::Problem { reason } => Some((status.name, reason)),
        SourceState::Ok { .. } | SourceState::NotUsed { .. } => None,
    };
    source.status().into_iter().filter_map(problem).collect()
}

/// Whether any file of the source is in use.
pub(crate) fn is_any_in_use(source: &dyn OfflineSource) -> bool {
    source.status().iter().any(|status| matches!(status.state, SourceState::Ok { .. }))
}

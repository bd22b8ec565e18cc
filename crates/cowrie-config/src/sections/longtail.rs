//! `[longtail]`: what the longtail timer does.

use serde::Deserialize;

use crate::settings::LongtailSettings;

/// `[longtail]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LongtailSection {
    run_analysis: bool,
    store_results: bool,
}

impl LongtailSection {
    /// The plain values.
    pub(crate) fn into_settings(self) -> LongtailSettings {
        LongtailSettings { run_analysis: self.run_analysis, store_results: self.store_results }
    }
}

//! `[providers.<name>]`: one source of facts about addresses, files or passwords.

use std::path::PathBuf;

use serde::Deserialize;

use crate::checks::Checks;
use crate::error::nearest;
use crate::settings::Provider;

/// The sources that there are.
pub(crate) const NAMES: [&str; 9] = [
    "cymru",
    "dshield",
    "greynoise",
    "hibp",
    "ip_classification",
    "maxmind",
    "spur",
    "urlhaus",
    "virustotal",
];

/// One source.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderSection {
    enabled: Option<bool>,
    base_url: Option<String>,
    timeout_seconds: Option<f64>,
    rate_per_second: Option<f64>,
    daily_quota: Option<u64>,
    ttl_days: Option<f64>,
    negative_ttl_days: Option<f64>,
    directory: Option<PathBuf>,
}

impl ProviderSection {
    /// The plain values of the source called `name`.
    pub(crate) fn into_provider(self, name: &str, checks: &mut Checks) -> Provider {
        if !NAMES.contains(&name) {
            let suggestion = nearest(name, &NAMES).map(str::to_owned);
            checks.unknown_key(&format!("providers.{name}"), suggestion);
        }
        let key = |field: &str| format!("providers.{name}.{field}");
        if self.directory.is_some() && name != "maxmind" {
            checks.unknown_key(&key("directory"), None);
        }
        for (field, number) in [
            ("timeout_seconds", self.timeout_seconds),
            ("rate_per_second", self.rate_per_second),
            ("ttl_days", self.ttl_days),
            ("negative_ttl_days", self.negative_ttl_days),
        ] {
            checks.positive(&key(field), number);
        }
        checks.base_url(&key("base_url"), self.base_url.as_deref());
        Provider {
            enabled: self.enabled,
            base_url: self.base_url,
            timeout_seconds: self.timeout_seconds,
            rate_per_second: self.rate_per_second,
            daily_quota: self.daily_quota,
            ttl_days: self.ttl_days,
            negative_ttl_days: self.negative_ttl_days,
            directory: self.directory.map(|path| checks.path(path)),
        }
    }
}

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
    whois_server: Option<String>,
    dns_server: Option<String>,
}

impl ProviderSection {
    /// The plain values of the source called `name`.
    pub(crate) fn into_provider(self, name: &str, checks: &mut Checks) -> Provider {
        if !NAMES.contains(&name) {
            let suggestion = nearest(name, &NAMES).map(str::to_owned);
            checks.unknown_key(&format!("providers.{name}"), suggestion);
        }
        let key = |field: &str| format!("providers.{name}.{field}");
        for (field, is_set, owner) in [
            ("directory", self.directory.is_some(), "maxmind"),
            ("whois_server", self.whois_server.is_some(), "cymru"),
            ("dns_server", self.dns_server.is_some(), "cymru"),
        ] {
            if is_set && name != owner {
                checks.unknown_key(&key(field), None);
            }
        }
        if self.base_url.is_some() && name == "cymru" {
            checks.unknown_key(&key("base_url"), Some("whois_server".to_owned()));
        }
        checks.server(&key("whois_server"), self.whois_server.as_deref());
        let dns_server = checks.socket_address(&key("dns_server"), self.dns_server.as_deref());
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
            whois_server: self.whois_server,
            dns_server,
        }
    }
}

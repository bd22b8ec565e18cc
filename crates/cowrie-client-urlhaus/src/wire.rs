//! What URLhaus sends, as it spells it.

use serde::Deserialize;
use serde_json::Value;

/// What `/v1/host/` says of a host.
///
/// Any field may be missing, `null` or of another type than documented, and numbers come as text.
/// What is not used is `urlhaus_reference` and `host`.
///
/// Source: abuse.ch's page "URLhaus API", section "Query host information".
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct HostAnswer {
    /// How it went; the HTTP status is 200 whatever this says.
    pub(crate) query_status: Value,
    /// When the host was first seen, as in `2019-01-15 07:09:01 UTC`.
    pub(crate) firstseen: Value,
    /// How many URLs were seen on the host, which may be more than are listed.
    pub(crate) url_count: Value,
    /// Lists that may have the host, by name, with what they say; only of a domain.
    pub(crate) blacklists: Value,
    /// The URLs, each a [`Url`].
    pub(crate) urls: Value,
}

/// One URL on the host. What is not used is `id`, `urlhaus_reference`, `url`, `date_added`,
/// `threat` (always `malware_download`), `reporter`, `larted` and `takedown_time_seconds`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Url {
    /// `online`, `offline` or `unknown`.
    pub(crate) url_status: Value,
    /// A list of names, or `null` for none.
    pub(crate) tags: Value,
}

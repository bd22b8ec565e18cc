//! What GreyNoise sends, as it spells it.

use serde::Deserialize;
use serde_json::Value;

/// What `/v3/community/{ip}` says of an address, with 200 and with 404 alike.
///
/// Any field may be missing, `null` or of another type than documented; `ip`, `link` and
/// `message` are not used. The legacy system kept the same names in its cache.
///
/// Source: GreyNoise's documentation, "Community API".
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Community {
    /// Whether it was seen scanning the Internet.
    pub(crate) noise: Value,
    /// Whether it belongs to a service that is known and harmless ("Rule It Out").
    pub(crate) riot: Value,
    /// `benign`, `suspicious`, `malicious` or `unknown`.
    pub(crate) classification: Value,
    /// Who it is, or `unknown`.
    pub(crate) name: Value,
    /// The day on which it was last seen.
    pub(crate) last_seen: Value,
}

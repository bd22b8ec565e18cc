//! What DShield sends, as it spells it.

use serde::Deserialize;
use serde_json::Value;

/// What `/ip/{address}?json` says of an address: the object under `ip`.
///
/// Any field may be missing or `null`, and numbers come as numbers and as text. What is not used
/// is `number` (the address itself), `updated`, `comment`, `asabusecontact`, `assize`, `network`,
/// `alexa`, `ssh` and `weblogs`.
///
/// Source: the Internet Storm Center's page "API", and the answers that public clients keep for
/// their tests.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ip {
    /// Packets reported.
    pub(crate) count: Value,
    /// Addresses that were attacked.
    pub(crate) attacks: Value,
    /// The first day of the reports.
    pub(crate) mindate: Value,
    /// The last day of the reports.
    pub(crate) maxdate: Value,
    /// The highest risk, from 0 to 10.
    pub(crate) maxrisk: Value,
    /// The number of the AS.
    #[serde(rename = "as")]
    pub(crate) as_number: Value,
    /// The name of the AS.
    pub(crate) asname: Value,
    /// The country in which the AS is registered.
    pub(crate) ascountry: Value,
    /// An object: each feed that has the address, with a [`Listing`]; an empty list for none.
    pub(crate) threatfeeds: Value,
}

/// When a feed had the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Listing {
    pub(crate) firstseen: Value,
    pub(crate) lastseen: Value,
}

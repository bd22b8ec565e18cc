//! What SPUR sends, as it spells it.
//!
//! Source: SPUR's documentation, "Context API" and "IP Context Object", version 2. SPUR leaves out
//! what is empty. A field of another type counts as missing, so that it does not hide the others.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What is known of one address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Context {
    #[serde(rename = "as", deserialize_with = "lenient")]
    pub(crate) autonomous_system: AutonomousSystem,
    #[serde(deserialize_with = "lenient")]
    pub(crate) client: Client,
    #[serde(deserialize_with = "lenient")]
    pub(crate) infrastructure: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) ip: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) location: Location,
    #[serde(deserialize_with = "lenient")]
    pub(crate) organization: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) risks: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) services: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) tunnels: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AutonomousSystem {
    #[serde(deserialize_with = "lenient")]
    pub(crate) number: Option<i64>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) organization: Option<String>,
}

/// Who was seen behind the address. `concentration` and `spread` are left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Client {
    #[serde(deserialize_with = "lenient")]
    pub(crate) behaviors: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) count: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) countries: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) proxies: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) types: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Location {
    #[serde(deserialize_with = "lenient")]
    pub(crate) city: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) country: Option<String>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) state: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Tunnel {
    #[serde(deserialize_with = "lenient")]
    pub(crate) anonymous: Option<bool>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) entries: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) exits: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) operator: Option<String>,
    #[serde(rename = "type", deserialize_with = "lenient")]
    pub(crate) kind: Option<String>,
}

/// The value, or nothing when it has another type.
fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

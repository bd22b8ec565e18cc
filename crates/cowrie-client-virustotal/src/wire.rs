//! What VirusTotal sends, as it spells it.
//!
//! Source: VirusTotal's documentation of its API, version 3: "Files" and "Errors". A field of
//! another type counts as missing, so that it does not hide the others.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// An answer about a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Report {
    #[serde(deserialize_with = "lenient")]
    pub(crate) data: FileObject,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FileObject {
    #[serde(deserialize_with = "lenient")]
    pub(crate) attributes: Option<Attributes>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Attributes {
    /// Seconds since 1970; the legacy system also kept it as text.
    #[serde(deserialize_with = "lenient")]
    pub(crate) first_submission_date: Value,
    /// Seconds since 1970.
    #[serde(deserialize_with = "lenient")]
    pub(crate) last_analysis_date: Value,
    /// How many engines came to each verdict.
    #[serde(deserialize_with = "lenient")]
    pub(crate) last_analysis_stats: Map<String, Value>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) names: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) popular_threat_classification: ThreatClassification,
    #[serde(deserialize_with = "lenient")]
    pub(crate) size: Option<u64>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) tags: Vec<Value>,
    #[serde(deserialize_with = "lenient")]
    pub(crate) type_description: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ThreatClassification {
    #[serde(deserialize_with = "lenient")]
    pub(crate) suggested_threat_label: Option<String>,
}

/// An answer that is an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Refusal {
    #[serde(deserialize_with = "lenient")]
    pub(crate) error: ApiError,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ApiError {
    #[serde(deserialize_with = "lenient")]
    pub(crate) code: Option<String>,
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

//! The networks of Google Cloud's customers, `cloud.json`.
//!
//! Source: "Obtain Google IP address ranges" in Google's Workspace help. An object has either
//! `ipv4Prefix` or `ipv6Prefix`.

use cowrie_core::parse_time;
use serde::Deserialize;

use super::Rows;
use super::json::{Bounded, Network};

#[derive(Deserialize)]
struct File {
    #[serde(rename = "creationTime")]
    created: Option<String>,
    prefixes: Bounded<Prefix>,
}

#[derive(Deserialize)]
struct Prefix {
    #[serde(rename = "ipv4Prefix")]
    v4: Option<Network>,
    #[serde(rename = "ipv6Prefix")]
    v6: Option<Network>,
}

pub(super) fn read(bytes: &[u8], rows: &mut Rows) -> Result<(), serde_json::Error> {
    let file: File = serde_json::from_slice(bytes)?;
    rows.published = file.created.as_deref().and_then(parse_time);
    for prefix in file.prefixes.0 {
        rows.add(prefix.v4.or(prefix.v6).and_then(|network| network.0));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::formats::Format;
    use crate::formats::testing::shown;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(Format::Gcp, text.as_bytes()), expected);
    }

    #[test]
    fn either_version_and_the_date() {
        check(
            r#"{"syncToken": "1714541643000", "creationTime": "2024-05-01T05:34:03.000000",
              "prefixes": [
                {"ipv4Prefix": "34.1.208.0/20", "service": "Google Cloud", "scope": "africa-south1"},
                {"ipv6Prefix": "2600:1900:8000::/44", "service": "Google Cloud",
                 "scope": "africa-south1"}]}"#,
            "34.1.208.0/20 2600:1900:8000::/44 @2024-05-01T05:34:03",
        );
        check(
            r#"{"prefixes": [{"scope": "x"}, {"ipv4Prefix": "34.1.208.0/20"}]}"#,
            "34.1.208.0/20",
        );
        check(r#"{"prefixes": {}}"#, "it is not the JSON that was expected");
    }
}

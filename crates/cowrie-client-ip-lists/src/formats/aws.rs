//! The networks of AWS, `ip-ranges.json`.
//!
//! Source: "AWS IP address ranges" in Amazon's VPC user guide. The file has one object for each
//! service that uses a network, so that most networks stand in it several times.

use chrono::NaiveDateTime;
use serde::Deserialize;

use super::Rows;
use super::json::{Bounded, Network};

#[derive(Deserialize)]
struct File {
    #[serde(rename = "createDate")]
    created: Option<String>,
    prefixes: Bounded<PrefixV4>,
    #[serde(default)]
    ipv6_prefixes: Bounded<PrefixV6>,
}

#[derive(Deserialize)]
struct PrefixV4 {
    ip_prefix: Option<Network>,
}

#[derive(Deserialize)]
struct PrefixV6 {
    ipv6_prefix: Option<Network>,
}

pub(super) fn read(bytes: &[u8], rows: &mut Rows) -> Result<(), serde_json::Error> {
    let file: File = serde_json::from_slice(bytes)?;
    let created = file.created.as_deref();
    let created =
        created.and_then(|text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d-%H-%M-%S").ok());
    rows.published = created.map(|time| time.and_utc());
    let v4 = file.prefixes.0.into_iter().map(|prefix| prefix.ip_prefix);
    let v6 = file.ipv6_prefixes.0.into_iter().map(|prefix| prefix.ipv6_prefix);
    for prefix in v4.chain(v6) {
        rows.add(prefix.and_then(|network| network.0));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::formats::Format;
    use crate::formats::testing::shown;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(Format::Aws, text.as_bytes()), expected);
    }

    #[test]
    fn both_versions_and_the_date() {
        check(
            r#"{"syncToken": "1714584788", "createDate": "2024-05-01-17-33-08", "prefixes": [
                {"ip_prefix": "3.4.12.4/32", "region": "eu-west-1", "service": "AMAZON",
                 "network_border_group": "eu-west-1"},
                {"ip_prefix": "3.5.140.0/22", "region": "ap-northeast-2", "service": "AMAZON",
                 "network_border_group": "ap-northeast-2"},
                {"ip_prefix": "3.5.140.0/22", "region": "ap-northeast-2", "service": "S3",
                 "network_border_group": "ap-northeast-2"}],
              "ipv6_prefixes": [{"ipv6_prefix": "2600:1f14::/35", "region": "us-west-2",
                "service": "EC2", "network_border_group": "us-west-2"}]}"#,
            "3.4.12.4/32 3.5.140.0/22 2600:1f14::/35 @2024-05-01T17:33:08",
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_a_bad_row_or_damage() {
        check(
            r#"{"prefixes": [{"ip_prefix": "3.4.12.4/32"}, {}, {"ip_prefix": "x"}]}"#,
            "3.4.12.4/32",
        );
        check(r#"{"createDate": "soon", "prefixes": [{"ip_prefix": "3.4.12.4"}]}"#, "3.4.12.4/32");
        check(r#"{"prefixes": []}"#, "there is no network in it");
        let damage = "it is not the JSON that was expected";
        check(r#"{"ipv6_prefixes": []}"#, damage);
        check(r#"{"prefixes": [{"ip_prefix": 3}]}"#, damage);
        check(r#"{"prefixes": [{"ip_prefix": "3.4.12.4/32"}"#, damage);
    }
}

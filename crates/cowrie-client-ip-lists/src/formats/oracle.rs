//! The networks of Oracle's cloud, `public_ip_ranges.json`.
//!
//! Source: "IP Address Ranges" in Oracle's cloud documentation. Newer files have `ipv6_cidrs`
//! beside `cidrs`.

use cowrie_core::parse_time;
use serde::Deserialize;

use super::Rows;
use super::json::{Bounded, Network};

#[derive(Deserialize)]
struct File {
    #[serde(rename = "last_updated_timestamp")]
    updated: Option<String>,
    regions: Bounded<Region>,
}

#[derive(Deserialize)]
struct Region {
    #[serde(default)]
    cidrs: Bounded<Cidr>,
    #[serde(default)]
    ipv6_cidrs: Bounded<Cidr>,
}

#[derive(Deserialize)]
struct Cidr {
    cidr: Option<Network>,
}

pub(super) fn read(bytes: &[u8], rows: &mut Rows) -> Result<(), serde_json::Error> {
    let file: File = serde_json::from_slice(bytes)?;
    rows.published = file.updated.as_deref().and_then(parse_time);
    for region in file.regions.0 {
        for entry in region.cidrs.0.into_iter().chain(region.ipv6_cidrs.0) {
            rows.add(entry.cidr.and_then(|network| network.0));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::formats::Format;
    use crate::formats::testing::shown;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(Format::Oracle, text.as_bytes()), expected);
    }

    #[test]
    fn the_networks_of_all_regions_and_the_date() {
        check(
            r#"{"last_updated_timestamp": "2024-02-26T17:27:37.396190", "regions": [
                {"region": "af-johannesburg-1", "cidrs": [
                  {"cidr": "84.8.64.0/20", "tags": ["OCI"]},
                  {"cidr": "129.151.32.0/21", "tags": ["OCI"]}]},
                {"region": "uk-london-1", "cidrs": [{"cidr": "134.70.56.0/21",
                  "tags": ["OSN", "OBJECT_STORAGE"]}],
                 "ipv6_cidrs": [{"cidr": "2603:c020::/40", "tags": ["OCI"]}]}]}"#,
            "84.8.64.0/20 129.151.32.0/21 134.70.56.0/21 2603:c020::/40 @2024-02-26T17:27:37",
        );
        check(r#"{"regions": [{"region": "x"}]}"#, "there is no network in it");
        check(r#"{"regions": 1}"#, "it is not the JSON that was expected");
    }
}

//! The networks of Azure, `ServiceTags_Public_<date>.json`.
//!
//! Source: "Azure IP Ranges and Service Tags - Public Cloud", Microsoft's download 56519. Each
//! service has its networks, and `AzureCloud` has all of them once more.

use serde::Deserialize;

use super::Rows;
use super::json::{Bounded, Network};

#[derive(Deserialize)]
struct File {
    values: Bounded<Service>,
}

#[derive(Deserialize)]
struct Service {
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    #[serde(rename = "addressPrefixes", default)]
    prefixes: Bounded<Network>,
}

pub(super) fn read(bytes: &[u8], rows: &mut Rows) -> Result<(), serde_json::Error> {
    let file: File = serde_json::from_slice(bytes)?;
    for network in file.values.0.into_iter().flat_map(|service| service.properties.prefixes.0) {
        rows.add(network.0);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::formats::Format;
    use crate::formats::testing::shown;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(Format::Azure, text.as_bytes()), expected);
    }

    #[test]
    fn the_networks_of_all_services() {
        check(
            r#"{"changeNumber": 300, "cloud": "Public", "values": [
                {"name": "AzureContainerRegistry.AustraliaEast",
                 "id": "AzureContainerRegistry.AustraliaEast", "properties": {"changeNumber": 1,
                 "region": "australiaeast", "regionId": 3, "platform": "Azure",
                 "systemService": "AzureContainerRegistry",
                 "addressPrefixes": ["13.70.72.136/29", "2603:1010:6:402::8a0/125"],
                 "networkFeatures": ["API", "NSG"]}},
                {"name": "AzureCloud", "id": "AzureCloud", "properties": {
                 "addressPrefixes": ["13.70.72.136/29", "13.64.0.0/16"]}}]}"#,
            "13.64.0.0/16 13.70.72.136/29 2603:1010:6:402::8a0/125",
        );
        check(r#"{"values": [{"properties": {}}]}"#, "there is no network in it");
        check(r#"{"values": [{}]}"#, "it is not the JSON that was expected");
    }
}

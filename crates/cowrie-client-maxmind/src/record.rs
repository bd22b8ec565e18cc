//! The records of the files, as far as they are used, and the facts in them.

use chrono::{DateTime, Utc};
use cowrie_core::Asn;
use cowrie_enrichment::CountryCode;
use maxminddb::{LookupResult, MaxMindDbError};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::database_file::{Layout, Role};

/// What a file says of an address.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The facts, by their names in `enrichment`; empty when the file knows nothing.
    pub(crate) facts: Map<String, Value>,
    /// The longest prefix that the file has for the address.
    pub(crate) network: Option<String>,
    /// When the file was built.
    pub(crate) vintage: DateTime<Utc>,
}

type Found<'a> = LookupResult<'a, Vec<u8>>;
type Facts = Map<String, Value>;

/// Decodes the facts of one role.
pub(crate) fn facts(
    role: Role,
    layout: Layout,
    found: &Found<'_>,
) -> Result<Facts, MaxMindDbError> {
    Ok(match (role, layout) {
        (Role::Place, Layout::IpInfo) => {
            found.decode::<IpInfoRecord<'_>>()?.map(IpInfoRecord::place)
        }
        (Role::Network, Layout::IpInfo) => {
            found.decode::<IpInfoRecord<'_>>()?.map(IpInfoRecord::network)
        }
        (Role::Place, _) => found.decode::<PlaceRecord<'_>>()?.map(PlaceRecord::facts),
        (Role::Network, _) => found.decode::<NetworkRecord<'_>>()?.map(NetworkRecord::facts),
    }
    .unwrap_or_default())
}

/// The prefix as text; `None` for an IPv4 address in a database without IPv4 networks, whose
/// prefix would be an IPv6 one.
pub(crate) fn network(found: &Found<'_>, is_v4: bool) -> Result<Option<String>, MaxMindDbError> {
    let network = found.network()?;
    Ok((network.is_ipv4() == is_v4).then(|| network.to_string()))
}

/// A record of a City or Country file.
///
/// `registered_country` is left out on purpose: it says where the block is registered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PlaceRecord<'a> {
    #[serde(borrow)]
    country: CountryRecord<'a>,
    #[serde(borrow)]
    city: CityRecord<'a>,
    location: LocationRecord,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CountryRecord<'a> {
    iso_code: Option<&'a str>,
    #[serde(borrow)]
    names: Names<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CityRecord<'a> {
    #[serde(borrow)]
    names: Names<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Names<'a> {
    en: Option<&'a str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LocationRecord {
    latitude: Option<f64>,
    longitude: Option<f64>,
    accuracy_radius: Option<u16>,
}

/// A record of an ASN or ISP file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NetworkRecord<'a> {
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<&'a str>,
}

/// A record of an `IPinfo` file, where everything is text.
///
/// `IPinfo Lite` has the code in `country_code` and the name in `country`; the older free file has
/// the code in `country` and the name in `country_name`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct IpInfoRecord<'a> {
    country: Option<&'a str>,
    country_code: Option<&'a str>,
    country_name: Option<&'a str>,
    asn: Option<&'a str>,
    as_name: Option<&'a str>,
}

impl PlaceRecord<'_> {
    fn facts(self) -> Facts {
        let LocationRecord { latitude, longitude, accuracy_radius } = self.location;
        collect([
            ("country", code(self.country.iso_code)),
            ("country_name", text(self.country.names.en)),
            ("city", text(self.city.names.en)),
            ("latitude", degrees(latitude, 90.0)),
            ("longitude", degrees(longitude, 180.0)),
            ("accuracy_radius", accuracy_radius.map(Value::from)),
        ])
    }
}

impl NetworkRecord<'_> {
    fn facts(self) -> Facts {
        let asn = self.autonomous_system_number.and_then(|number| number_of(number.into()));
        collect([("asn", asn), ("asn_org", text(self.autonomous_system_organization))])
    }
}

impl IpInfoRecord<'_> {
    fn place(self) -> Facts {
        let (country, name) = match self.country_code {
            Some(country_code) => (Some(country_code), self.country),
            None => (self.country, self.country_name),
        };
        collect([("country", code(country)), ("country_name", text(name))])
    }

    fn network(self) -> Facts {
        let asn = self.asn.and_then(|asn| asn.parse().ok()).map(|asn: Asn| asn.as_i64().into());
        collect([("asn", asn), ("asn_org", text(self.as_name))])
    }
}

fn collect<const N: usize>(facts: [(&str, Option<Value>); N]) -> Facts {
    facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn code(text: Option<&str>) -> Option<Value> {
    text.and_then(CountryCode::parse).map(|code| code.as_str().into())
}

fn number_of(number: i64) -> Option<Value> {
    Asn::try_from(number).ok().map(|asn| asn.as_i64().into())
}

fn text(text: Option<&str>) -> Option<Value> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(Value::from)
}

/// Degrees, when they are a number within the limit.
fn degrees(degrees: Option<f64>, limit: f64) -> Option<Value> {
    degrees.filter(|degrees| (-limit..=limit).contains(degrees)).map(Value::from)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_country_is_where_the_host_is_not_where_the_block_is_registered() {
        let record =
            r#"{"registered_country": {"iso_code": "US"}, "location": {"latitude": 91.0}}"#;
        let record: PlaceRecord<'_> = serde_json::from_str(record).unwrap();
        assert_eq!(record.facts(), Map::new());
    }

    #[test]
    fn codes_and_numbers_that_mean_nothing_are_left_out() {
        let record = r#"{"country": {"iso_code": "a1", "names": {"en": " "}}}"#;
        assert_eq!(serde_json::from_str::<PlaceRecord<'_>>(record).unwrap().facts(), Map::new());
        let record = r#"{"autonomous_system_number": 0}"#;
        assert_eq!(serde_json::from_str::<NetworkRecord<'_>>(record).unwrap().facts(), Map::new());
    }

    #[track_caller]
    fn check_ipinfo(record: &str, place: &Value, network: &Value) {
        let read = || serde_json::from_str::<IpInfoRecord<'_>>(record).unwrap();
        assert_eq!(Value::Object(read().place()), *place);
        assert_eq!(Value::Object(read().network()), *network);
    }

    #[test]
    fn flat_records_hold_country_and_as() {
        let lite =
            r#"{"country": "Canada", "country_code": "CA", "asn": "AS174", "as_name": "Cogent"}"#;
        let network = json!({"asn": 174, "asn_org": "Cogent"});
        check_ipinfo(lite, &json!({"country": "CA", "country_name": "Canada"}), &network);
        let older = r#"{"country": "JP", "country_name": "Japan", "asn": "", "as_name": ""}"#;
        check_ipinfo(older, &json!({"country": "JP", "country_name": "Japan"}), &json!({}));
    }
}

//! What the legacy client kept.

use cowrie_core::parse_address;
use cowrie_enrichment::Outcome;
use serde_json::Value;

use crate::network::Network;
use crate::wire::Fields;

/// The facts in an answer that the legacy Python client cached; `None` when it cannot be used.
///
/// It wrote an object with `ip_address`, `asn`, `asn_org`, `country_code`, `registry`, `prefix`
/// and `allocation_date`, and never kept that nothing is known. Its answers by DNS belong to the
/// address backwards: an answer whose prefix does not hold its address is of no use, and neither
/// is one that can be checked by nothing, having no name either.
pub fn from_legacy_cache(value: Value) -> Option<Outcome> {
    let Value::Object(kept) = value else { return None };
    let text = |name| kept.get(name).and_then(Value::as_str).unwrap_or_default();
    let asns = match kept.get("asn")? {
        Value::Number(number) => number.to_string(),
        Value::String(number) => number.clone(),
        _ => return None,
    };
    let allocated = text("allocation_date");
    let origin = Fields {
        asns: &asns,
        prefix: text("prefix"),
        country: text("country_code"),
        registry: text("registry"),
        // Perhaps with a time behind it.
        allocated: allocated.get(..10).unwrap_or(allocated),
        asn_org: text("asn_org"),
    }
    .read()?;
    let is_its_own = match (origin.prefix, parse_address(text("ip_address"))) {
        (Some(prefix), Some(address)) => prefix.contains(&address),
        _ => origin.asn_org.is_some(),
    };
    let network = is_its_own.then(|| Network::choose(&[origin]))?;
    network.and_then(Network::into_data).map(Outcome::Found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(kept: Value, expected: Option<&Value>) {
        let facts = from_legacy_cache(kept).map(|outcome| {
            let Outcome::Found(data) = outcome else { panic!("{outcome:?}") };
            Value::Object(data.as_map().clone())
        });
        assert_eq!(facts.as_ref(), expected);
    }

    fn google(ip_address: &str) -> Value {
        json!({
            "ip_address": ip_address, "asn": 15169, "asn_org": "GOOGLE, US", "country_code": "US",
            "registry": "arin", "prefix": "8.8.8.0/24", "allocation_date": "1992-12-01",
            "source": "cymru", "cached_at": "2025-10-01T00:00:00+00:00", "ttl_days": 90,
        })
    }

    #[test]
    fn an_answer_is_translated() {
        let facts = json!({
            "asn": 15169, "asn_org": "GOOGLE, US", "country": "US", "registry": "arin",
            "prefix": "8.8.8.0/24", "allocated": "1992-12-01",
        });
        check(google("8.8.8.8"), Some(&facts));
        check(
            json!({"asn": "15169", "asn_org": "G"}),
            Some(&json!({"asn": 15169, "asn_org": "G"})),
        );
        let kept = json!({
            "ip_address": "8.8.8.8", "asn": 15169, "asn_org": null, "country_code": null,
            "registry": "", "prefix": "8.8.8.0/24", "allocation_date": "1992-12-01T00:00:00",
        });
        let facts = json!({"asn": 15169, "prefix": "8.8.8.0/24", "allocated": "1992-12-01"});
        check(kept, Some(&facts));
    }

    #[test]
    fn an_answer_about_another_address_is_of_no_use() {
        check(google("8.8.4.4"), None);
        check(json!({"asn": 15169, "asn_org": null, "prefix": "8.8.8.0/24"}), None);
        check(json!({"ip_address": "8.8.8.8", "asn": 15169, "country_code": "US"}), None);
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for kept in [
            json!(null),
            json!([]),
            json!({}),
            json!({"asn_org": "GOOGLE, US"}),
            json!({"asn": null, "asn_org": "GOOGLE, US"}),
            json!({"asn": 0, "asn_org": "GOOGLE, US"}),
            json!({"asn": 1.5, "asn_org": "GOOGLE, US"}),
            json!({"asn": "NA", "asn_org": "GOOGLE, US"}),
            json!({"asn": [15169], "asn_org": "GOOGLE, US"}),
        ] {
            check(kept, None);
        }
    }
}

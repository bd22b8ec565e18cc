//! The facts of an address, out of all that was said of it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use cowrie_core::Asn;
use cowrie_enrichment::Data;
use serde_json::{Map, Value};

use crate::wire::Origin;

/// The network that an address belongs to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Network {
    /// The lowest number that announces the longest prefix.
    pub(crate) asn: Asn,
    /// Every number that was named.
    asns: BTreeSet<Asn>,
    /// The line or record that `asn` is from, with a name only if it is that of `asn`.
    pub(crate) origin: Origin,
}

impl Network {
    /// The network that traffic to the address goes to; `None` when nobody announces one.
    ///
    /// The longest prefix wins, as in routing: a shorter one around it belongs to an upstream.
    /// Where several numbers announce it, the lowest comes first, so that the order of the lines
    /// does not matter.
    pub(crate) fn choose(origins: &[Origin]) -> Option<Self> {
        let lowest = |origin: &Origin| origin.asns.iter().min().copied();
        let announced = origins.iter().filter_map(|origin| Some((lowest(origin)?, origin)));
        let (asn, origin) = announced.max_by_key(|(asn, origin)| {
            let name_is_known = origin.asns.first() == Some(asn) && origin.asn_org.is_some();
            let length = origin.prefix.map(|prefix| prefix.prefix_len());
            // The whole line at last, so that only what was said decides.
            (length, Reverse(*asn), name_is_known, *origin)
        })?;
        let mut origin = origin.clone();
        if origin.asns.first() != Some(&asn) {
            origin.asn_org = None;
        }
        let asns = origins.iter().flat_map(|origin| origin.asns.iter().copied()).collect();
        Some(Self { asn, asns, origin })
    }

    /// The facts by their names in `enrichment`; there always are some.
    pub(crate) fn into_data(self) -> Option<Data> {
        let Origin { asns: _, prefix, country, registry, allocated, asn_org } = self.origin;
        let several = (self.asns.len() > 1)
            .then(|| self.asns.iter().map(|asn| Value::from(asn.as_i64())).collect::<Vec<_>>());
        let facts = [
            ("asn", Some(self.asn.as_i64().into())),
            ("asns", several.map(Value::from)),
            ("asn_org", asn_org.map(Value::from)),
            ("country", country.map(|country| country.as_str().into())),
            ("registry", registry.map(Value::from)),
            ("prefix", prefix.map(|prefix| prefix.to_string().into())),
            ("allocated", allocated.map(|day| day.to_string().into())),
        ];
        let known = facts.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), fact?)));
        Data::new(known.collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::whois_row;

    #[track_caller]
    fn check(lines: &[&str], expected: Option<&Value>) {
        let origins: Vec<_> = lines.iter().map(|line| whois_row(line).unwrap().1).collect();
        let backwards: Vec<_> = origins.iter().rev().cloned().collect();
        for origins in [origins, backwards] {
            let data = Network::choose(&origins).and_then(Network::into_data);
            let data = data.map(|data| Value::Object(data.as_map().clone()));
            assert_eq!(data.as_ref(), expected);
        }
    }

    #[test]
    fn one_line_gives_all_facts() {
        check(
            &["15169 | 8.8.8.8 | 8.8.8.0/24 | US | arin | 1992-12-01 | GOOGLE, US"],
            Some(&json!({
                "asn": 15169, "asn_org": "GOOGLE, US", "country": "US", "registry": "arin",
                "prefix": "8.8.8.0/24", "allocated": "1992-12-01",
            })),
        );
        check(&["1|8.8.8.8|||||"], Some(&json!({"asn": 1})));
    }

    #[test]
    fn nobody_announces_it() {
        check(&[], None);
        check(&["NA | 8.8.8.8 | NA | US | arin | 1992-12-01 | NA"], None);
        check(&["NA|8.8.8.8|NA||||NA", "1|8.8.8.8|||||"], Some(&json!({"asn": 1})));
    }

    #[test]
    fn the_lowest_number_of_the_longest_prefix_comes_first() {
        check(
            &[
                "3356 | 8.8.8.8 | 8.0.0.0/9 | US | arin | 1992-12-01 | LEVEL3, US",
                "16509 | 8.8.8.8 | 8.8.8.0/24 | US | arin | 2006-01-01 | AMAZON-02, US",
                "15169 | 8.8.8.8 | 8.8.8.0/24 | DE | ripencc | 1992-12-02 | GOOGLE, US",
            ],
            Some(&json!({
                "asn": 15169, "asns": [3356, 15169, 16509], "asn_org": "GOOGLE, US",
                "country": "DE", "registry": "ripencc", "prefix": "8.8.8.0/24",
                "allocated": "1992-12-02",
            })),
        );
        check(
            &["1|8.8.8.8|||||A", "2|8.8.8.8|8.0.0.0/8||||B"],
            Some(&json!({"asn": 2, "asns": [1, 2], "asn_org": "B", "prefix": "8.0.0.0/8"})),
        );
    }

    #[test]
    fn a_name_is_kept_only_with_its_own_number() {
        check(
            &["5 9|8.8.8.8|||||FIVE"],
            Some(&json!({"asn": 5, "asns": [5, 9], "asn_org": "FIVE"})),
        );
        check(&["9 5|8.8.8.8|||||NINE"], Some(&json!({"asn": 5, "asns": [5, 9]})));
        check(
            &["9 5|8.8.8.8|||||NINE", "5|8.8.8.8|||||FIVE"],
            Some(&json!({"asn": 5, "asns": [5, 9], "asn_org": "FIVE"})),
        );
        check(
            &["5|8.8.8.8||US|||FIVE", "5|8.8.8.8||DE|||FIVE"],
            Some(&json!({"asn": 5, "asn_org": "FIVE", "country": "US"})),
        );
        check(&["5 5|8.8.8.8|||||FIVE"], Some(&json!({"asn": 5, "asn_org": "FIVE"})));
    }
}

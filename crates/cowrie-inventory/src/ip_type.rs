//! What kind of address it is.

use cowrie_enrichment::SourceName;
use serde_json::Value;

use crate::enrichment::Enrichment;

/// A kind of address, in rank: the first one that holds is the kind of a session's address.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum IpType {
    /// An exit of the Tor network.
    Tor,
    /// A virtual private network.
    Vpn,
    /// A proxy.
    Proxy,
    /// A cloud.
    Cloud,
    /// A data centre.
    Datacenter,
    /// A mobile network.
    Mobile,
    /// A home.
    Residential,
}

/// The paths in SPUR's data whose texts name kinds.
const SPUR_PATHS: [&str; 3] = ["/tunnels", "/infrastructure", "/client/types"];

impl IpType {
    /// All kinds, by rank.
    pub const ALL: [Self; 7] = [
        Self::Tor,
        Self::Vpn,
        Self::Proxy,
        Self::Cloud,
        Self::Datacenter,
        Self::Mobile,
        Self::Residential,
    ];

    /// The label that databases and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tor => "tor",
            Self::Vpn => "vpn",
            Self::Proxy => "proxy",
            Self::Cloud => "cloud",
            Self::Datacenter => "datacenter",
            Self::Mobile => "mobile",
            Self::Residential => "residential",
        }
    }

    /// The source that names this kind: the classification before SPUR.
    pub(crate) fn named_by(self, enrichment: &Enrichment) -> Option<SourceName> {
        let [by_lists, by_spur] = [SourceName::IpClassification, SourceName::Spur];
        let label = enrichment.data(by_lists).and_then(|data| data.get("ip_type"));
        if label.and_then(Value::as_str) == Some(self.name()) {
            return Some(by_lists);
        }
        self.is_in_spur(enrichment).then_some(by_spur)
    }

    /// Whether SPUR's data hold the kind as a quoted word in capitals.
    fn is_in_spur(self, enrichment: &Enrichment) -> bool {
        let Some(word) = self.spur_word() else { return false };
        let data = enrichment.data(SourceName::Spur);
        data.is_some_and(|data| {
            let texts = SPUR_PATHS.iter().filter_map(|path| at_path(data, path));
            texts.map(Value::to_string).any(|text| text.contains(word))
        })
    }

    fn spur_word(self) -> Option<&'static str> {
        match self {
            Self::Tor => Some("\"TOR\""),
            Self::Vpn => Some("\"VPN\""),
            Self::Proxy => Some("\"PROXY\""),
            Self::Cloud => None,
            Self::Datacenter => Some("\"DATACENTER\""),
            Self::Mobile => Some("\"MOBILE\""),
            Self::Residential => Some("\"RESIDENTIAL\""),
        }
    }
}

/// The kinds of an address, by rank, as the generated column `ip_types` lists them.
///
/// A kind holds when `ip_classification.ip_type` equals its label, or when the JSON text of
/// SPUR's `tunnels`, `infrastructure` or `client.types` contains its quoted word in capitals
/// (`"TOR"`, `"VPN"`, `"PROXY"`, `"DATACENTER"`, `"MOBILE"`, `"RESIDENTIAL"`; none for cloud).
pub fn ip_types(enrichment: &Enrichment) -> Vec<IpType> {
    IpType::ALL.into_iter().filter(|kind| kind.named_by(enrichment).is_some()).collect()
}

fn at_path<'a>(data: &'a serde_json::Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut steps = path.split('/').skip(1);
    let first = data.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, expected: &[&str]) {
        let enrichment = Enrichment::from_json(Some(document)).unwrap();
        let labels: Vec<_> = ip_types(&enrichment).into_iter().map(IpType::name).collect();
        assert_eq!(labels, expected, "{document}");
    }

    #[test]
    fn labels_come_from_classification_and_spur_in_rank() {
        check("{}", &[]);
        check(r#"{"ip_classification": {"ip_type": "cloud"}}"#, &["cloud"]);
        check(r#"{"ip_classification": {"ip_type": "unknown"}}"#, &[]);
        check(r#"{"ip_classification": {"ip_type": "TOR"}}"#, &[]);
        check(r#"{"spur": {"infrastructure": "DATACENTER"}}"#, &["datacenter"]);
        check(r#"{"spur": {"infrastructure": "datacenter"}}"#, &[]);
        check(r#"{"spur": {"tunnels": [{"operator": "X", "type": "VPN"}]}}"#, &["vpn"]);
        check(r#"{"spur": {"tunnels": [{"operator": "NORD_VPN"}]}}"#, &[]);
        check(r#"{"spur": {"client": {"types": ["DESKTOP", "MOBILE"]}}}"#, &["mobile"]);
        check(r#"{"spur": {"client": {"proxies": ["PROXY"]}, "risks": ["TOR"]}}"#, &[]);
        check(r#"{"spur": {"client": "MOBILE", "as": {"organization": "VPN"}}}"#, &[]);
        let several = r#"{"ip_classification": {"ip_type": "residential"}, "spur": {
            "tunnels": [{"type": "TOR"}, {"type": "PROXY"}], "infrastructure": "MOBILE"}}"#;
        check(several, &["tor", "proxy", "mobile", "residential"]);
        check(r#"{"greynoise": {"ip_type": "tor"}}"#, &[]);
    }

    #[test]
    fn rank_is_the_order_of_the_labels() {
        assert!(IpType::ALL.is_sorted());
    }
}

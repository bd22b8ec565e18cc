//! What is known of an address, over all sources.

use chrono::{DateTime, Utc};
use cowrie_core::Asn;
use cowrie_enrichment::{CountryCode, SourceName};
use serde_json::{Map, Value};

use crate::enrichment::{Enrichment, time_in};
use crate::ip_type::IpType;

/// A value, who says it, and of when it speaks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fact<T> {
    /// The value.
    pub value: T,
    /// The source that says it.
    ///
    /// A country that comes from Cymru is the one the registry gave the block to.
    pub source: SourceName,
    /// When the file behind it was built; `None` for a source that answers for the moment.
    pub vintage: Option<DateTime<Utc>>,
    /// When the source was asked.
    pub fetched_at: Option<DateTime<Utc>>,
}

/// The facts of an address, each from the source that ranks highest among those that know it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    /// The country: `MaxMind`, Cymru, `DShield`.
    pub country: Option<Fact<CountryCode>>,
    /// The AS: `MaxMind`, Cymru, `DShield`.
    pub asn: Option<Fact<Asn>>,
    /// The organisation of that AS: `MaxMind`, Cymru, `DShield`, except of one that names another AS.
    pub organization: Option<Fact<String>>,
    /// The regional registry in small letters: Cymru, `MaxMind`.
    pub registry: Option<Fact<String>>,
    /// The kind of address that ranks highest: classification, SPUR.
    pub ip_type: Option<Fact<IpType>>,
}

const BY_RANK: [SourceName; 3] = [SourceName::MaxMind, SourceName::Cymru, SourceName::DShield];

/// What is known of the address with this document.
///
/// A value that cannot be one (a country that is not two letters or says *unknown*, AS 0) counts
/// as not known, and the next source is asked for it.
pub fn facts(enrichment: &Enrichment) -> Facts {
    let country = first(enrichment, "country", &BY_RANK, |data, _| {
        CountryCode::parse(data.get("country")?.as_str()?)
    });
    let asn = first(enrichment, "asn", &BY_RANK, |data, _| asn_in(data));
    let chosen = asn.as_ref().map(|asn| asn.value);
    let organization = first(enrichment, "asn", &BY_RANK, |data, source| {
        let is_of_the_as = asn_in(data).is_none_or(|asn| Some(asn) == chosen);
        text_in(data, if source == SourceName::DShield { "as_name" } else { "asn_org" })
            .filter(|_| is_of_the_as)
    });
    let by_registry = [SourceName::Cymru, SourceName::MaxMind];
    let registry = first(enrichment, "asn", &by_registry, |data, _| {
        text_in(data, "registry").map(|registry| registry.to_ascii_lowercase())
    });
    Facts { country, asn, organization, registry, ip_type: ip_type(enrichment) }
}

impl<T> Fact<T> {
    /// Of when the value speaks: of the vintage, or of the moment the source was asked.
    pub fn as_of(&self) -> Option<DateTime<Utc>> {
        self.vintage.or(self.fetched_at)
    }

    fn new(value: T, fact: &str, source: SourceName, enrichment: &Enrichment) -> Self {
        let entry = enrichment.meta.get(source.name());
        let vintage = enrichment.vintage(source, fact);
        Self { value, source, vintage, fetched_at: entry.and_then(|e| time_in(e, "fetched_at")) }
    }
}

fn ip_type(enrichment: &Enrichment) -> Option<Fact<IpType>> {
    IpType::ALL.into_iter().find_map(|kind| {
        let source = kind.named_by(enrichment)?;
        Some(Fact::new(kind, "ip_type", source, enrichment))
    })
}

/// The value of the first source that knows one.
fn first<T>(
    enrichment: &Enrichment,
    fact: &str,
    sources: &[SourceName],
    read: impl Fn(&Map<String, Value>, SourceName) -> Option<T>,
) -> Option<Fact<T>> {
    sources.iter().find_map(|source| {
        let value = read(enrichment.data(*source)?, *source)?;
        Some(Fact::new(value, fact, *source, enrichment))
    })
}

/// The AS number, written as a number or as text.
fn asn_in(data: &Map<String, Value>) -> Option<Asn> {
    let asn = data.get("asn")?;
    let number = || asn.as_i64().and_then(|number| Asn::try_from(number).ok());
    let text = || asn.as_str().and_then(|text| text.parse().ok());
    number().or_else(text)
}

fn text_in(data: &Map<String, Value>, name: &str) -> Option<String> {
    let text = data.get(name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The facts in a line: each value and its source, `-` for what is not known.
    fn line(facts: &Facts) -> String {
        fn cell<T>(known: Option<&Fact<T>>, text: impl Fn(&T) -> String) -> String {
            let cell = known.map(|known| format!("{}/{}", text(&known.value), known.source));
            cell.unwrap_or_else(|| "-".to_owned())
        }
        [
            cell(facts.country.as_ref(), ToString::to_string),
            cell(facts.asn.as_ref(), ToString::to_string),
            cell(facts.organization.as_ref(), String::clone),
            cell(facts.registry.as_ref(), String::clone),
            cell(facts.ip_type.as_ref(), |kind| kind.name().to_owned()),
        ]
        .join(" ")
    }

    #[track_caller]
    fn check(document: &str, expected: &str) {
        let enrichment = Enrichment::from_json(Some(document)).unwrap();
        assert_eq!(line(&facts(&enrichment)), expected, "{document}");
    }

    #[test]
    fn the_highest_source_that_knows_wins() {
        check("{}", "- - - - -");
        check(
            r#"{"maxmind": {"country": "SE", "asn": 1, "asn_org": "A"},
                "cymru": {"country": "NO", "asn": 2, "asn_org": "B", "registry": "RIPENCC"},
                "dshield": {"country": "DK", "asn": 3, "as_name": "C"}}"#,
            "SE/maxmind AS1/maxmind A/maxmind ripencc/cymru -",
        );
        check(
            r#"{"maxmind": {"city": "X"}, "dshield": {"country": "dk", "asn": "3", "as_name": "C"},
                "cymru": {"country": "", "asn": 0}}"#,
            "DK/dshield AS3/dshield C/dshield - -",
        );
        check(r#"{"maxmind": {"country": "XX"}, "cymru": {"country": "US"}}"#, "US/cymru - - - -");
        check(r#"{"greynoise": {"country": "US", "asn": 1, "name": "N"}}"#, "- - - - -");
        check(r#"{"cymru": {"asn": 4294967296}, "dshield": {"asn": -1}}"#, "- - - - -");
    }

    #[test]
    fn an_organisation_belongs_to_the_as() {
        let other = r#"{"maxmind": {"asn": 1}, "cymru": {"asn": 2, "asn_org": "B"},
            "dshield": {"asn": 1, "as_name": "C"}}"#;
        check(other, "- AS1/maxmind C/dshield - -");
        check(r#"{"maxmind": {"asn": 1}, "cymru": {"asn_org": "B"}}"#, "- AS1/maxmind B/cymru - -");
    }

    #[test]
    fn the_kind_names_the_source_that_said_it() {
        let lists = r#""ip_classification": {"ip_type": "datacenter"}"#;
        check(&format!("{{{lists}}}"), "- - - - datacenter/ip_classification");
        let vpn = format!(r#"{{{lists}, "spur": {{"tunnels": [{{"type": "VPN"}}]}}}}"#);
        check(&vpn, "- - - - vpn/spur");
    }

    #[test]
    fn each_fact_has_its_own_vintage() {
        let document = r#"{"maxmind": {"country": "SE", "asn": 1}, "_meta": {"maxmind": {
            "status": "ok", "fetched_at": "2026-05-01T00:00:00.000000+00:00",
            "vintage": "2026-01-01T00:00:00.000000+00:00",
            "vintages": {"asn": "2026-02-01T00:00:00.000000+00:00"}}}}"#;
        let facts = facts(&Enrichment::from_json(Some(document)).unwrap());
        let day = |time: Option<DateTime<Utc>>| time.unwrap().date_naive().to_string();
        assert_eq!(day(facts.country.unwrap().vintage), "2026-01-01");
        assert_eq!(day(facts.asn.unwrap().as_of()), "2026-02-01");
    }
}

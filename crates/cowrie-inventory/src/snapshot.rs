//! What a session keeps of its address.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use cowrie_core::{Asn, format_time};
use cowrie_enrichment::{CountryCode, VINTAGE_TOLERANCE};

use crate::enrichment::Enrichment;
use crate::facts::{Fact, Facts, facts};
use crate::ip_type::IpType;

/// How near to the attack a snapshot value is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Basis {
    /// The knowledge dates from within 14 days of the attack.
    AsOfAttack,
    /// The knowledge is the one at hand when the session was loaded.
    AtLoad,
    /// The address was not known at load, and the value came later.
    Backfilled,
}

impl Basis {
    /// The word that databases keep.
    pub fn name(self) -> &'static str {
        match self {
            Self::AsOfAttack => "as_of_attack",
            Self::AtLoad => "at_load",
            Self::Backfilled => "backfilled",
        }
    }
}

/// The columns of a session's snapshot; written once, each where it is still NULL.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Snapshot {
    /// `snapshot_asn`.
    pub asn: Option<Asn>,
    /// The organisation behind that AS, for the inventory of ASes.
    pub organization: Option<Arc<str>>,
    /// `snapshot_country`.
    pub country: Option<CountryCode>,
    /// `snapshot_ip_type`.
    pub ip_type: Option<IpType>,
    /// `snapshot_basis`: that of the first value known, in the order above.
    pub basis: Option<Basis>,
    /// `snapshot_at`: when the values were cut; `None` when there is none.
    pub at: Option<DateTime<Utc>>,
    /// `enrichment`: the document of the address as JSON, with the origin of each value in
    /// `_meta.snapshot`; `None` when it holds nothing.
    pub enrichment: Option<String>,
}

/// What is known of an address, ready for the snapshots of all its sessions.
///
/// An address has many sessions, and their snapshots differ in little: the facts are worked out,
/// and the document is written, once.
#[derive(Clone, Debug)]
pub struct Known {
    facts: Facts,
    organization: Option<Arc<str>>,
    /// The document as text, in front of `_meta.snapshot` and behind it.
    pieces: (String, String),
    /// The document as text without `_meta.snapshot`.
    plain: Option<String>,
}

impl Known {
    /// What a document says.
    pub fn of(enrichment: &Enrichment) -> Self {
        let facts = facts(enrichment);
        let organization = facts.organization.as_ref().map(|fact| fact.value.as_str().into());
        Self {
            facts,
            organization,
            pieces: enrichment.around_snapshot(),
            plain: enrichment.without_snapshot(),
        }
    }

    /// The facts in the document.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Cuts the snapshot of a session.
    ///
    /// A value counts as of the attack when its vintage - or, from a source that answers for the
    /// moment, the time it was asked - lies within [`VINTAGE_TOLERANCE`] of `session_time`. With
    /// `backfilled` every value is backfilled: the session was loaded before it was known.
    pub fn cut(
        &self,
        session_time: DateTime<Utc>,
        now: DateTime<Utc>,
        backfilled: bool,
    ) -> Snapshot {
        let Facts { asn, country, ip_type, .. } = &self.facts;
        let basis = |as_of| basis(as_of, session_time, backfilled);
        let mut origins = Origins { at: format_time(now), first: None, json: String::new() };
        // In the order of the names: keys are sorted.
        origins.add("asn", asn.as_ref(), basis);
        origins.add("country", country.as_ref(), basis);
        origins.add("ip_type", ip_type.as_ref(), basis);
        let Origins { first, json, .. } = origins;
        let (before, after) = &self.pieces;
        let with_origins = || [before.as_str(), r#""snapshot":{"#, &json, "}", after].concat();
        Snapshot {
            asn: asn.as_ref().map(|fact| fact.value),
            organization: self.organization.clone().filter(|_| asn.is_some()),
            country: country.as_ref().map(|fact| fact.value),
            ip_type: ip_type.as_ref().map(|fact| fact.value),
            basis: first,
            at: first.map(|_| now),
            enrichment: first.map(|_| with_origins()).or_else(|| self.plain.clone()),
        }
    }
}

/// Where the values of a snapshot come from, as the members of a JSON object.
struct Origins {
    at: String,
    first: Option<Basis>,
    json: String,
}

impl Origins {
    fn add<T>(
        &mut self,
        column: &str,
        fact: Option<&Fact<T>>,
        basis: impl Fn(Option<DateTime<Utc>>) -> Basis,
    ) {
        let Some(fact) = fact else { return };
        let basis = basis(fact.as_of());
        if self.first.is_some() {
            self.json.push(',');
        }
        self.first.get_or_insert(basis);
        // Names of columns, bases and sources are plain words, as times are.
        let words = ["\"", column, "\":{\"at\":\"", &self.at, "\",\"basis\":\"", basis.name()];
        self.json.extend(words);
        self.json.extend(["\",\"source\":\"", fact.source.name(), "\""]);
        if let Some(vintage) = fact.vintage {
            self.json.extend([",\"vintage\":\"", &format_time(vintage), "\""]);
        }
        self.json.push('}');
    }
}

fn basis(as_of: Option<DateTime<Utc>>, session_time: DateTime<Utc>, backfilled: bool) -> Basis {
    let distance = as_of.map(|as_of| (as_of - session_time).abs());
    match distance {
        _ if backfilled => Basis::Backfilled,
        Some(distance) if distance <= VINTAGE_TOLERANCE => Basis::AsOfAttack,
        Some(_) | None => Basis::AtLoad,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const ADDRESS: &str = r#"{
        "maxmind": {"asn": 64500, "country": "SE"}, "ip_classification": {"ip_type": "cloud"},
        "_meta": {
            "maxmind": {"status": "ok", "fetched_at": "2026-05-01T00:00:00.000000+00:00",
                "vintage": "2026-02-01T00:00:00.000000+00:00",
                "vintages": {"asn": "2026-02-20T00:00:00.000000+00:00",
                             "country": "2026-02-01T00:00:00.000000+00:00"}},
            "ip_classification": {"status": "ok",
                "fetched_at": "2026-05-01T00:00:00.000000+00:00"}}}"#;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn origins_in(snapshot: &Snapshot) -> Value {
        let document: Value =
            serde_json::from_str(snapshot.enrichment.as_deref().unwrap()).unwrap();
        document["_meta"]["snapshot"].clone()
    }

    #[track_caller]
    fn check(session: &str, backfilled: bool, expected: [&str; 3]) {
        let address = Enrichment::from_json(Some(ADDRESS)).unwrap();
        let now = time("2026-05-02T00:00:00Z");
        let snapshot = Known::of(&address).cut(time(session), now, backfilled);
        let origins = origins_in(&snapshot);
        let bases = ["asn", "country", "ip_type"].map(|name| origins[name]["basis"].as_str());
        assert_eq!(bases, expected.map(Some), "{session}");
        assert_eq!(snapshot.basis.map(Basis::name), Some(expected[0]));
        assert_eq!(snapshot.at, Some(now));
    }

    #[test]
    fn each_value_has_its_own_basis() {
        check("2026-02-10T00:00:00Z", false, ["as_of_attack", "as_of_attack", "at_load"]);
        check("2026-03-06T00:00:00Z", false, ["as_of_attack", "at_load", "at_load"]);
        check("2026-03-06T00:00:01Z", false, ["at_load", "at_load", "at_load"]);
        check("2026-04-20T00:00:00Z", false, ["at_load", "at_load", "as_of_attack"]);
        check("2026-02-10T00:00:00Z", true, ["backfilled", "backfilled", "backfilled"]);
    }

    #[test]
    fn the_origin_of_each_value_stands_in_the_document() {
        let address = Enrichment::from_json(Some(ADDRESS)).unwrap();
        let at = time("2026-02-20T00:00:00Z");
        let snapshot = Known::of(&address).cut(at, at, false);
        let origin = &origins_in(&snapshot)["asn"];
        let stamp = "2026-02-20T00:00:00.000000+00:00";
        let expected = serde_json::json!(
            {"basis": "as_of_attack", "source": "maxmind", "at": stamp, "vintage": stamp});
        assert_eq!(*origin, expected);
        assert_eq!(snapshot.asn.map(Asn::as_i64), Some(64500));
        assert_eq!(snapshot.country, CountryCode::parse("SE"));
        assert_eq!(snapshot.ip_type, Some(IpType::Cloud));
    }

    #[test]
    fn where_nothing_is_known_nothing_is_claimed() {
        let at = time("2026-02-20T00:00:00Z");
        let nothing = Known::of(&Enrichment::default());
        assert_eq!(nothing.cut(at, at, false), Snapshot::default());
        let bogon = r#"{"validation": {"is_bogon": true, "kind": "private"}}"#;
        let bogon = Enrichment::from_json(Some(bogon)).unwrap();
        let expected = Snapshot { enrichment: bogon.to_json(), ..Snapshot::default() };
        assert_eq!(Known::of(&bogon).cut(at, at, true), expected);
    }
}

//! What a session keeps of its address.

use chrono::{DateTime, Utc};
use cowrie_core::{Asn, format_time};
use cowrie_enrichment::{CountryCode, VINTAGE_TOLERANCE};
use serde_json::{Map, Value};

use crate::enrichment::{Enrichment, SNAPSHOT};
use crate::facts::{Known, facts};
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// `snapshot_asn`.
    pub asn: Option<Asn>,
    /// `snapshot_country`.
    pub country: Option<CountryCode>,
    /// `snapshot_ip_type`.
    pub ip_type: Option<IpType>,
    /// `snapshot_basis`: that of the first value known, in the order above.
    pub basis: Option<Basis>,
    /// `snapshot_at`: when the values were cut; `None` when there is none.
    pub at: Option<DateTime<Utc>>,
    /// The document of the address, with the origin of each value in `_meta.snapshot`.
    pub enrichment: Enrichment,
}

/// Cuts the snapshot of a session from the document of its address.
///
/// A value counts as of the attack when its vintage - or, from a source that answers for the
/// moment, the time it was asked - lies within [`VINTAGE_TOLERANCE`] of `session_time`. With
/// `backfilled` every value is backfilled: the session was loaded before it was known.
pub fn cut(
    enrichment: &Enrichment,
    session_time: DateTime<Utc>,
    now: DateTime<Utc>,
    backfilled: bool,
) -> Snapshot {
    let known = facts(enrichment);
    let mut origins = Origins { session_time, now, backfilled, first: None, entries: Map::new() };
    let asn = origins.take("asn", known.asn);
    let country = origins.take("country", known.country);
    let ip_type = origins.take("ip_type", known.ip_type);
    let mut enrichment = enrichment.clone();
    enrichment.meta.remove(SNAPSHOT);
    if !origins.entries.is_empty() {
        enrichment.meta.insert(SNAPSHOT.to_owned(), origins.entries);
    }
    let at = origins.first.map(|_| now);
    Snapshot { asn, country, ip_type, basis: origins.first, at, enrichment }
}

/// Where the values of a snapshot come from, as they are taken.
struct Origins {
    session_time: DateTime<Utc>,
    now: DateTime<Utc>,
    backfilled: bool,
    first: Option<Basis>,
    entries: Map<String, Value>,
}

impl Origins {
    fn take<T>(&mut self, column: &str, known: Option<Known<T>>) -> Option<T> {
        let known = known?;
        let basis = self.basis(known.as_of());
        self.first.get_or_insert(basis);
        let mut entry = Map::new();
        entry.insert("basis".to_owned(), basis.name().into());
        entry.insert("source".to_owned(), known.source.name().into());
        entry.insert("at".to_owned(), format_time(self.now).into());
        entry.extend(known.vintage.map(|time| ("vintage".to_owned(), format_time(time).into())));
        self.entries.insert(column.to_owned(), entry.into());
        Some(known.value)
    }

    fn basis(&self, as_of: Option<DateTime<Utc>>) -> Basis {
        let distance = as_of.map(|as_of| (as_of - self.session_time).abs());
        match distance {
            _ if self.backfilled => Basis::Backfilled,
            Some(distance) if distance <= VINTAGE_TOLERANCE => Basis::AsOfAttack,
            Some(_) | None => Basis::AtLoad,
        }
    }
}

#[cfg(test)]
mod tests {
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

    #[track_caller]
    fn check(session: &str, backfilled: bool, expected: [&str; 3]) {
        let address = Enrichment::from_json(Some(ADDRESS)).unwrap();
        let now = time("2026-05-02T00:00:00Z");
        let snapshot = cut(&address, time(session), now, backfilled);
        let origins = &snapshot.enrichment.meta[SNAPSHOT];
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
        let snapshot = cut(&address, at, at, false);
        let origin = &snapshot.enrichment.meta[SNAPSHOT]["asn"];
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
        assert_eq!(cut(&Enrichment::default(), at, at, false), Snapshot::default());
        let bogon = r#"{"validation": {"is_bogon": true, "kind": "private"}}"#;
        let bogon = Enrichment::from_json(Some(bogon)).unwrap();
        let expected = Snapshot { enrichment: bogon.clone(), ..Snapshot::default() };
        assert_eq!(cut(&bogon, at, at, true), expected);
    }
}

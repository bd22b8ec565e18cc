//! Laws that hold for every document and every answer.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_enrichment::{Answer, Outcome, Remedy, SourceName};
use cowrie_inventory::{Enrichment, Known, Snapshot, facts, ip_types};
use proptest::prelude::*;
use serde_json::{Map, Value};

fn a_time() -> impl Strategy<Value = DateTime<Utc>> {
    let start: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    (0_i64..60).prop_map(move |days| start + TimeDelta::days(days))
}

fn a_source() -> impl Strategy<Value = SourceName> {
    prop::sample::select(SourceName::ALL.to_vec())
}

fn some_facts() -> impl Strategy<Value = Map<String, Value>> {
    let name = prop::sample::select(vec![
        "country",
        "asn",
        "asn_org",
        "as_name",
        "registry",
        "ip_type",
        "infrastructure",
        "tunnels",
    ]);
    let value = prop_oneof![
        Just(Value::Null),
        (-1_i64..5).prop_map(Value::from),
        (-180.0..180.0).prop_map(|degrees: f64| Value::from(degrees)),
        prop::sample::select(vec!["SE", "xx", "AS7", "tor", "VPN", "a\u{0}b", ""])
            .prop_map(Value::from),
        Just(serde_json::json!([{"type": "PROXY", "a": 1}])),
    ];
    prop::collection::btree_map(name.prop_map(str::to_owned), value, 0..4)
        .prop_map(|facts| facts.into_iter().collect())
}

fn an_outcome() -> impl Strategy<Value = Outcome> {
    let remedy = prop::sample::select(vec![Remedy::TryAgain, Remedy::Wait(Duration::from_secs(1))]);
    prop_oneof![
        3 => some_facts().prop_map(Outcome::found),
        1 => Just(Outcome::NotFound),
        1 => Just(Outcome::skipped("not needed")),
        1 => remedy.prop_map(|remedy| Outcome::Failed { reason: "why".to_owned(), remedy }),
        1 => prop::option::of(a_time()).prop_map(|until| Outcome::Quota { until }),
    ]
}

fn an_answer() -> impl Strategy<Value = Answer> {
    let times =
        (prop::option::of(a_time()), prop::option::of(a_time()), prop::option::of(a_time()));
    (an_outcome(), times).prop_map(|(outcome, (vintage, of_asn, expires_at))| {
        let vintages = of_asn.map(|time| BTreeMap::from([("asn", time)])).unwrap_or_default();
        Answer { outcome, vintage, vintages, expires_at }
    })
}

/// A document as records make it, of a session when it was cut from one.
fn a_document() -> impl Strategy<Value = Enrichment> {
    let record = (a_source(), an_answer(), a_time());
    let cut_at = prop::option::of((a_time(), any::<bool>()));
    (prop::collection::vec(record, 0..12), cut_at).prop_map(|(records, cut_at)| {
        let mut document = Enrichment::default();
        for (source, answer, now) in &records {
            document.record(*source, answer, *now);
        }
        match cut_at {
            Some((at, backfilled)) => document_of(&Known::of(&document).cut(at, at, backfilled)),
            None => document,
        }
    })
}

fn without_origins(document: &Enrichment) -> Value {
    let text = document.to_json();
    let mut value = text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
    if let Some(meta) = value.get_mut("_meta").and_then(Value::as_object_mut) {
        meta.remove("snapshot");
    }
    value
}

fn document_of(snapshot: &Snapshot) -> Enrichment {
    Enrichment::from_json(snapshot.enrichment.as_deref()).unwrap()
}

/// Two lots of records about sources of which none is in both.
fn disjoint() -> impl Strategy<Value = (Vec<SourceName>, Vec<SourceName>)> {
    prop::collection::vec(any::<bool>(), SourceName::ALL.len()).prop_map(|picks| {
        let (left, right): (Vec<_>, Vec<_>) =
            SourceName::ALL.into_iter().zip(picks).partition(|(_, is_left)| *is_left);
        let names =
            |part: Vec<(SourceName, bool)>| part.into_iter().map(|(name, _)| name).collect();
        (names(left), names(right))
    })
}

fn completed(first: &Enrichment, newer: &Enrichment) -> Enrichment {
    let mut document = first.clone();
    document.complete_from(newer);
    document
}

proptest! {
    #[test]
    fn recording_the_same_answer_again_changes_nothing(
        document in a_document(), source in a_source(), answer in an_answer(), now in a_time(),
    ) {
        let mut once = document;
        once.record(source, &answer, now);
        let mut twice = once.clone();
        twice.record(source, &answer, now);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn recording_without_an_answer_never_loses_one(
        document in a_document(), source in a_source(), answer in an_answer(), now in a_time(),
    ) {
        let has_answer = matches!(answer.outcome, Outcome::Found(_) | Outcome::NotFound);
        let mut after = document.clone();
        after.record(source, &answer, now);
        if !has_answer && document.has_answered(source) {
            prop_assert_eq!(after.data(source), document.data(source));
            prop_assert_eq!(after.status(source), document.status(source));
        }
        for other in SourceName::ALL.into_iter().filter(|other| *other != source) {
            prop_assert_eq!(after.data(other), document.data(other));
        }
    }

    #[test]
    fn a_document_reads_back_as_the_same_bytes(document in a_document()) {
        let text = document.to_json();
        prop_assert_ne!(text.as_deref(), Some("{}"));
        prop_assert!(!text.as_deref().unwrap_or_default().contains("\\u0000"));
        let back = Enrichment::from_json(text.as_deref()).unwrap();
        prop_assert_eq!(back.to_json(), text);
        prop_assert_eq!(back, document);
    }

    #[test]
    fn completing_is_idempotent_and_never_changes_an_answer(
        session in a_document(), address in a_document(),
    ) {
        let once = completed(&session, &address);
        prop_assert_eq!(&completed(&once, &address), &once);
        let json = |document: &Enrichment| -> Value {
            document.to_json().map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
        };
        let (before, after) = (json(&session), json(&once));
        for source in SourceName::ALL.into_iter().filter(|source| session.has_answered(*source)) {
            prop_assert_eq!(&before[source.name()], &after[source.name()]);
            prop_assert_eq!(&before["_meta"][source.name()], &after["_meta"][source.name()]);
        }
        let origins = before["_meta"]["snapshot"].as_object();
        for (name, origin) in origins.into_iter().flatten() {
            prop_assert_eq!(&after["_meta"]["snapshot"][name], origin);
        }
        for source in SourceName::ALL {
            let either = session.has_answered(source) || address.has_answered(source);
            prop_assert_eq!(once.has_answered(source), either);
        }
    }

    #[test]
    fn completing_is_associative(
        first in a_document(), second in a_document(), third in a_document(),
    ) {
        let left = completed(&completed(&first, &second), &third);
        let right = completed(&first, &completed(&second, &third));
        prop_assert_eq!(left, right);
    }

    #[test]
    fn over_disjoint_sources_the_order_of_completing_is_free(
        (left, right) in disjoint(), answers in prop::collection::vec(an_answer(), 9), now in a_time(),
    ) {
        let document = |sources: &[SourceName]| {
            let mut document = Enrichment::default();
            for (source, answer) in sources.iter().zip(&answers) {
                document.record(*source, answer, now);
            }
            document
        };
        let (left, right) = (document(&left), document(&right));
        prop_assert_eq!(completed(&left, &right), completed(&right, &left));
    }

    #[test]
    fn a_snapshot_is_what_the_facts_say(
        document in a_document(), at in a_time(), now in a_time(), backfilled in any::<bool>(),
    ) {
        let snapshot = Known::of(&document).cut(at, now, backfilled);
        let known = facts(&document);
        prop_assert_eq!(snapshot.asn, known.asn.map(|asn| asn.value));
        prop_assert_eq!(snapshot.country, known.country.map(|country| country.value));
        prop_assert_eq!(snapshot.ip_type, ip_types(&document).first().copied());
        let has_value =
            snapshot.asn.is_some() || snapshot.country.is_some() || snapshot.ip_type.is_some();
        prop_assert_eq!(snapshot.basis.is_some(), has_value);
        prop_assert_eq!(snapshot.at, has_value.then_some(now));
        // Cutting again from what was cut gives the same.
        let cut = document_of(&snapshot);
        prop_assert_eq!(&Known::of(&cut).cut(at, now, backfilled), &snapshot);
        // Written in one way, and the document of the address but for the origins.
        prop_assert_eq!(&cut.to_json(), &snapshot.enrichment);
        prop_assert_eq!(without_origins(&cut), without_origins(&document));
    }

    #[test]
    fn kinds_are_listed_once_and_by_rank(document in a_document()) {
        let kinds = ip_types(&document);
        let distinct: BTreeSet<_> = kinds.iter().copied().collect();
        prop_assert_eq!(distinct.into_iter().collect::<Vec<_>>(), kinds);
    }

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,60}") {
        if let Ok(document) = Enrichment::from_json(Some(&text)) {
            prop_assert_ne!(document.to_json(), Some("{}".to_owned()));
        }
    }
}

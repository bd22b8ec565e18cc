//! From what DShield says to facts.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use cowrie_core::Asn;
use cowrie_enrichment::{CountryCode, Outcome};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::wire::{Ip, Listing};

/// How many characters of a text are kept.
const MAX_TEXT: usize = 200;

/// How many feeds are kept, the first by name. DShield has fewer.
const MAX_FEEDS: usize = 100;

/// The facts in a document, none of them when DShield knows nothing of the address.
///
/// `None` for a document that is not about an address: an error such as
/// `{"error": "bad IP address"}`, or one without any field that a real answer has.
pub(crate) fn facts(document: &Value) -> Option<Map<String, Value>> {
    let said = document.get("ip").filter(|ip| ip.is_object())?;
    let facts = facts_of(&Ip::deserialize(said).ok()?);
    // A real answer repeats the address and has counts, if only as `null`.
    let is_answer =
        !facts.is_empty() || said.get("number").is_some() || said.get("count").is_some();
    is_answer.then_some(facts)
}

/// What the legacy system kept in its cache of one address, as an outcome.
///
/// It kept the documents of the service unchanged, or in an older cache under `data` beside a time.
/// `None` for what it put in the place of an answer when it had none: an `ip` with nothing but an
/// empty `asname` and `ascountry`.
pub fn from_legacy_cache(value: Value) -> Option<Outcome> {
    let document = match value {
        Value::Object(mut map) if !map.contains_key("ip") => map.remove("data")?,
        other => other,
    };
    facts(&document).map(Outcome::found)
}

fn facts_of(said: &Ip) -> Map<String, Value> {
    let facts = [
        ("asn", asn(&said.as_number)),
        ("as_name", text(&said.asname).map(Value::from)),
        ("country", country(&said.ascountry)),
        ("count", number(&said.count)),
        ("attacks", number(&said.attacks)),
        ("max_risk", number(&said.maxrisk)),
        ("first_date", day(&said.mindate)),
        ("last_date", day(&said.maxdate)),
        ("threat_feeds", threat_feeds(&said.threatfeeds)),
    ];
    collect(facts)
}

/// The feeds that have the address, each with the days on which it had it first and last.
fn threat_feeds(feeds: &Value) -> Option<Value> {
    let by_name = feeds.as_object()?.iter().filter_map(|(name, listing)| {
        let days = Listing::deserialize(listing).unwrap_or_default();
        let days = [("first_seen", day(&days.firstseen)), ("last_seen", day(&days.lastseen))];
        Some((line(name)?, Value::Object(collect(days))))
    });
    // Sorted before it is cut, so that the same feeds are kept of the same answer.
    let by_name: BTreeMap<_, _> = by_name.collect();
    let kept: Map<_, _> = by_name.into_iter().take(MAX_FEEDS).collect();
    (!kept.is_empty()).then_some(Value::Object(kept))
}

fn collect<const N: usize>(facts: [(&str, Option<Value>); N]) -> Map<String, Value> {
    facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn asn(value: &Value) -> Option<Value> {
    let asn: Asn = match value {
        Value::String(text) => text.trim().parse().ok()?,
        _ => value.as_i64()?.try_into().ok()?,
    };
    Some(asn.as_i64().into())
}

fn country(value: &Value) -> Option<Value> {
    CountryCode::parse(value.as_str()?).map(|code| code.as_str().into())
}

/// A count that a `bigint` can hold.
fn number(value: &Value) -> Option<Value> {
    let number: i64 = match value {
        Value::String(text) => text.trim().parse().ok()?,
        _ => value.as_i64()?,
    };
    (number >= 0).then_some(number.into())
}

/// The day at the front of a date or time, as `YYYY-MM-DD`.
fn day(value: &Value) -> Option<Value> {
    let day = value.as_str()?.trim().get(..10)?;
    Some(NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?.to_string().into())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().and_then(line)
}

/// One line that says something.
fn line(text: &str) -> Option<String> {
    let line: String = text.chars().filter(|c| !c.is_control()).collect();
    let line: String = line.trim().chars().take(MAX_TEXT).collect();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(said: &str, expected: &Value) {
        let facts = facts(&serde_json::from_str(said).unwrap());
        assert_eq!(facts.map_or_else(|| json!("no answer"), Value::Object), *expected, "{said}");
    }

    /// The fields are those of an answer about an address that was reported.
    const REPORTED: &str = r#"{"ip": {"number": "93.223.169.159", "count": 11, "attacks": 2,
        "maxdate": "2024-02-01", "mindate": "2023-09-16", "updated": "2024-02-02 04:07:17",
        "comment": null, "maxrisk": 8, "asabusecontact": "abuse@as.example", "as": 3320,
        "asname": "DTAG Internet service provider operations", "ascountry": "DE",
        "assize": 34000000, "network": "93.192.0.0/10",
        "threatfeeds": {"blocklistde22": {"lastseen": "2024-02-01", "firstseen": "2023-09-13"}},
        "weblogs": {"count": "3"}}}"#;

    fn reported() -> Value {
        json!({
            "asn": 3320, "as_name": "DTAG Internet service provider operations", "country": "DE",
            "count": 11, "attacks": 2, "max_risk": 8,
            "first_date": "2023-09-16", "last_date": "2024-02-01",
            "threat_feeds": {
                "blocklistde22": {"first_seen": "2023-09-13", "last_seen": "2024-02-01"},
            },
        })
    }

    #[test]
    fn a_reported_address_is_known() {
        check(REPORTED, &reported());
    }

    #[test]
    fn an_address_without_reports_still_has_an_as() {
        check(
            r#"{"ip": {"number": "45.148.10.121", "count": null, "attacks": null, "maxdate": null,
                "mindate": null, "maxrisk": null, "as": 48090, "asname": "PPTECHNOLOGY",
                "ascountry": "GB", "assize": 256, "threatfeeds": null}}"#,
            &json!({"asn": 48090, "as_name": "PPTECHNOLOGY", "country": "GB"}),
        );
    }

    #[test]
    fn nothing_known_is_told_from_no_answer() {
        check(r#"{"ip": {"number": "8.8.4.4", "count": null, "as": null}}"#, &json!({}));
        check(r#"{"ip": {"count": null, "asname": "", "ascountry": "XX"}}"#, &json!({}));
        check(r#"{"ip": {"asname": "", "ascountry": ""}}"#, &json!("no answer"));
        check(r#"{"ip": {}}"#, &json!("no answer"));
        check(r#"{"ip": {"error": "bad IP address"}}"#, &json!("no answer"));
        check(r#"{"ip": [1, 2]}"#, &json!("no answer"));
        check(r#"{"error": "bad IP address"}"#, &json!("no answer"));
        check("[]", &json!("no answer"));
        check("null", &json!("no answer"));
    }

    #[test]
    fn odd_values_are_read_or_left_out() {
        check(
            r#"{"ip": {"count": "4213", "attacks": " 311 ", "maxrisk": "high", "as": "4134",
                "ascountry": "cn", "mindate": "0000-00-00", "maxdate": "2026-05-30 01:02:03",
                "threatfeeds": []}}"#,
            &json!({"count": 4213, "attacks": 311, "asn": 4134, "country": "CN",
                "last_date": "2026-05-30"}),
        );
        check(
            r#"{"ip": {"count": -1, "attacks": 18446744073709551615, "maxrisk": 1.5, "as": 0,
                "asname": "\u0000A\u0000\nB ", "ascountry": {"a": "DE"}, "mindate": 20260101}}"#,
            &json!({"as_name": "AB"}),
        );
    }

    #[test]
    fn feeds_are_kept_by_name_and_no_more_than_a_hundred() {
        check(
            r#"{"ip": {"threatfeeds": {"b": {}, "\u0000": {"lastseen": "2026-01-01"}, "a": null,
                "c": {"lastseen": "never", "firstseen": "2026-01-01"}}}}"#,
            &json!({"threat_feeds": {"a": {}, "b": {}, "c": {"first_seen": "2026-01-01"}}}),
        );
        let feeds: Map<_, _> = (0..500).map(|n| (format!("feed{n:03}"), json!({}))).collect();
        let facts = facts(&json!({"ip": {"threatfeeds": feeds}})).unwrap();
        let kept: Vec<_> = facts["threat_feeds"].as_object().unwrap().keys().collect();
        assert_eq!((kept.len(), kept[0].as_str()), (MAX_FEEDS, "feed000"));
        assert_eq!(kept[MAX_FEEDS - 1], "feed099");
    }

    #[track_caller]
    fn check_legacy(kept: Value, expected: Option<&Value>) {
        let outcome = from_legacy_cache(kept).map(|outcome| match outcome {
            Outcome::Found(data) => Value::Object(data.as_map().clone()),
            other => json!(format!("{other:?}")),
        });
        assert_eq!(outcome.as_ref(), expected);
    }

    #[test]
    fn the_legacy_cache_is_read() {
        let kept: Value = serde_json::from_str(REPORTED).unwrap();
        check_legacy(json!({"timestamp": 1_700_000_000, "data": kept}), Some(&reported()));
        check_legacy(kept, Some(&reported()));
        let nulls = json!({"ip": {"number": "8.8.4.4", "count": null, "asname": null}});
        check_legacy(nulls, Some(&json!("NotFound")));
        check_legacy(json!({"ip": {"asname": "", "ascountry": ""}}), None);
        check_legacy(json!({"timestamp": 1_700_000_000, "data": {}}), None);
        check_legacy(json!({"timestamp": 1_700_000_000}), None);
        check_legacy(json!({}), None);
        check_legacy(json!("TIMEOUT"), None);
    }
}

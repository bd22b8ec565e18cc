//! From what GreyNoise says to facts.

use chrono::NaiveDate;
use cowrie_enrichment::Outcome;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::wire::Community;

/// How many characters of a text are kept.
const MAX_TEXT: usize = 200;

/// What GreyNoise says when it does not know.
const UNKNOWN: &str = "unknown";

/// The facts in an answer, none of them when GreyNoise knows nothing of the address.
///
/// `None` for a document that is not about an address at all: it has neither `noise` nor `riot`.
pub(crate) fn facts(document: &Value) -> Option<Map<String, Value>> {
    if !document.is_object() {
        return None;
    }
    let said = Community::deserialize(document).ok()?;
    let (noise, riot) = (flag(&said.noise), flag(&said.riot));
    if noise.is_none() && riot.is_none() {
        return None;
    }
    let classification = text(&said.classification).map(|text| text.to_lowercase());
    let name = text(&said.name).filter(|name| name != UNKNOWN);
    let last_seen = day(&said.last_seen);
    let is_known = noise == Some(true)
        || riot == Some(true)
        || classification.as_ref().is_some_and(|classification| classification != UNKNOWN)
        || name.is_some()
        || last_seen.is_some();
    if !is_known {
        return Some(Map::new());
    }
    let facts = [
        ("noise", noise.map(Value::from)),
        ("riot", riot.map(Value::from)),
        ("classification", classification.map(Value::from)),
        ("name", name.map(Value::from)),
        ("last_seen", last_seen.map(Value::from)),
    ];
    Some(facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

/// What the legacy system kept in its cache of one address, as an outcome.
///
/// It kept the fields of the service under their names, and for an address that GreyNoise does not
/// know a document with nothing in it, which is *not found*. `None` for anything else in the same
/// folder, such as its counts of questions per day.
#[expect(clippy::needless_pass_by_value, reason = "all clients offer one signature")]
pub fn from_legacy_cache(value: Value) -> Option<Outcome> {
    facts(&value).map(Outcome::found)
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

/// One line that says something.
fn text(value: &Value) -> Option<String> {
    let line: String = value.as_str()?.chars().filter(|c| !c.is_control()).collect();
    let line: String = line.trim().chars().take(MAX_TEXT).collect();
    (!line.is_empty()).then_some(line)
}

/// The day at the front of a date or time, as `YYYY-MM-DD`.
fn day(value: &Value) -> Option<String> {
    let day = value.as_str()?.trim().get(..10)?;
    Some(NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?.to_string())
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

    #[test]
    fn a_scanner_and_a_service_are_known() {
        check(
            r#"{"ip": "71.6.135.131", "noise": true, "riot": false, "classification": "malicious",
                "name": "unknown", "link": "https://viz.greynoise.io/ip/71.6.135.131",
                "last_seen": "2026-02-10", "message": "Success"}"#,
            &json!({"noise": true, "riot": false, "classification": "malicious",
                "last_seen": "2026-02-10"}),
        );
        check(
            r#"{"ip": "8.8.8.8", "noise": false, "riot": true, "classification": "benign",
                "name": "Google Public DNS", "last_seen": "2026-02-10", "message": "Success"}"#,
            &json!({"noise": false, "riot": true, "classification": "benign",
                "name": "Google Public DNS", "last_seen": "2026-02-10"}),
        );
        let unclassified = r#"{"noise": true, "riot": false, "classification": "unknown"}"#;
        check(unclassified, &json!({"noise": true, "riot": false, "classification": "unknown"}));
    }

    #[test]
    fn nothing_known_is_told_from_no_answer() {
        check(r#"{"ip": "9.9.9.9", "noise": false, "riot": false, "message": "..."}"#, &json!({}));
        let unknown = r#"{"noise": false, "riot": false, "classification": "unknown",
            "name": "unknown", "last_seen": null}"#;
        check(unknown, &json!({}));
        check("{}", &json!("no answer"));
        check("[true, true]", &json!("no answer"));
        check("null", &json!("no answer"));
        check(r#"{"message": "no route"}"#, &json!("no answer"));
        check(r#"{"noise": null, "riot": []}"#, &json!("no answer"));
    }

    #[test]
    fn odd_values_are_read_or_left_out() {
        check(
            r#"{"noise": " True ", "riot": 1, "classification": "  Benign ", "name": {"a": 1},
                "last_seen": "2026-02-10T09:00:00+00:00"}"#,
            &json!({"noise": true, "classification": "benign", "last_seen": "2026-02-10"}),
        );
        check(
            r#"{"noise": true, "name": "\u0000Shodan\u001b[0m.io\n", "last_seen": "0000-00-00"}"#,
            &json!({"noise": true, "name": "Shodan[0m.io"}),
        );
        check(
            r#"{"noise": true, "name": "\u0000 ", "last_seen": "soon"}"#,
            &json!({"noise": true}),
        );
        let long = format!(r#"{{"noise": true, "name": "{}"}}"#, "é".repeat(MAX_TEXT + 1));
        check(&long, &json!({"noise": true, "name": "é".repeat(MAX_TEXT)}));
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
        let kept = |noise: bool, classification: &str, last_seen: Value| {
            json!({"ip_address": "71.6.135.131", "noise": noise, "riot": false,
                "classification": classification, "name": null, "last_seen": last_seen,
                "source": "greynoise", "cached_at": "2025-11-02T03:04:05+00:00", "ttl_days": 7})
        };
        let known = json!({"noise": true, "riot": false, "classification": "malicious",
            "last_seen": "2025-11-01"});
        let last_seen = json!("2025-11-01T00:00:00+00:00");
        check_legacy(kept(true, "malicious", last_seen), Some(&known));
        check_legacy(kept(false, "unknown", Value::Null), Some(&json!("NotFound")));
        check_legacy(json!({"count": 17, "date": "2025-11-02"}), None);
        check_legacy(json!({}), None);
        check_legacy(json!([true, false]), None);
        check_legacy(Value::Null, None);
    }
}

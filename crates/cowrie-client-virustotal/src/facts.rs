//! What is kept of a report on a file.

use chrono::DateTime;
use cowrie_core::{format_time, parse_time};
use cowrie_enrichment::{Data, Outcome};
use serde_json::{Map, Value};

use crate::wire::{Attributes, Report};

/// How many characters of a text are kept.
const MAX_TEXT: usize = 255;

/// How many names are kept.
const MAX_NAMES: usize = 10;

/// How many tags are kept.
const MAX_TAGS: usize = 30;

/// Translates what the legacy system cached: `{"data": {"attributes": {...}}}`, trimmed.
///
/// `None` when it is something else or holds no facts.
pub fn from_legacy_cache(value: Value) -> Option<Outcome> {
    let is_object = value.is_object();
    let report: Report = serde_json::from_value(value).ok().filter(|_| is_object)?;
    report.data.attributes.as_ref().and_then(facts).map(Outcome::Found)
}

/// The facts in a report, by their names in `enrichment`; `None` when there are none.
pub(crate) fn facts(attributes: &Attributes) -> Option<Data> {
    let stats = &attributes.last_analysis_stats;
    let threat = &attributes.popular_threat_classification;
    let engines = |verdict: &str| stats.get(verdict).filter(|count| count.is_u64()).cloned();
    let facts = [
        ("malicious", engines("malicious")),
        ("suspicious", engines("suspicious")),
        ("undetected", engines("undetected")),
        ("total", total(stats)),
        ("classification", text(threat.suggested_threat_label.as_deref())),
        ("type", text(attributes.type_description.as_deref())),
        ("size", attributes.size.map(Value::from)),
        ("names", words(&attributes.names, MAX_NAMES)),
        ("tags", words(&attributes.tags, MAX_TAGS)),
        ("first_submission", time(&attributes.first_submission_date)),
        ("last_analysis", time(&attributes.last_analysis_date)),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Data::new(facts.collect())
}

/// How many engines there were, with those that failed, timed out or do not know the type.
fn total(stats: &Map<String, Value>) -> Option<Value> {
    let counts = stats.values().filter_map(Value::as_u64);
    counts.reduce(u64::saturating_add).map(Value::from)
}

/// A time after 1970 that reads back, from seconds or text.
fn time(value: &Value) -> Option<Value> {
    let text = if let Value::String(text) = value {
        text.clone()
    } else {
        let seconds = value.as_i64().filter(|seconds| *seconds > 0)?;
        format_time(DateTime::from_timestamp(seconds, 0)?)
    };
    parse_time(&text).map(format_time).map(Value::from)
}

fn words(items: &[Value], max: usize) -> Option<Value> {
    let words: Vec<_> = items.iter().filter_map(|item| text(item.as_str())).take(max).collect();
    (!words.is_empty()).then_some(Value::Array(words))
}

/// The text without control characters, unless nothing is left of it.
fn text(text: Option<&str>) -> Option<Value> {
    let clean: String = text?.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(outcome: Option<Outcome>) -> Value {
        match outcome {
            Some(Outcome::Found(data)) => Value::Object(data.as_map().clone()),
            None => Value::Null,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn check(attributes: Value, expected: &Value) {
        let attributes = serde_json::from_value(attributes).unwrap();
        assert_eq!(found(facts(&attributes).map(Outcome::Found)), *expected);
    }

    #[test]
    fn a_report_becomes_counts_words_and_times() {
        // The fields of the documentation's file object, with other values.
        let attributes = json!({
            "first_submission_date": 1_600_000_000,
            "last_analysis_date": 1_700_000_000,
            "last_analysis_results": {"Example": {"category": "malicious", "result": "Mirai"}},
            "last_analysis_stats": {
                "confirmed-timeout": 1, "failure": 2, "harmless": 0, "malicious": 42,
                "suspicious": 3, "timeout": 4, "type-unsupported": 12, "undetected": 11
            },
            "names": ["mirai.x86", "tftp"],
            "popular_threat_classification": {
                "popular_threat_category": [{"count": 20, "value": "trojan"}],
                "suggested_threat_label": "trojan.mirai/gafgyt"
            },
            "sha256": "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f", // pragma: allowlist secret
            "size": 52_216, "tags": ["elf", "64bits"], "type_description": "ELF"
        });
        let expected = json!({
            "malicious": 42, "suspicious": 3, "undetected": 11, "total": 75,
            "classification": "trojan.mirai/gafgyt", "type": "ELF", "size": 52_216,
            "names": ["mirai.x86", "tftp"], "tags": ["elf", "64bits"],
            "first_submission": "2020-09-13T12:26:40.000000+00:00",
            "last_analysis": "2023-11-14T22:13:20.000000+00:00"
        });
        check(attributes, &expected);
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_left_out() {
        check(json!({}), &Value::Null);
        let nulls = json!({"names": null, "last_analysis_stats": null, "size": null,
            "popular_threat_classification": null, "first_submission_date": null});
        check(nulls, &Value::Null);
        let odd = json!({"names": "x", "tags": [1, null, "elf", ""], "size": -1,
            "last_analysis_stats": {"malicious": "42", "suspicious": -1, "undetected": 1.5},
            "popular_threat_classification": "trojan", "type_description": ["ELF"]});
        check(odd, &json!({"tags": ["elf"]}));
        let clean = json!({"last_analysis_stats": {"malicious": 0, "undetected": 60}});
        check(clean, &json!({"malicious": 0, "undetected": 60, "total": 60}));
        let many = json!({"last_analysis_stats": {"malicious": u64::MAX, "undetected": 1}});
        let expected = json!({"malicious": u64::MAX, "undetected": 1, "total": u64::MAX});
        check(many, &expected);
    }

    #[track_caller]
    fn check_time(value: &Value, expected: Option<&str>) {
        assert_eq!(time(value), expected.map(Value::from), "{value}");
    }

    #[test]
    fn times_have_years_of_four_digits() {
        let time = "2020-09-13T12:26:40.000000+00:00";
        check_time(&json!(1_600_000_000), Some(time));
        check_time(&json!("2020-09-13 12:26:40+00:00"), Some(time));
        check_time(&json!("2020-09-13T12:26:40"), Some(time));
        let last_second = 253_370_764_799_i64;
        check_time(&json!(last_second), Some("9998-12-31T23:59:59.000000+00:00"));
        for value in [json!(last_second + 1), json!(0), json!(-1), json!(i64::MAX), json!(1.5)] {
            check_time(&value, None);
        }
        check_time(&json!(u64::MAX), None);
        check_time(&json!("soon"), None);
    }

    #[test]
    fn names_are_few_short_and_clean() {
        let long = "n".repeat(1_000);
        let mut names = vec![long; 1_000];
        names[0] = "a\u{0}b\u{1b}[31m\n".to_owned();
        let mut expected = vec!["n".repeat(MAX_TEXT); MAX_NAMES];
        expected[0] = "ab[31m".to_owned();
        check(json!({ "names": names }), &json!({ "names": expected }));
        let tags = json!({"tags": vec!["elf"; 100]});
        check(tags, &json!({"tags": vec!["elf"; MAX_TAGS]}));
    }

    #[test]
    fn the_legacy_cache_reads_like_a_report() {
        let cached = json!({"data": {"id": "ab", "type": "file", "attributes": {
            "first_submission_date": 1_600_000_000, "md5": "cd", "meaningful_name": "x.sh",
            "last_analysis_stats": {"malicious": 2, "undetected": 58},
            "names": ["x.sh"], "reputation": 0, "size": 5, "tags": [], "total_votes": {},
            "type_description": "Shell script"}}});
        let expected = json!({"malicious": 2, "undetected": 58, "total": 60, "size": 5,
            "names": ["x.sh"], "type": "Shell script",
            "first_submission": "2020-09-13T12:26:40.000000+00:00"});
        assert_eq!(found(from_legacy_cache(cached)), expected);
        let others = [
            json!(null),
            json!({}),
            json!([{"attributes": {"size": 5}}]),
            json!({"data": null}),
            json!({"data": {"attributes": {}}}),
            json!({"error": {"code": "NotFoundError", "message": "not found"}}),
        ];
        for other in others {
            assert_eq!(from_legacy_cache(other), None);
        }
    }
}

//! From what URLhaus says to facts.

use std::collections::{BTreeMap, BTreeSet};

use cowrie_core::{format_time, parse_time};
use cowrie_enrichment::Outcome;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::wire::{HostAnswer, Url};

/// How many characters of a text are kept.
const MAX_TEXT: usize = 100;

/// How many tags are kept, the first in their order.
const MAX_TAGS: usize = 100;

/// How many lists are kept, the first by name. URLhaus asks two.
const MAX_LISTS: usize = 20;

/// The facts in an answer whose status is `ok`.
pub(crate) fn facts(said: &HostAnswer) -> Map<String, Value> {
    let listed = said.urls.as_array().map(|urls| urls.iter().map(url).collect::<Vec<_>>());
    let urls = listed.as_deref().unwrap_or_default();
    let n_urls = number(&said.url_count).or_else(|| i64::try_from(listed.as_ref()?.len()).ok());
    if urls.is_empty() && n_urls.is_none_or(|n_urls| n_urls == 0) {
        // A host without a URL is not known for anything.
        return Map::new();
    }
    let n_online = || urls.iter().filter(|url| is(url, ONLINE)).count();
    let facts = [
        ("threat_level", Some(threat_level(urls).into())),
        ("tags", tags(urls.iter().map(|url| &url.tags))),
        ("url_count", n_urls.map(Value::from)),
        ("online", listed.is_some().then(|| n_online().into())),
        ("first_seen", time(&said.firstseen)),
        ("blacklists", blacklists(&said.blacklists)),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// What the legacy system kept in its cache of one host, as an outcome.
///
/// It kept the tags of all URLs, joined by commas, and threw everything else away; an empty text
/// is what it kept of a host that URLhaus does not know, so that is *not found*. An older cache
/// has the documents of the service unchanged. `None` for the word that stood for a time-out, and
/// for anything else.
pub fn from_legacy_cache(value: Value) -> Option<Outcome> {
    if value.get("query_status").is_some() {
        let kept: HostAnswer = serde_json::from_value(value).ok()?;
        return match kept.query_status.as_str()? {
            "ok" => Some(Outcome::found(facts(&kept))),
            "no_results" => Some(Outcome::NotFound),
            _ => None,
        };
    }
    let joined = value.get("tags").filter(|tags| tags.is_string() && *tags != "TIMEOUT")?;
    let tags = tags([joined]).map(|tags| ("tags".to_owned(), tags));
    Some(Outcome::found(tags.into_iter().collect()))
}

const ONLINE: &str = "online";
const OFFLINE: &str = "offline";

/// How bad it is, from whether the URLs still serve something: URLhaus knows one threat only, the
/// download of malware.
///
/// `high` when a URL is online, `low` when all are offline, and `medium` when none is online but
/// nobody knows of all that they are offline.
fn threat_level(urls: &[Url]) -> &'static str {
    if urls.iter().any(|url| is(url, ONLINE)) {
        "high"
    } else if urls.is_empty() || urls.iter().any(|url| !is(url, OFFLINE)) {
        "medium"
    } else {
        "low"
    }
}

fn is(url: &Url, status: &str) -> bool {
    url.url_status.as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case(status))
}

/// A URL, or nothing known of it where it is not what was expected.
fn url(value: &Value) -> Url {
    Url::deserialize(value).unwrap_or_default()
}

/// Every tag once, in order. Each part of the input is a list of tags, or a text of them joined by
/// commas.
fn tags<'a>(parts: impl IntoIterator<Item = &'a Value>) -> Option<Value> {
    let mut all = BTreeSet::new();
    for part in parts {
        match part {
            Value::Array(tags) => all.extend(tags.iter().filter_map(text)),
            Value::String(joined) => all.extend(joined.split(',').filter_map(line)),
            _ => {}
        }
    }
    let kept: Vec<_> = all.into_iter().take(MAX_TAGS).collect();
    (!kept.is_empty()).then(|| json!(kept))
}

fn blacklists(lists: &Value) -> Option<Value> {
    let by_name = lists.as_object()?.iter();
    let by_name = by_name.filter_map(|(name, said)| Some((line(name)?, text(said)?)));
    // Sorted before it is cut, so that the same lists are kept of the same answer.
    let by_name: BTreeMap<_, _> = by_name.collect();
    let kept: BTreeMap<_, _> = by_name.into_iter().take(MAX_LISTS).collect();
    (!kept.is_empty()).then(|| json!(kept))
}

/// A count that a `bigint` can hold.
fn number(value: &Value) -> Option<i64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok()?,
        _ => value.as_i64()?,
    };
    (number >= 0).then_some(number)
}

/// A time in UTC, in the one form that times have everywhere.
fn time(value: &Value) -> Option<Value> {
    let text = value.as_str()?.trim();
    let text = text.strip_suffix("UTC").unwrap_or(text);
    parse_time(text).map(|time| format_time(time).into())
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
    use super::*;

    #[track_caller]
    fn check(said: &str, expected: &Value) {
        let facts = facts(&serde_json::from_str(said).unwrap());
        assert_eq!(Value::Object(facts), *expected, "{said}");
    }

    /// The fields are those of the example in the documentation.
    const DOMAIN: &str = r#"{"query_status": "ok",
        "urlhaus_reference": "https:\/\/urlhaus.abuse.ch\/host\/malware.example\/",
        "host": "malware.example", "firstseen": "2019-01-15 07:09:01 UTC", "url_count": "120",
        "blacklists": {"spamhaus_dbl": "abused_legit_malware", "surbl": "not listed"},
        "urls": [
            {"id": "121319", "url": "http:\/\/malware.example\/5016223.exe", "url_status": "online",
             "date_added": "2019-02-11 07:45:05 UTC", "threat": "malware_download",
             "reporter": "abuse_ch", "larted": "false", "takedown_time_seconds": "",
             "tags": ["exe", "AZORult"]},
            {"id": "121316", "url_status": "offline", "threat": "malware_download",
             "tags": ["exe", "Loki"]},
            {"id": "121315", "url_status": "offline", "tags": null}]}"#;

    fn domain() -> Value {
        json!({
            "threat_level": "high", "tags": ["AZORult", "Loki", "exe"], "url_count": 120,
            "online": 1, "first_seen": "2019-01-15T07:09:01.000000+00:00",
            "blacklists": {"spamhaus_dbl": "abused_legit_malware", "surbl": "not listed"},
        })
    }

    #[test]
    fn a_host_of_malware_is_known() {
        check(DOMAIN, &domain());
        check(
            r#"{"firstseen": "2026-01-02 03:04:05 UTC", "url_count": 1,
                "urls": [{"url_status": "offline", "tags": ["mozi", "elf", "mozi"]}]}"#,
            &json!({"threat_level": "low", "tags": ["elf", "mozi"], "url_count": 1, "online": 0,
                "first_seen": "2026-01-02T03:04:05.000000+00:00"}),
        );
    }

    #[track_caller]
    fn check_level(urls: &Value, expected: &str) {
        let facts = facts(&serde_json::from_value(json!({"url_count": 3, "urls": urls})).unwrap());
        assert_eq!(facts["threat_level"], expected, "{urls}");
    }

    #[test]
    fn the_level_follows_what_is_still_served() {
        let url = |status: &str| json!({"url_status": status});
        check_level(&json!([url("offline"), url("Online ")]), "high");
        check_level(&json!([url("offline"), url("unknown")]), "medium");
        check_level(&json!([url("offline"), {}]), "medium");
        check_level(&json!([]), "medium");
        check_level(&Value::Null, "medium");
        check_level(&json!([url("offline"), url("offline")]), "low");
    }

    #[test]
    fn a_host_without_urls_is_not_known() {
        check("{}", &json!({}));
        check("[]", &json!({}));
        check(r#"{"url_count": "0", "urls": null, "firstseen": null}"#, &json!({}));
        check(r#"{"url_count": "many", "urls": [], "blacklists": {"surbl": "x"}}"#, &json!({}));
    }

    #[test]
    fn odd_values_are_read_or_left_out() {
        check(
            r#"{"firstseen": "yesterday", "url_count": " 7 ", "urls": null, "blacklists": []}"#,
            &json!({"threat_level": "medium", "url_count": 7}),
        );
        check(
            r#"{"url_count": -1, "blacklists": {"a": null, "\u0000": "x", "b\u0000": "\u0000c"},
                "urls": [7, null, {"tags": "x, y,,x", "url_status": 1},
                    {"tags": [1, null, "\n"]}]}"#,
            &json!({"threat_level": "medium", "url_count": 4, "online": 0, "tags": ["x", "y"],
                "blacklists": {"b": "c"}}),
        );
    }

    #[test]
    fn of_thousands_of_urls_a_little_is_kept() {
        let urls: Vec<_> = (0..5_000)
            .map(|n| json!({"url_status": "online", "tags": [format!("tag{n:04}"), "z"]}))
            .collect();
        let lists: BTreeMap<_, _> = (0..500).map(|n| (format!("list{n:03}"), "listed")).collect();
        let said = json!({"urls": urls, "blacklists": lists});
        let facts = facts(&serde_json::from_value(said).unwrap());
        assert_eq!((&facts["online"], &facts["url_count"]), (&json!(5_000), &json!(5_000)));
        let tags = facts["tags"].as_array().unwrap();
        assert_eq!((tags.len(), &tags[0], &tags[99]), (100, &json!("tag0000"), &json!("tag0099")));
        assert_eq!(facts["blacklists"].as_object().unwrap().len(), MAX_LISTS);
        let long = facts_of_tag(&"é".repeat(300));
        assert_eq!(long, json!(["é".repeat(MAX_TEXT)]));
    }

    fn facts_of_tag(tag: &str) -> Value {
        let said = json!({"urls": [{"tags": [tag]}]});
        facts(&serde_json::from_value(said).unwrap())["tags"].clone()
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
        check_legacy(json!({"tags": "elf,mirai"}), Some(&json!({"tags": ["elf", "mirai"]})));
        check_legacy(json!({"tags": "mirai, elf"}), Some(&json!({"tags": ["elf", "mirai"]})));
        check_legacy(json!({"tags": ""}), Some(&json!("NotFound")));
        check_legacy(json!({"tags": "TIMEOUT"}), None);
        check_legacy(json!({"tags": null}), None);
        check_legacy(json!({}), None);
        check_legacy(json!("elf"), None);
        check_legacy(serde_json::from_str(DOMAIN).unwrap(), Some(&domain()));
        check_legacy(json!({"query_status": "no_results"}), Some(&json!("NotFound")));
        check_legacy(json!({"query_status": "unknown_auth_key"}), None);
        check_legacy(json!({"query_status": null, "tags": "elf"}), None);
    }
}

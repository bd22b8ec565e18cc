//! The laws of reading an event.

use std::collections::BTreeSet;
use std::fmt;

use cowrie_parse::{Event, MAX_NAME_BYTES, parse, unescape_json};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::respell::{object, respelled_members};

/// The data is what stands on a line.
pub fn check(data: &[u8]) {
    match parse(data) {
        Ok(event) => check_event(data, &event),
        Err(reject) => assert!(!reject.code().is_empty() && !reject.to_string().is_empty()),
    }
}

fn check_event(data: &[u8], event: &Event) {
    let original = unescape_json(&event.text);
    assert_eq!(original.as_ref(), data.trim_ascii(), "the bytes come back");
    assert_eq!(parse(&original).as_ref(), Ok(event), "and are the same event");
    assert_eq!(Event::from_stored(event.id, &event.text).as_ref(), Ok(event), "as is the stored");
    check_stored(&event.text);
    check_names(event);
    let members = respelled_members(&original);
    let same_id = |text: Vec<u8>, what: &str| {
        let id = parse(&text).map(|event| event.id);
        assert_eq!(id, Ok(event.id), "{what}: {}", text.escape_ascii());
    };
    same_id(object(&members), "with blanks and escapes");
    if !event.text.contains('\u{e000}') && !event.text.contains("\\ue000k") {
        let backward: Vec<_> = members.into_iter().rev().collect();
        same_id(object(&backward), "with its members backward");
    }
}

/// Session and sensor are what the fields say, and short.
fn check_names(event: &Event) {
    let fields = event.fields();
    assert!(fields.is_ok(), "an event has fields: {fields:?}");
    let Ok(fields) = fields else { return };
    assert!(fields.text("eventid").is_some_and(|id| !id.is_empty()));
    for (name, value) in [("session", &event.session), ("sensor", &event.sensor)] {
        let text = fields.text(name).filter(|text| !text.is_empty());
        assert_eq!(text.as_deref(), value.as_deref(), "{name}");
        assert!(value.as_ref().is_none_or(|value| value.len() <= MAX_NAME_BYTES), "{name}");
    }
    let year = event.at.to_rfc3339();
    assert!(("1970".."9999").contains(&year.get(..4).unwrap_or_default()), "{year}");
}

/// The stored form is JSON to anyone, holds no NUL, and has each key once.
fn check_stored(text: &str) {
    let keys = serde_json::from_str::<Keys>(text);
    assert!(keys.is_ok(), "it is JSON: {keys:?}");
    let keys = keys.map(|keys| keys.0).unwrap_or_default();
    let distinct: BTreeSet<_> = keys.iter().filter(|key| !key.ends_with("\u{e000}k")).collect();
    let marked = keys.iter().filter(|key| key.ends_with("\u{e000}k")).count();
    assert_eq!(distinct.len() + marked, keys.len(), "each key once: {keys:?}");
    // A number that no machine has, or deep nesting, is JSON and no value.
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        assert!(!holds_nul(&value), "there is no NUL: {text}");
    }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_nul),
        Value::Object(members) => {
            members.iter().any(|(key, value)| key.contains('\0') || holds_nul(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The keys of an object, as they stand.
#[derive(Debug)]
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = map.next_entry()? {
            keys.push(key);
        }
        Ok(Keys(keys))
    }
}

//! The `enrichment` document of an address or a session.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cowrie_core::parse_time;
use cowrie_enrichment::{SourceName, Vintages};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// The key under which the tries of all sources are noted.
const META: &str = "_meta";

/// The key in `_meta` under which the origin of snapshot values is noted; not a source.
pub(crate) const SNAPSHOT: &str = "snapshot";

/// What is known of an address or session, by source, and how each source was tried.
///
/// One key per source that has data, each a non-empty object, and `_meta` with one key per source
/// that was tried: `{status, fetched_at, expires_at?, vintage?, vintages?, reason?,
/// refresh_failed_at?}`. Keys of sources that this version does not know are kept as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Enrichment {
    pub(crate) data: BTreeMap<String, Map<String, Value>>,
    /// What stands under keys that are no source's of this version, and is no object.
    other: BTreeMap<String, Value>,
    pub(crate) meta: BTreeMap<String, Map<String, Value>>,
}

/// How the last try of a source ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status {
    /// The source has data.
    Ok,
    /// The source answered that it knows nothing.
    NotFound,
    /// The source was not asked.
    Skipped,
    /// The source was asked in vain.
    Failed,
    /// The source may not be asked for now.
    Quota,
}

/// A text that is not an `enrichment` document.
#[derive(Debug, thiserror::Error)]
pub enum BadEnrichment {
    /// The text is not JSON.
    #[error("failed to read an enrichment document as JSON")]
    Json(#[from] serde_json::Error),
    /// The text is JSON, but neither an object nor `null`.
    #[error("an enrichment document is not an object")]
    NotAnObject,
    /// What stands under a key is not an object, or is an empty one.
    #[error("`{}` of an enrichment document is not an object that holds something", .key.escape_debug())]
    BadEntry {
        /// The source, or `_meta` and the source.
        key: String,
    },
}

impl Enrichment {
    /// Reads a document; nothing, `null` and `{}` are the document that holds nothing.
    pub fn from_json(text: Option<&str>) -> Result<Self, BadEnrichment> {
        let mut keys = match text.map(serde_json::from_str).transpose()? {
            None | Some(Value::Null) => return Ok(Self::default()),
            Some(Value::Object(keys)) => keys,
            Some(_) => return Err(BadEnrichment::NotAnObject),
        };
        let meta = match keys.remove(META) {
            None => BTreeMap::new(),
            Some(Value::Object(meta)) => objects("_meta.", meta)?,
            Some(_) => return Err(BadEnrichment::BadEntry { key: META.to_owned() }),
        };
        let is_source = |(key, value): &(String, Value)| {
            key.parse::<SourceName>().is_ok() || value.as_object().is_some_and(|o| !o.is_empty())
        };
        let (sources, other): (Vec<_>, Vec<_>) = keys.into_iter().partition(is_source);
        let data = objects("", sources.into_iter().collect())?;
        Ok(Self { data, other: other.into_iter().collect(), meta })
    }

    /// The document as text; `None` when it holds nothing, never `{}` or `null`.
    ///
    /// Keys are sorted at every depth, so that the same content has the same bytes.
    pub fn to_json(&self) -> Option<String> {
        self.json(true)
    }

    /// The document as text, without `_meta.snapshot`.
    pub(crate) fn without_snapshot(&self) -> Option<String> {
        self.json(false)
    }

    /// The text of the document in front of `_meta.snapshot` and behind it, be it there or not.
    pub(crate) fn around_snapshot(&self) -> (String, String) {
        let (mut before, mut after) = ("{".to_owned(), String::new());
        let sources = self.sources();
        for (key, part) in sources.range(..META) {
            before.extend([&*member(key, *part), ","]);
        }
        before.extend(["\"", META, "\":{"]);
        for (key, entry) in &self.meta {
            let part = Sorted::Object(entry);
            match key.as_str().cmp(SNAPSHOT) {
                Ordering::Less => before.extend([&*member(key, part), ","]),
                Ordering::Equal => {}
                Ordering::Greater => after.extend([",", &*member(key, part)]),
            }
        }
        after.push('}');
        for (key, part) in sources.range(META..) {
            after.extend([",", &*member(key, *part)]);
        }
        after.push('}');
        (before, after)
    }

    fn json(&self, with_snapshot: bool) -> Option<String> {
        let is_wanted = |key: &str| with_snapshot || key != SNAPSHOT;
        let meta = self.meta.iter().filter(|(key, _)| is_wanted(key));
        let meta: BTreeMap<_, _> =
            meta.map(|(key, entry)| (key.as_str(), Sorted::Object(entry))).collect();
        let mut document = self.sources();
        if !meta.is_empty() {
            document.insert(META, Sorted::Members(&meta));
        }
        (!document.is_empty()).then(|| written(&document))
    }

    /// What stands beside `_meta`, by key.
    fn sources(&self) -> BTreeMap<&str, Sorted<'_>> {
        let data = self.data.iter().map(|(key, entry)| (key.as_str(), Sorted::Object(entry)));
        let other = self.other.iter().map(|(key, value)| (key.as_str(), Sorted::Value(value)));
        data.chain(other).collect()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.meta.is_empty() && self.data.is_empty() && self.other.is_empty()
    }

    /// The data of a source; never empty.
    pub fn data(&self, source: SourceName) -> Option<&Map<String, Value>> {
        self.data.get(source.name())
    }

    /// How the last try of a source ended; `None` when it was never tried.
    pub fn status(&self, source: SourceName) -> Option<Status> {
        self.status_of(source.name())
    }

    /// Whether the source has answered, be it that it knows nothing.
    pub fn has_answered(&self, source: SourceName) -> bool {
        self.has_answered_as(source.name())
    }

    /// Whether the source should be asked (again).
    ///
    /// `in_force` are the vintages an answer would carry now, for a source that reads files: there
    /// an answer is stale when one of its own is another, whatever its age, and nothing else is.
    /// Otherwise an answer is stale when it has expired, and a try without an answer always,
    /// unless it says when to ask again.
    pub fn is_stale(&self, source: SourceName, now: DateTime<Utc>, in_force: &Vintages) -> bool {
        let has_answered = self.has_answered(source);
        if !in_force.is_empty() && has_answered {
            let is_other =
                |(fact, time): (&&str, &DateTime<Utc>)| self.vintage(source, fact) != Some(*time);
            return in_force.iter().any(is_other);
        }
        match self.time(source, "expires_at") {
            Some(expires_at) => expires_at <= now,
            None => !has_answered,
        }
    }

    /// When the file was built that a fact of a source is from.
    pub(crate) fn vintage(&self, source: SourceName, fact: &str) -> Option<DateTime<Utc>> {
        let vintages = self.meta.get(source.name())?.get("vintages").and_then(Value::as_object);
        let own = vintages.and_then(|vintages| time_in(vintages, fact));
        own.or_else(|| self.time(source, "vintage"))
    }

    /// A time that stands in `_meta` of a source.
    pub(crate) fn time(&self, source: SourceName, name: &str) -> Option<DateTime<Utc>> {
        time_in(self.meta.get(source.name())?, name)
    }

    pub(crate) fn status_of(&self, key: &str) -> Option<Status> {
        Status::of(self.meta.get(key)?.get("status")?.as_str()?)
    }

    pub(crate) fn has_answered_as(&self, key: &str) -> bool {
        self.data.contains_key(key) || self.status_of(key).is_some_and(Status::is_answer)
    }
}

impl Status {
    const ALL: [Self; 5] = [Self::Ok, Self::NotFound, Self::Skipped, Self::Failed, Self::Quota];

    /// The word that stands in `_meta`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotFound => "not_found",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Quota => "quota",
        }
    }

    /// Whether the source has answered: such a status of a session is never changed again.
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Ok | Self::NotFound)
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

pub(crate) fn time_in(entry: &Map<String, Value>, name: &str) -> Option<DateTime<Utc>> {
    parse_time(entry.get(name)?.as_str()?)
}

/// The entries of an object, each of which must be an object that holds something.
fn objects(
    prefix: &str,
    entries: Map<String, Value>,
) -> Result<BTreeMap<String, Map<String, Value>>, BadEnrichment> {
    entries
        .into_iter()
        .map(|(key, value)| match value {
            Value::Object(entry) if !entry.is_empty() => Ok((key, entry)),
            _ => Err(BadEnrichment::BadEntry { key: format!("{prefix}{key}") }),
        })
        .collect()
}

/// A part of a document, written with its keys in order, whichever map `serde_json` was built
/// with.
#[derive(Clone, Copy)]
enum Sorted<'a> {
    Members(&'a BTreeMap<&'a str, Sorted<'a>>),
    Object(&'a Map<String, Value>),
    Value(&'a Value),
}

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Members(members) => to.collect_map(members),
            Self::Object(map) | Self::Value(Value::Object(map)) => {
                let mut members: Vec<_> = map.iter().collect();
                members.sort_unstable_by_key(|(key, _)| *key);
                to.collect_map(members.into_iter().map(|(key, value)| (key, Self::Value(value))))
            }
            Self::Value(Value::Array(items)) => to.collect_seq(items.iter().map(Self::Value)),
            Self::Value(scalar) => scalar.serialize(to),
        }
    }
}

/// A member of an object as text.
fn member(key: &str, value: Sorted<'_>) -> String {
    [&*written(key), ":", &*written(&value)].concat()
}

/// Text, numbers and objects of them can all be written.
fn written<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: Option<&str>, expected: Result<Option<&str>, &str>) {
        let read = Enrichment::from_json(text);
        let written = read.map(|document| document.to_json()).map_err(|error| error.to_string());
        assert_eq!(written.as_ref().map(|text| text.as_deref()).map_err(String::as_str), expected);
    }

    #[test]
    fn nothing_is_nothing_and_never_an_empty_object() {
        check(None, Ok(None));
        check(Some("null"), Ok(None));
        check(Some("{}"), Ok(None));
        check(Some(r#"{"_meta":{}}"#), Ok(None));
    }

    #[test]
    fn the_same_content_has_the_same_bytes() {
        let text = r#"{"spur": {"z": [{"b": 1, "a": 2}], "a": {"y": 0, "x": 1.50}},
            "_meta": {"spur": {"status": "ok", "fetched_at": "t"}}, "later": {"k": "v"}}"#;
        let bytes = concat!(
            r#"{"_meta":{"spur":{"fetched_at":"t","status":"ok"}},"later":{"k":"v"},"#,
            r#""spur":{"a":{"x":1.5,"y":0},"z":[{"a":2,"b":1}]}}"#
        );
        check(Some(text), Ok(Some(bytes)));
        check(Some(bytes), Ok(Some(bytes)));
        let degrees = r#"{"maxmind":{"latitude":98.12803456059325}}"#;
        check(Some(degrees), Ok(Some(degrees)));
    }

    #[test]
    fn garbage_is_an_error_that_names_the_key() {
        let entry = |key| {
            format!("`{key}` of an enrichment document is not an object that holds something")
        };
        check(Some(""), Err("failed to read an enrichment document as JSON"));
        check(Some("[]"), Err("an enrichment document is not an object"));
        check(Some(r#"{"spur":["a"]}"#), Err(&entry("spur")));
        check(Some(r#"{"maxmind":{}}"#), Err(&entry("maxmind")));
        check(Some(r#"{"dshield":null}"#), Err(&entry("dshield")));
        check(Some(r#"{"_meta":1}"#), Err(&entry("_meta")));
        check(Some(r#"{"_meta":{"a\nb":1}}"#), Err(&entry(r"_meta.a\nb")));
    }
}

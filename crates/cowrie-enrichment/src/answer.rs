//! What a source answers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

/// How far knowledge may lie from an attack, before or after, and still speak of it: 14 days.
pub const VINTAGE_TOLERANCE: TimeDelta = TimeDelta::days(14);

/// What a source says of one address, and for how long it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Data, or why there are none.
    pub outcome: Outcome,
    /// When the files behind the answer were built: of several, the oldest.
    ///
    /// `None` for a source that answers for the moment it is asked.
    pub vintage: Option<DateTime<Utc>>,
    /// The build time behind single facts (`asn`, `country`), where a source reads several files.
    pub vintages: BTreeMap<&'static str, DateTime<Utc>>,
    /// When to ask again; `None` when time alone does not make the answer old.
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<Outcome> for Answer {
    /// An answer without a vintage and without an end.
    fn from(outcome: Outcome) -> Self {
        Self { outcome, vintage: None, vintages: BTreeMap::new(), expires_at: None }
    }
}

/// The five things a source can say.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The source knows something.
    Found(Data),
    /// The source answered, and knows nothing.
    NotFound,
    /// The source was not asked.
    Skipped {
        /// Why: not configured, not public, not needed.
        reason: Cow<'static, str>,
    },
    /// The source was asked, and there is no answer.
    Failed {
        /// What went wrong, in a line without secrets.
        reason: String,
        /// What to do next.
        remedy: Remedy,
    },
    /// The source may not be asked now.
    Quota {
        /// When it may be asked again, where that is known.
        until: Option<DateTime<Utc>>,
    },
}

impl Outcome {
    /// Data where anything is known, otherwise [`Outcome::NotFound`].
    pub fn found(facts: Map<String, Value>) -> Self {
        Data::new(facts).map_or(Self::NotFound, Self::Found)
    }

    /// Not asked, for this reason.
    pub fn skipped(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Skipped { reason: reason.into() }
    }
}

/// What to do after a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Remedy {
    /// Ask again, not sooner than after this long.
    Wait(Duration),
    /// Ask again.
    TryAgain,
    /// Ask this source nothing more in this run.
    DropSource,
    /// Go on with the next address.
    SkipItem,
}

/// The facts that one source gives: a JSON object that holds something.
#[derive(Clone, Debug, PartialEq)]
pub struct Data(Map<String, Value>);

impl Data {
    /// The facts without `null`s, and without NUL, which PostgreSQL's `jsonb` refuses.
    ///
    /// `None` when nothing is left.
    pub fn new(facts: Map<String, Value>) -> Option<Self> {
        let kept = facts.into_iter().filter(|(_, value)| !value.is_null());
        let clean: Map<_, _> =
            kept.map(|(key, value)| (without_nul(key), clean_value(value))).collect();
        (!clean.is_empty()).then_some(Self(clean))
    }

    /// One fact.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All facts; never empty.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }
}

fn clean_value(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(without_nul(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(clean_value).collect()),
        Value::Object(map) => {
            let clean = map.into_iter().map(|(key, item)| (without_nul(key), clean_value(item)));
            Value::Object(clean.collect())
        }
        scalar @ (Value::Null | Value::Bool(_) | Value::Number(_)) => scalar,
    }
}

fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(facts: &Value, expected: Option<&Value>) {
        let data = Data::new(facts.as_object().cloned().unwrap());
        let data = data.map(|data| Value::Object(data.as_map().clone()));
        assert_eq!(data.as_ref(), expected);
    }

    #[test]
    fn data_are_never_empty_and_never_carry_nul() {
        check(&json!({}), None);
        check(&json!({"country": null}), None);
        check(&json!({"asn": 1, "asn_org": null}), Some(&json!({"asn": 1})));
        let dirty = json!({"a\u{0}": ["x\u{0}y", {"k\u{0}": "\u{0}"}], "n": 1.5, "b": true});
        check(&dirty, Some(&json!({"a": ["xy", {"k": ""}], "n": 1.5, "b": true})));
    }

    #[test]
    fn nothing_known_is_an_answer() {
        assert_eq!(Outcome::found(Map::new()), Outcome::NotFound);
    }
}

//! One kept answer, and the envelope in which it is written down.

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_core::{format_time, parse_time};
use cowrie_enrichment::{Data, Outcome, Question, SourceName};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The version of the envelope.
pub const ENVELOPE_VERSION: u32 = 1;

/// The longest envelope that is read or written, in bytes.
pub const MAX_ENTRY_BYTES: usize = 4 * 1024 * 1024;

/// How far the clocks of two machines may differ.
///
/// An answer from further in the future is not believed.
pub(crate) const MAX_SKEW: TimeDelta = TimeDelta::days(1);

/// An answer of a service, with its times.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What the service said.
    pub outcome: Kept,
    /// When it said so.
    pub fetched_at: DateTime<Utc>,
    /// From when on it is to be asked again.
    pub expires_at: DateTime<Utc>,
}

/// What is worth keeping: an answer, and never a failure.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// The service knows something.
    Found(Data),
    /// The service answered, and knows nothing.
    NotFound,
}

impl Kept {
    /// The outcome, when it is worth keeping.
    pub fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            Outcome::Found(data) => Some(Self::Found(data.clone())),
            Outcome::NotFound => Some(Self::NotFound),
            Outcome::Skipped { .. } | Outcome::Failed { .. } | Outcome::Quota { .. } => None,
        }
    }
}

impl From<Kept> for Outcome {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Found(data) => Self::Found(data),
            Kept::NotFound => Self::NotFound,
        }
    }
}

/// Why an envelope says nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadEntry {
    /// Longer than [`MAX_ENTRY_BYTES`].
    #[error("the entry is too long")]
    TooLong,
    /// Not the JSON of an envelope.
    #[error("the entry is not an envelope")]
    Shape,
    /// Another version than [`ENVELOPE_VERSION`].
    #[error("the entry has another version")]
    Version,
    /// The answer of another service, or to another question.
    #[error("the entry answers another question")]
    Question,
    /// Neither data nor *not found*.
    #[error("the entry holds no answer")]
    Outcome,
    /// Not times, an end before the beginning, or a beginning in the future.
    #[error("the times of the entry cannot be right")]
    Times,
}

/// The envelope as it is read.
#[derive(Deserialize)]
struct Envelope {
    version: u32,
    service: String,
    key: String,
    status: String,
    #[serde(default)]
    data: Option<Map<String, Value>>,
    fetched_at: String,
    expires_at: String,
}

impl Entry {
    /// Whether the answer still holds at `now`.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }

    /// The envelope of the answer to this question.
    pub fn to_json(&self, service: SourceName, question: &Question) -> Value {
        let mut envelope = json!({
            "version": ENVELOPE_VERSION,
            "service": service.name(),
            "key": question.to_string(),
            "status": "not_found",
            "fetched_at": format_time(self.fetched_at),
            "expires_at": format_time(self.expires_at),
        });
        if let (Kept::Found(data), Some(members)) = (&self.outcome, envelope.as_object_mut()) {
            members.insert("status".to_owned(), "ok".into());
            members.insert("data".to_owned(), Value::Object(data.as_map().clone()));
        }
        envelope
    }

    /// Reads the envelope of an answer to this question, from bytes that anybody may have written.
    pub fn read(
        bytes: &[u8],
        service: SourceName,
        question: &Question,
        now: DateTime<Utc>,
    ) -> Result<Self, BadEntry> {
        if bytes.len() > MAX_ENTRY_BYTES {
            return Err(BadEntry::TooLong);
        }
        let envelope = serde_json::from_slice(bytes).map_err(|_not_json| BadEntry::Shape)?;
        Self::from_envelope(envelope, service, question, now)
    }

    /// Reads the same from a document.
    pub fn from_json(
        document: Value,
        service: SourceName,
        question: &Question,
        now: DateTime<Utc>,
    ) -> Result<Self, BadEntry> {
        let envelope = serde_json::from_value(document).map_err(|_other| BadEntry::Shape)?;
        Self::from_envelope(envelope, service, question, now)
    }

    fn from_envelope(
        envelope: Envelope,
        service: SourceName,
        question: &Question,
        now: DateTime<Utc>,
    ) -> Result<Self, BadEntry> {
        if envelope.version != ENVELOPE_VERSION {
            return Err(BadEntry::Version);
        }
        if envelope.service != service.name() || envelope.key != question.to_string() {
            return Err(BadEntry::Question);
        }
        let outcome = match (envelope.status.as_str(), envelope.data) {
            ("ok", Some(data)) => Data::new(data).map(Kept::Found),
            ("not_found", None) => Some(Kept::NotFound),
            _ => None,
        };
        let outcome = outcome.ok_or(BadEntry::Outcome)?;
        let fetched_at = parse_time(&envelope.fetched_at).ok_or(BadEntry::Times)?;
        let expires_at = parse_time(&envelope.expires_at).ok_or(BadEntry::Times)?;
        if expires_at < fetched_at || fetched_at.signed_duration_since(now) > MAX_SKEW {
            return Err(BadEntry::Times);
        }
        Ok(Self { outcome, fetched_at, expires_at })
    }
}

/// From when on an envelope no longer holds, whatever question it answers; `None` for anything
/// that is not an envelope of this version.
pub(crate) fn expiry_of(document: &Value) -> Option<DateTime<Utc>> {
    let version = document.get("version")?.as_u64()?;
    let expires_at = parse_time(document.get("expires_at")?.as_str()?)?;
    (version == u64::from(ENVELOPE_VERSION)).then_some(expires_at)
}

/// Whether the document wants to be an envelope, of whichever version.
pub(crate) fn is_envelope(document: &Value) -> bool {
    ["version", "service", "key"].iter().all(|name| document.get(name).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: SourceName = SourceName::GreyNoise;

    fn time(text: &str) -> DateTime<Utc> {
        parse_time(text).unwrap()
    }

    fn question(address: &str) -> Question {
        let address: std::net::IpAddr = address.parse().unwrap();
        Question::Address(address.try_into().unwrap())
    }

    fn entry() -> Entry {
        let facts = json!({"noise": true, "name": "é\u{1f980}", "score": 0.1});
        Entry {
            outcome: Kept::Found(Data::new(facts.as_object().cloned().unwrap()).unwrap()),
            fetched_at: time("2026-06-01T12:00:00.000001Z"),
            expires_at: time("2026-06-08T12:00:00Z"),
        }
    }

    fn now() -> DateTime<Utc> {
        time("2026-06-02T00:00:00Z")
    }

    #[test]
    fn an_entry_reads_back() {
        let (question, entry) = (question("8.8.8.8"), entry());
        let text = entry.to_json(SERVICE, &question).to_string();
        assert_eq!(Entry::read(text.as_bytes(), SERVICE, &question, now()), Ok(entry.clone()));
        let nothing = Entry { outcome: Kept::NotFound, ..entry };
        let document = nothing.to_json(SERVICE, &question);
        assert_eq!(Entry::from_json(document, SERVICE, &question, now()), Ok(nothing));
    }

    #[test]
    fn the_envelope_is_as_documented() {
        let nothing = Entry { outcome: Kept::NotFound, ..entry() };
        let expected = json!({
            "version": 1,
            "service": "greynoise",
            "key": "8.8.8.8",
            "status": "not_found",
            "fetched_at": "2026-06-01T12:00:00.000001+00:00",
            "expires_at": "2026-06-08T12:00:00.000000+00:00",
        });
        assert_eq!(nothing.to_json(SERVICE, &question("8.8.8.8")), expected);
    }

    /// The envelope with one member replaced, or removed by `null`.
    #[track_caller]
    fn check(member: &str, value: Value, expected: BadEntry) {
        let question = question("8.8.8.8");
        let mut document = entry().to_json(SERVICE, &question);
        let members = document.as_object_mut().unwrap();
        if value.is_null() {
            members.remove(member)
        } else {
            members.insert(member.to_owned(), value)
        };
        let read = Entry::read(document.to_string().as_bytes(), SERVICE, &question, now());
        assert_eq!(read, Err(expected));
        assert_eq!(Entry::from_json(document, SERVICE, &question, now()), Err(expected));
    }

    #[test]
    fn whatever_is_wrong_is_no_answer() {
        check("version", json!(2), BadEntry::Version);
        check("version", json!("1"), BadEntry::Shape);
        check("version", Value::Null, BadEntry::Shape);
        check("service", json!("spur"), BadEntry::Question);
        check("key", json!("8.8.4.4"), BadEntry::Question);
        check("key", json!(["8.8.8.8"]), BadEntry::Shape);
        check("status", json!("failed"), BadEntry::Outcome);
        check("status", json!("not_found"), BadEntry::Outcome);
        check("data", Value::Null, BadEntry::Outcome);
        check("data", json!({}), BadEntry::Outcome);
        check("data", json!({"noise": null}), BadEntry::Outcome);
        check("data", json!([1]), BadEntry::Shape);
        check("fetched_at", json!("yesterday"), BadEntry::Times);
        check("fetched_at", json!("2026-06-09T00:00:00Z"), BadEntry::Times);
        check("expires_at", json!("2026-06-01T11:59:59Z"), BadEntry::Times);
        check("expires_at", json!("99999-01-01T00:00:00Z"), BadEntry::Times);
    }

    #[test]
    fn bytes_that_are_no_envelope_are_no_answer() {
        let read = |bytes: &[u8]| Entry::read(bytes, SERVICE, &question("8.8.8.8"), now());
        for bytes in [&b""[..], b"{", b"null", b"[]", b"\xff\xfe", b"{\"version\":1}"] {
            assert_eq!(read(bytes), Err(BadEntry::Shape));
        }
        assert_eq!(read("[".repeat(100_000).as_bytes()), Err(BadEntry::Shape));
        assert_eq!(read(&vec![b' '; MAX_ENTRY_BYTES + 1]), Err(BadEntry::TooLong));
    }

    #[test]
    fn an_answer_from_the_future_is_not_believed() {
        let question = question("8.8.8.8");
        let text = entry().to_json(SERVICE, &question).to_string();
        let read = |now: &str| Entry::read(text.as_bytes(), SERVICE, &question, time(now));
        assert!(read("2026-05-31T12:00:01Z").is_ok());
        assert_eq!(read("2026-05-31T12:00:00Z"), Err(BadEntry::Times));
    }

    #[test]
    fn an_answer_holds_until_its_end_and_no_longer() {
        let entry = entry();
        assert!(entry.is_fresh(time("2026-06-08T11:59:59.999999Z")));
        assert!(!entry.is_fresh(entry.expires_at));
    }
}

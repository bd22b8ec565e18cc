//! What becomes of one piece of a log.

use std::collections::BTreeMap;
use std::error::Error as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cowrie_core::parse_address;
use cowrie_logfile::{Damage, Limits, Record, RecordKind};
use cowrie_parse::{Event, Fields, Reject, unescape_json};
use cowrie_session::{family_of, fold_family};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use crate::{derived, escapes};

/// What becomes of a piece of a log.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What is known of it, by name, in the order in which people are told. Texts are in the
    /// stored form of `cowrie-parse`.
    pub facts: Vec<(&'static str, Value)>,
    /// The bytes of the log: of an event, those that its stored form gives back.
    pub original: Vec<u8>,
}

/// Tells how a record is read by a load: the `piece`-th of its log.
pub fn explain(piece: u64, record: &Record<'_>) -> Explanation {
    let (code, reason) = match record.kind {
        RecordKind::Object => match cowrie_parse::parse(record.bytes) {
            Ok(event) => return of_event(piece, record, &event),
            Err(reject) => (reject.code(), said(&reject)),
        },
        RecordKind::NotJson(Damage { at, what }) => {
            ("not_json", format!("not JSON: {what} at byte {at}"))
        }
        RecordKind::TooLong => {
            let most = Limits::STANDARD.max_record_bytes;
            ("too_long", format!("longer than {most} bytes; its front is kept"))
        }
        RecordKind::Torn => ("torn", "the log ends in the middle of it".to_owned()),
    };
    let mut facts = head(piece, record, "reject");
    facts.extend([("code", code.into()), ("reason", reason.into())]);
    Explanation { facts, original: record.bytes.to_vec() }
}

fn said(reject: &Reject) -> String {
    match reject.source() {
        Some(cause) => format!("{reject}: {cause}"),
        None => reject.to_string(),
    }
}

fn head(piece: u64, record: &Record<'_>, outcome: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("piece", piece.into()),
        ("offset", record.offset.into()),
        ("length", record.bytes.len().into()),
        ("outcome", outcome.into()),
    ]
}

fn of_event(piece: u64, record: &Record<'_>, event: &Event) -> Explanation {
    let mut facts = head(piece, record, "event");
    let family = family_of(event);
    let sessions = fold_family(&family, [event]);
    facts.push(("id", event.id.to_string().into()));
    if let Ok(fields) = event.fields() {
        let kind = fields.text("eventid").unwrap_or_default();
        let address = fields.text("src_ip").as_deref().and_then(parse_address);
        let (read, unread) = members(&event.text, &fields, &kind);
        facts.extend([
            ("kind", json!(kind)),
            ("at", json!(event.at)),
            ("sensor", json!(event.sensor)),
            ("session", json!(event.session)),
            ("family", json!(family)),
            ("source_ip", json!(address)),
            ("read", read),
            ("unread", unread),
        ]);
    }
    facts.push(("escapes", escapes::of(&event.text)));
    facts.push(("derived", sessions.first().map_or(Value::Null, derived::of)));
    facts.push(("stored", json!(event.text)));
    Explanation { facts, original: unescape_json(&event.text).into_owned() }
}

/// The fields that are read of every event.
const ALWAYS: [&str; 6] = ["eventid", "timestamp", "time", "session", "sensor", "src_ip"];

/// The fields that are read of events of a kind besides.
fn read_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "cowrie.session.connect" => &["protocol"],
        "cowrie.session.closed" => &["duration_ms", "duration"],
        "cowrie.client.version" => &["version"],
        "cowrie.client.kex" => &["hassh"],
        "cowrie.client.size" => &["width", "height"],
        "cowrie.session.params" => &["arch"],
        "cowrie.login.success" | "cowrie.login.failed" => &["username", "password"],
        "cowrie.client.fingerprint" => &["key", "type"],
        "cowrie.command.input" => &["input"],
        "cowrie.session.file_download" | "cowrie.session.file_upload" => {
            &["shasum", "filename", "destfile", "url"]
        }
        _ => &[],
    }
}

/// The fields that are read, with their values, and the names of the others, which are kept.
fn members(text: &str, fields: &Fields<'_>, kind: &str) -> (Value, Value) {
    #[expect(clippy::zero_sized_map_values, reason = "an object is a map; its values stay unread")]
    let names: BTreeMap<String, IgnoredAny> = serde_json::from_str(text).unwrap_or_default();
    let (mut read, mut unread) = (Map::new(), Vec::new());
    for name in names.into_keys() {
        let is_read = ALWAYS.contains(&name.as_str()) || read_of(kind).contains(&name.as_str());
        let number = || fields.number(&name).map(|number| json!(number));
        let value = fields.text(&name).map(|text| json!(text)).or_else(number);
        if is_read {
            read.insert(name, value.unwrap_or(Value::Null));
        } else {
            unread.push(Value::String(name));
        }
    }
    (Value::Object(read), Value::Array(unread))
}

impl Explanation {
    /// All of it as one JSON object, with the bytes as text and in base64.
    pub fn document(&self) -> Value {
        let mut document = Map::new();
        document.insert("schema".to_owned(), "cowrie-loader.explain/1".into());
        document.extend(self.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        document.insert("original".to_owned(), json!(str::from_utf8(&self.original).ok()));
        document.insert("original_base64".to_owned(), BASE64.encode(&self.original).into());
        Value::Object(document)
    }
}

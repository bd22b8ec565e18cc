//! From the bytes of one object to an event or a reject.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use cowrie_core::{EventId, parse_time};
use sha2::{Digest, Sha256};

use crate::canonical;
use crate::escape::{REPEATED_KEY, escape_json, unescape_json};
use crate::fields::Fields;
use crate::json::{JsonError, decode};

/// The longest session id and sensor name, in bytes: both become keys of database rows.
pub const MAX_NAME_BYTES: usize = 256;

/// Numbers above this count milliseconds since 1970, not seconds: as seconds it is the year 5138.
const LARGEST_SECONDS: f64 = 1e11;

/// One event: an object with an `eventid` and a time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// The identity of the content.
    pub id: EventId,
    /// When it happened, to the microsecond.
    pub at: DateTime<Utc>,
    /// The session it belongs to, as Cowrie wrote it.
    pub session: Option<String>,
    /// The sensor that logged it.
    pub sensor: Option<String>,
    /// The event as it was written, in the stored form (see the crate's documentation).
    pub text: String,
}

impl Event {
    /// The event that a database kept, with the identity that was given to it when it was read.
    ///
    /// # Errors
    ///
    /// Why the text is no stored event (any more).
    pub fn from_stored(id: EventId, text: &str) -> Result<Self, Reject> {
        let fields = Fields::read(text).map_err(Reject::NotJson)?;
        let (at, session, sensor) = head_of(&fields)?;
        Ok(Self { id, at, session, sensor, text: text.to_owned() })
    }

    /// Whether its text still is the content that its identity was made of; reads it once more.
    pub fn is_intact(&self) -> bool {
        parse(&unescape_json(&self.text)).is_ok_and(|event| event.id == self.id)
    }

    /// The fields of the event.
    ///
    /// # Errors
    ///
    /// None for an event that [`parse`] gave; the type says so for texts changed since.
    pub fn fields(&self) -> Result<Fields<'_>, JsonError> {
        Fields::read(&self.text)
    }
}

/// Why some bytes are not an event.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Reject {
    /// The bytes are not one JSON object.
    #[error("not a JSON object")]
    NotJson(#[source] JsonError),
    /// An object without a string `eventid`.
    #[error("a JSON object without an `eventid`, so not a Cowrie event")]
    NotAnEvent,
    /// Neither `timestamp` nor `time`.
    #[error("an event without a `timestamp`")]
    NoTime,
    /// The time cannot be read, or lies outside 1970 to 9998.
    #[error("an event whose `timestamp` is not a time between 1970 and 9998")]
    BadTime,
    /// A session id or sensor name longer than [`MAX_NAME_BYTES`].
    #[error("an event whose `{0}` is longer than {MAX_NAME_BYTES} bytes")]
    NameTooLong(&'static str),
}

impl Reject {
    /// A short word for the reason, as dead letters keep it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotJson(_) => "not_json",
            Self::NotAnEvent => "not_an_event",
            Self::NoTime => "no_time",
            Self::BadTime => "bad_time",
            Self::NameTooLong(_) => "name_too_long",
        }
    }
}

type Head = (DateTime<Utc>, Option<String>, Option<String>);

/// Reads one JSON object as a Cowrie event.
///
/// # Errors
///
/// Why it is none; the bytes are then for the dead letters.
pub fn parse(bytes: &[u8]) -> Result<Event, Reject> {
    let text = escape_json(bytes.trim_ascii());
    let fields = Fields::read(&text).map_err(Reject::NotJson)?;
    let (at, session, sensor) = head_of(&fields)?;
    let mut canonical = Vec::with_capacity(text.len());
    canonical::write(&text, &mut canonical);
    let digest: [u8; 32] = Sha256::digest(&canonical).into();
    let id = EventId::new(at, &digest).ok_or(Reject::BadTime)?;
    let text = mark_repeated_keys(&text, &fields).unwrap_or_else(|| text.into_owned());
    Ok(Event { id, at, session, sensor, text })
}

/// When, which session, which sensor.
fn head_of(fields: &Fields<'_>) -> Result<Head, Reject> {
    fields.text("eventid").filter(|id| !id.is_empty()).ok_or(Reject::NotAnEvent)?;
    Ok((time_of(fields)?, name(fields, "session")?, name(fields, "sensor")?))
}

fn time_of(fields: &Fields<'_>) -> Result<DateTime<Utc>, Reject> {
    let time = |name| -> Option<DateTime<Utc>> {
        let text = fields.text(name);
        text.as_deref().and_then(parse_time).or_else(|| epoch(fields.number(name)?))
    };
    let is_there = |name| {
        fields.text(name).is_some_and(|text| !text.is_empty()) || fields.number(name).is_some()
    };
    match time("timestamp").or_else(|| time("time")) {
        Some(time) => Ok(time),
        None if is_there("timestamp") || is_there("time") => Err(Reject::BadTime),
        None => Err(Reject::NoTime),
    }
}

/// A time given as a number since 1970, in seconds or milliseconds.
fn epoch(number: f64) -> Option<DateTime<Utc>> {
    let seconds = if number.abs() > LARGEST_SECONDS { number / 1e3 } else { number };
    #[expect(clippy::cast_possible_truncation, reason = "a saturating cast; the range is checked")]
    let micros = (seconds * 1e6).round() as i64;
    DateTime::from_timestamp_micros(micros).and_then(|time| parse_time(&time.to_rfc3339()))
}

/// A field that is to become part of a key.
fn name(fields: &Fields<'_>, key: &'static str) -> Result<Option<String>, Reject> {
    let text = fields.text(key).filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| text.len() > MAX_NAME_BYTES) {
        return Err(Reject::NameTooLong(key));
    }
    Ok(text.map(Cow::into_owned))
}

/// The text with every top-level key marked that stands again later, if there are any: one
/// database would read the first of them, the other the last.
fn mark_repeated_keys(text: &str, fields: &Fields<'_>) -> Option<String> {
    if fields.are_keys_distinct() {
        return None;
    }
    let members = fields.members();
    let last: HashMap<_, _> =
        members.iter().enumerate().map(|(at, member)| (decode(member.key), at)).collect();
    if last.len() == members.len() {
        return None;
    }
    let mut marked = String::with_capacity(text.len() + members.len() * REPEATED_KEY.len());
    let mut done = 0;
    for (at, member) in members.iter().enumerate() {
        if last.get(&decode(member.key)) != Some(&at) {
            marked.push_str(text.get(done..member.key_end).unwrap_or_default());
            marked.push_str(REPEATED_KEY);
            done = member.key_end;
        }
    }
    marked.push_str(text.get(done..).unwrap_or_default());
    Some(marked)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use cowrie_core::format_time;

    use super::*;

    fn line(extra: &str) -> String {
        format!(r#"{{"eventid":"cowrie.x","timestamp":"2026-04-29T10:00:00.000000Z"{extra}}}"#)
    }

    fn id(text: &str) -> EventId {
        parse(text.as_bytes()).unwrap().id
    }

    #[test]
    fn identity_is_the_content() {
        let one = line(r#","a":1.0,"b":"/é""#);
        let other = r#"{ "b": "\/\u00e9", "a": 1.0,
            "timestamp": "2026-04-29T10:00:00.000000Z", "eventid": "cowrie.x" }"#;
        assert_eq!(id(&one), id(other));
        assert_ne!(id(&one), id(&line(r#","a":1,"b":"/é""#)), "numbers count as written");
        assert_ne!(id(&line(r#","a":"\u0000""#)), id(&line(r#","a":"0""#)));
        assert_eq!(id(&one).to_string().get(..12), Some("019dd8ae6100"));
    }

    #[test]
    fn rejects_say_why() {
        let check = |text: &str| parse(text.as_bytes()).map_or_else(|r| r.code(), |_| "event");
        assert_eq!(check(r#"{"eventid":"x"}"#), "no_time");
        assert_eq!(check(r#"{"eventid":"x","timestamp":"soon"}"#), "bad_time");
        assert_eq!(check(r#"{"eventid":"x","timestamp":-5}"#), "bad_time");
        assert_eq!(check(r#"{"eventid":7,"timestamp":"2026-04-29T10:00:00Z"}"#), "not_an_event");
        assert_eq!(check(r#"{"a":1}"#), "not_an_event");
        assert_eq!(check(r#"["eventid"]"#), "not_json");
        assert_eq!(check("\u{0}\u{1}"), "not_json");
        assert_eq!(check(&line(&format!(r#","session":"{}""#, "a".repeat(300)))), "name_too_long");
        assert_eq!(check(r#"{"eventid":"x","time":1777456800}"#), "event");
    }

    #[test]
    fn numbers_are_times_in_seconds_or_milliseconds() {
        for number in ["1777456800.5", "1777456800500", "\"1777456800.5\""] {
            let text = format!(r#"{{"eventid":"x","timestamp":{number}}}"#);
            let at = parse(text.as_bytes()).unwrap().at;
            assert_eq!(format_time(at), "2026-04-29T10:00:00.500000+00:00", "{number}");
        }
    }

    #[test]
    fn a_repeated_key_reads_the_same_everywhere() {
        let original = line(r#","a":1,"a":2"#);
        let event = parse(original.as_bytes()).unwrap();
        assert!(event.text.contains(r#""a\ue000k":1,"a":2"#), "{}", event.text);
        assert_eq!(unescape_json(&event.text).as_ref(), original.as_bytes());
        assert_ne!(event.id, id(&line(r#","a":2"#)));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_an_event_or_a_reject(bytes in proptest::collection::vec(0u8.., 0..60)) {
            let text = [br#"{"eventid":"x","timestamp":1,"a":""#, bytes.as_slice(), br#""}"#].concat();
            for input in [bytes.as_slice(), text.as_slice()] {
                if let Ok(event) = parse(input) {
                    let back = unescape_json(&event.text).into_owned();
                    proptest::prop_assert_eq!(back, input.trim_ascii());
                }
            }
        }

        #[test]
        fn what_is_stored_is_read_back(keys in proptest::collection::vec(
            proptest::sample::select(vec![
                "eventid", "\\u0065ventid", "timestamp", "\\u0074imestamp", "session",
                "\\u0073ession", "sensor", "a", "\\u0061",
            ]),
            0..9,
        )) {
            let members = keys.iter().enumerate().map(|(at, key)| format!("\"{key}\":\"{at}\""));
            let fixed = [r#""eventid":"x""#.to_owned(), r#""timestamp":1"#.to_owned()];
            let all: Vec<_> = fixed.into_iter().chain(members).collect();
            if let Ok(event) = parse(format!("{{{}}}", all.join(",")).as_bytes()) {
                let read = Event::from_stored(event.id, &event.text);
                proptest::prop_assert_eq!(read, Ok(event));
            }
        }

        #[test]
        fn escapes_do_not_matter(
            text in "[ -~\u{80}-\u{d7ff}\u{10000}-\u{10fff}]{0,12}",
            is_spelled in proptest::collection::vec(proptest::bool::ANY, 12),
        ) {
            let mut spelled = String::new();
            for (letter, is_spelled) in text.chars().zip(is_spelled) {
                let mut units = [0; 2];
                match letter {
                    '"' | '\\' => spelled.extend(['\\', letter]),
                    _ if is_spelled => for unit in letter.encode_utf16(&mut units) {
                        write!(spelled, "\\u{unit:04X}").unwrap();
                    },
                    _ => spelled.push(letter),
                }
            }
            let plain = serde_json::to_string(&text).unwrap_or_default();
            let event = |password: &str| id(&line(&format!(r#","password":{password}"#)));
            proptest::prop_assert_eq!(event(&plain), event(&format!("\"{spelled}\"")));
            proptest::prop_assert_ne!(event(&plain), event(&format!("\"{spelled}!\"")));
        }

        #[test]
        fn numbers_count_as_they_are_written(
            one in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
            other in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        ) {
            let event = |number: &str| id(&line(&format!(r#","a":[{number}]"#)));
            proptest::prop_assert_eq!(event(&one), event(&format!("\n{one} ")));
            proptest::prop_assert_eq!(event(&one) == event(&other), one == other);
        }

        #[test]
        fn key_order_and_blanks_do_not_matter(
            members in proptest::collection::btree_map("[a-d]{1,3}", "[ -~]{0,8}", 0..5),
            blanks in "[ \n\t]{0,3}",
        ) {
            let member = |(key, value): (&String, &String)| {
                let value = serde_json::to_string(value).unwrap_or_default();
                format!("{blanks}\"{key}\"{blanks}:{blanks}{value}{blanks}")
            };
            let fixed = [r#""eventid":"x""#.to_owned(), r#""timestamp":1"#.to_owned()];
            let forward: Vec<_> = fixed.iter().cloned().chain(members.iter().map(member)).collect();
            let mut backward = forward.clone();
            backward.reverse();
            let object = |members: &[String]| format!("{{{}}}", members.join(","));
            proptest::prop_assert_eq!(id(&object(&forward)), id(&object(&backward)));
        }
    }
}

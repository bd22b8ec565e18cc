//! Putting answers into a document, and completing a session's document.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use cowrie_core::format_time;
use cowrie_enrichment::{Answer, Outcome, SourceName};
use serde_json::{Map, Value};

use crate::enrichment::{Enrichment, SNAPSHOT, Status};

/// Characters of a reason that are kept.
const REASON_CHARS: usize = 200;

impl Enrichment {
    /// Puts an answer that came at `now` into the document of an address.
    ///
    /// Data replace data, and *not found* removes them, since the source takes them back.
    /// A source that has answered before keeps its answer when it fails or is out of quota:
    /// `_meta` then says so by `refresh_failed_at` and `reason`. *Skipped* never replaces an
    /// answer. The same answer at the same time changes nothing more.
    ///
    /// This is for addresses; the document of a session only grows, by
    /// [`Enrichment::complete_from`].
    pub fn record(&mut self, source: SourceName, answer: &Answer, now: DateTime<Utc>) {
        let has_answered = self.has_answered(source);
        match &answer.outcome {
            Outcome::Found(data) => {
                self.data.insert(source.name().to_owned(), data.as_map().clone());
                self.note(source, tried(Status::Ok, answer, now));
            }
            Outcome::NotFound => {
                self.data.remove(source.name());
                self.note(source, tried(Status::NotFound, answer, now));
            }
            Outcome::Skipped { .. } if has_answered => {}
            Outcome::Skipped { reason } => {
                self.note(source, with_reason(tried(Status::Skipped, answer, now), reason));
            }
            Outcome::Failed { reason, .. } if has_answered => {
                self.note_failed_refresh(source, reason, now);
            }
            Outcome::Failed { reason, .. } => {
                self.note(source, with_reason(tried(Status::Failed, answer, now), reason));
            }
            Outcome::Quota { .. } if has_answered => {
                self.note_failed_refresh(source, "out of quota", now);
            }
            Outcome::Quota { until } => {
                let mut entry = tried(Status::Quota, answer, now);
                put_time(&mut entry, "expires_at", until.or(answer.expires_at));
                self.note(source, entry);
            }
        }
    }

    /// Adds what this document of a session lacks and a newer one has; `true` when that changed it.
    ///
    /// Only ever adds: a source that has answered here, and a snapshot value whose origin stands
    /// here, stay as they are. A source that is absent, or was skipped, failed or out of quota, is
    /// taken over when it has answered in `newer`; one that is absent also when it has not.
    pub fn complete_from(&mut self, newer: &Self) -> bool {
        let mut has_changed = false;
        let keys: BTreeSet<_> = newer.data.keys().chain(newer.meta.keys()).collect();
        for key in keys.into_iter().filter(|key| *key != SNAPSHOT) {
            if newer.standing(key) > self.standing(key) {
                copy_or_remove(&mut self.data, &newer.data, key);
                copy_or_remove(&mut self.meta, &newer.meta, key);
                has_changed = true;
            }
        }
        for (name, origin) in newer.meta.get(SNAPSHOT).into_iter().flatten() {
            let origins = self.meta.entry(SNAPSHOT.to_owned()).or_default();
            if !origins.contains_key(name) {
                origins.insert(name.clone(), origin.clone());
                has_changed = true;
            }
        }
        has_changed
    }

    fn note(&mut self, source: SourceName, entry: Map<String, Value>) {
        self.meta.insert(source.name().to_owned(), entry);
    }

    fn note_failed_refresh(&mut self, source: SourceName, reason: &str, now: DateTime<Utc>) {
        let entry = self.meta.entry(source.name().to_owned()).or_default();
        // Data that came without a note are an answer all the same.
        entry.entry("status").or_insert_with(|| Status::Ok.name().into());
        put_time(entry, "refresh_failed_at", Some(now));
        entry.insert("reason".to_owned(), one_line(reason).into());
    }

    /// How much a source has said: nothing, tried, answered.
    fn standing(&self, key: &str) -> u8 {
        if self.has_answered_as(key) { 2 } else { u8::from(self.meta.contains_key(key)) }
    }
}

/// What `_meta` says of a try.
fn tried(status: Status, answer: &Answer, now: DateTime<Utc>) -> Map<String, Value> {
    let mut entry = Map::new();
    entry.insert("status".to_owned(), status.name().into());
    put_time(&mut entry, "fetched_at", Some(now));
    put_time(&mut entry, "expires_at", answer.expires_at);
    put_time(&mut entry, "vintage", answer.vintage);
    let differing = answer.vintages.values().any(|vintage| Some(*vintage) != answer.vintage);
    if status.is_answer() && differing {
        let times = answer.vintages.iter();
        let times = times.map(|(fact, time)| ((*fact).to_owned(), format_time(*time).into()));
        entry.insert("vintages".to_owned(), Value::Object(times.collect()));
    }
    entry
}

fn with_reason(mut entry: Map<String, Value>, reason: &str) -> Map<String, Value> {
    entry.insert("reason".to_owned(), one_line(reason).into());
    entry
}

fn put_time(entry: &mut Map<String, Value>, name: &str, time: Option<DateTime<Utc>>) {
    entry.extend(time.map(|time| (name.to_owned(), format_time(time).into())));
}

/// A reason may quote a remote service: no control characters, and not endless.
fn one_line(reason: &str) -> String {
    let clean = reason.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(REASON_CHARS).collect()
}

fn copy_or_remove<T: Clone>(to: &mut BTreeMap<String, T>, from: &BTreeMap<String, T>, key: &str) {
    match from.get(key) {
        Some(entry) => to.insert(key.to_owned(), entry.clone()),
        None => to.remove(key),
    };
}

#[cfg(test)]
mod tests {
    use cowrie_enrichment::{Remedy, Vintages};
    use serde_json::json;

    use super::*;

    const SOURCE: SourceName = SourceName::DShield;

    /// Day `day` of a month.
    fn day(day: u32) -> DateTime<Utc> {
        format!("2026-05-{day:02}T00:00:00Z").parse().unwrap()
    }

    fn found(facts: Value, expires_at: u32) -> Answer {
        let Value::Object(facts) = facts else { panic!("{facts} is not an object") };
        Answer { expires_at: Some(day(expires_at)), ..Outcome::found(facts).into() }
    }

    fn failed() -> Answer {
        Outcome::Failed { reason: "HTTP\n503".to_owned(), remedy: Remedy::TryAgain }.into()
    }

    fn stamp(of: u32) -> String {
        format_time(day(of))
    }

    /// Records each answer on the day of its number, counted from 1.
    #[track_caller]
    fn check(answers: &[Answer], expected: &Value) -> Enrichment {
        let mut document = Enrichment::default();
        for (answer, on) in answers.iter().zip(1..) {
            document.record(SOURCE, answer, day(on));
        }
        let text = document.to_json().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), *expected);
        document
    }

    #[test]
    fn data_replace_data_and_not_found_takes_them_back() {
        let ok = json!({"status": "ok", "fetched_at": stamp(2), "expires_at": stamp(9)});
        let answers = [found(json!({"count": 1}), 8), found(json!({"asn": 2}), 9)];
        check(&answers, &json!({"dshield": {"asn": 2}, "_meta": {"dshield": ok}}));
        let not_found = json!({"status": "not_found", "fetched_at": stamp(2)});
        let answers = [found(json!({"count": 1}), 8), Outcome::NotFound.into()];
        check(&answers, &json!({"_meta": {"dshield": not_found}}));
    }

    #[test]
    fn a_failed_refresh_keeps_the_data_and_says_so() {
        let meta = json!({"status": "ok", "fetched_at": stamp(1), "expires_at": stamp(8),
            "refresh_failed_at": stamp(2), "reason": "HTTP 503"});
        let expected = json!({"dshield": {"count": 1}, "_meta": {"dshield": meta}});
        let first = found(json!({"count": 1}), 8);
        let document = check(&[first.clone(), failed()], &expected);
        assert!(!document.is_stale(SOURCE, day(7), &Vintages::new()));
        assert!(document.is_stale(SOURCE, day(8), &Vintages::new()));
        // Skipped says nothing of an answer, and a good answer forgets the failure.
        check(&[first.clone(), failed(), Outcome::skipped("not needed").into()], &expected);
        let ok = json!({"status": "ok", "fetched_at": stamp(3), "expires_at": stamp(8)});
        let expected = json!({"dshield": {"count": 1}, "_meta": {"dshield": ok}});
        check(&[first.clone(), failed(), first], &expected);
    }

    #[test]
    fn a_try_without_an_answer_is_stale_until_it_says_otherwise() {
        let failure = json!({"status": "failed", "fetched_at": stamp(1), "reason": "HTTP 503"});
        let document = check(&[failed()], &json!({"_meta": {"dshield": failure}}));
        assert!(document.is_stale(SOURCE, day(1), &Vintages::new()));
        let quota = json!({"status": "quota", "fetched_at": stamp(2), "expires_at": stamp(4)});
        let answers = [failed(), Outcome::Quota { until: Some(day(4)) }.into()];
        let document = check(&answers, &json!({"_meta": {"dshield": quota}}));
        assert!(!document.is_stale(SOURCE, day(3), &Vintages::new()));
        assert!(document.is_stale(SOURCE, day(4), &Vintages::new()));
        assert!(document.is_stale(SourceName::Cymru, day(1), &Vintages::new()));
        let skip = json!({"status": "skipped", "fetched_at": stamp(1), "reason": "not configured"});
        let answers = [Outcome::skipped("not configured").into()];
        let document = check(&answers, &json!({"_meta": {"dshield": skip}}));
        assert!(document.is_stale(SOURCE, day(1), &Vintages::new()));
    }

    #[test]
    fn an_answer_from_files_is_stale_when_other_files_are_in_force() {
        let vintages = [("country", day(2)), ("asn", day(3))].into();
        let answer = Answer { vintage: Some(day(2)), vintages, ..Outcome::NotFound.into() };
        let meta = json!({"status": "not_found", "fetched_at": stamp(1), "vintage": stamp(2),
            "vintages": {"asn": stamp(3), "country": stamp(2)}});
        let document = check(&[answer], &json!({"_meta": {"dshield": meta}}));
        for (asn, country, is_stale) in [(3, 2, false), (4, 2, true), (2, 2, true), (3, 3, true)] {
            let in_force = Vintages::from([("asn", day(asn)), ("country", day(country))]);
            assert_eq!(document.is_stale(SOURCE, day(28), &in_force), is_stale, "{in_force:?}");
        }
    }

    #[test]
    fn completing_adds_what_was_not_answered_and_nothing_else() {
        let read = |text| Enrichment::from_json(Some(text)).unwrap();
        let mut session = read(
            r#"{"maxmind": {"asn": 1}, "_meta": {
                "maxmind": {"status": "ok"}, "cymru": {"status": "not_found"},
                "dshield": {"status": "failed", "reason": "r"}, "spur": {"status": "quota"},
                "snapshot": {"asn": {"basis": "at_load"}}}}"#,
        );
        let address = read(
            r#"{"maxmind": {"asn": 2}, "cymru": {"asn": 3}, "dshield": {"count": 4}, "_meta": {
                "maxmind": {"status": "ok"}, "cymru": {"status": "ok"},
                "dshield": {"status": "ok"}, "spur": {"status": "skipped"},
                "greynoise": {"status": "failed"}, "urlhaus": {"status": "not_found"},
                "snapshot": {"asn": {"basis": "backfilled"}, "country": {"basis": "backfilled"}}}}"#,
        );
        let expected = read(
            r#"{"maxmind": {"asn": 1}, "dshield": {"count": 4}, "_meta": {
                "maxmind": {"status": "ok"}, "cymru": {"status": "not_found"},
                "dshield": {"status": "ok"}, "spur": {"status": "quota"},
                "greynoise": {"status": "failed"}, "urlhaus": {"status": "not_found"},
                "snapshot": {"asn": {"basis": "at_load"}, "country": {"basis": "backfilled"}}}}"#,
        );
        assert!(session.complete_from(&address));
        assert_eq!(session, expected);
        assert!(!session.complete_from(&address));
    }
}

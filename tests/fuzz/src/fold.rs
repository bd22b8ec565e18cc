//! The laws of folding events into sessions.

use std::collections::{BTreeMap, BTreeSet};

use cowrie_parse::{Event, parse};
use cowrie_session::{Part, Session, family_of, fold_family};

/// The data is a log, one event on a line; what is none is left out.
pub fn check(data: &[u8]) {
    let mut families: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for event in data.split(|byte| *byte == b'\n').filter_map(|line| parse(line).ok()) {
        families.entry(family_of(&event)).or_default().push(event);
    }
    let mut names = BTreeSet::new();
    for (family, events) in &families {
        let sessions = fold_family(family, events);
        check_order(family, events, &sessions);
        check_documents(events, &sessions);
        check_growth(family, events, &sessions);
        for session in sessions {
            check_counts(&session);
            assert!(names.insert(session.id), "no two sessions have one name, in {family}");
        }
    }
}

/// Neither order nor repetition matters.
fn check_order(family: &str, events: &[Event], sessions: &[Session]) {
    let backward = fold_family(family, events.iter().rev());
    assert_eq!(sessions, backward, "backward");
    let (front, back) = events.split_at(events.len() / 2);
    let rotated = fold_family(family, back.iter().chain(front).chain(back));
    assert_eq!(sessions, rotated, "rotated and repeated");
}

/// The documents hold each event once, and give it back.
fn check_documents(events: &[Event], sessions: &[Session]) {
    let ids: BTreeSet<_> = events.iter().map(|event| event.id).collect();
    let stored = stored(sessions);
    let stored_ids: BTreeSet<_> = stored.iter().map(|event| event.id).collect();
    assert_eq!(stored.len(), stored_ids.len(), "each once");
    assert_eq!(ids, stored_ids, "none more and none less");
    for event in &stored {
        let is_known = events.iter().any(|known| known == event);
        assert!(is_known, "it is what went in: {event:?}");
    }
}

/// Folding what was stored and the rest is folding all.
fn check_growth(family: &str, events: &[Event], sessions: &[Session]) {
    let (first, rest) = events.split_at(events.len() / 3);
    let first = stored(&fold_family(family, first));
    assert_eq!(sessions, fold_family(family, first.iter().chain(rest)), "grown");
}

/// The events that the documents of some sessions hold.
fn stored(sessions: &[Session]) -> Vec<Event> {
    let parts = sessions.iter().flat_map(|session| &session.parts);
    let read = parts.flat_map(|part| {
        let events = Part::read(&part.event_ids, &part.events);
        assert!(events.is_ok(), "a document can be read: {events:?}");
        let events = events.unwrap_or_default();
        assert_eq!(u32::try_from(events.len()).ok(), Some(part.n_events), "it counts its events");
        events
    });
    read.collect()
}

/// What a session counts is what it holds.
fn check_counts(session: &Session) {
    let held: u32 = session.parts.iter().map(|part| part.n_events).sum();
    let Some(summary) = &session.summary else { return };
    assert_eq!(summary.event_count, held);
    assert!(summary.first_event_at <= summary.last_event_at);
    assert!(summary.login_successes <= summary.login_attempts);
    assert!(summary.risk_score <= 100);
    assert!(summary.duration_seconds.is_none_or(|seconds| (0.0..=1e9).contains(&seconds)));
    let typed: u32 = session.commands.iter().map(|command| command.occurrences).sum();
    assert!(typed <= summary.command_count, "empty commands are counted, and not kept");
    let tried: u32 = session.logins.iter().map(|login| login.attempts).sum();
    assert!(tried <= summary.login_attempts);
}

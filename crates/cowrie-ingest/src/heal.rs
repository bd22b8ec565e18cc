//! Lines torn by a rotation: the end of one log and the beginning of another are one event.
//!
//! Cowrie before 3.0.6 wrote a line in pieces, and the rotation at midnight could come between
//! two of them; a rotation that copies and truncates can do the same to any writer. Names and
//! inodes do not tell for sure which two logs belong together, and the halves may be read years
//! apart. The content does: together the halves are an event, and it happened between the event
//! before the one half and the event behind the other, on the same sensor.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_core::parse_address;
use cowrie_parse::Event;
use cowrie_store::{DeadLetter, Resolution, Settled, StoreError, TORN, Writing};

use crate::batch::{Batch, Placed};

/// The longest that may lie between the events beside two halves: as long as Cowrie lets a session
/// be idle, whose line was being written. A file that is missing between two torn ones, so that
/// their halves belong to two lines, holds more than that.
const LONGEST_SILENCE: TimeDelta = TimeDelta::minutes(5);

/// By how much events may stand in a log in another order than that of their times.
const DISORDER: TimeDelta = TimeDelta::minutes(1);

/// Halves of this load that are no dead letters, as their logs may still grow.
#[derive(Debug, Default)]
pub(crate) struct Halves {
    waiting: Vec<DeadLetter>,
}

impl Halves {
    /// Finds the halves of lines among what the batch brings, this load has seen and the tables
    /// hold, and puts whole events into the batch; gives their number.
    pub(crate) async fn heal(
        &mut self,
        batch: &mut Batch,
        writing: &mut Writing,
    ) -> Result<u64, StoreError> {
        let is_end = |letter: &&DeadLetter| letter.reason == TORN;
        let new_ends: Vec<DeadLetter> =
            batch.letters.iter().filter(is_end).chain(&batch.waiting).cloned().collect();
        let new_heads: Vec<DeadLetter> =
            batch.letters.iter().filter(|letter| is_head(letter)).cloned().collect();
        if new_ends.is_empty() && new_heads.is_empty() {
            return Ok(0);
        }
        let (mut ends, heads) = with_stored(new_ends, new_heads, writing).await?;
        ends.extend(self.waiting.iter().cloned());
        self.waiting.append(&mut batch.waiting);
        let healed = pairs(&ends, &heads);
        let n_healed = healed.len() as u64;
        for (end, head, event) in healed {
            self.waiting.retain(|letter| letter.content_id != end.content_id);
            let source = Arc::from(end.source.as_str());
            batch.add_event(Placed { event, source, offset: end.offset });
            for letter in [end, head] {
                let content_id = letter.content_id.clone();
                batch.settled.push(Settled { content_id, resolution: Resolution::Healed });
                batch.letters.push(letter.clone());
            }
        }
        Ok(n_healed)
    }
}

/// The ends and beginnings, with those that the tables hold and that may be their other halves.
async fn with_stored(
    new_ends: Vec<DeadLetter>,
    new_heads: Vec<DeadLetter>,
    writing: &mut Writing,
) -> Result<(Vec<DeadLetter>, Vec<DeadLetter>), StoreError> {
    let (mut ends, mut heads) = (new_ends.clone(), new_heads.clone());
    for at in new_heads.iter().filter_map(|head| head.beside_at) {
        ends.extend(writing.read().halves_between((at - LONGEST_SILENCE, at), true).await?);
    }
    for at in new_ends.iter().filter_map(|end| end.beside_at) {
        heads.extend(writing.read().halves_between((at, at + LONGEST_SILENCE), false).await?);
    }
    Ok((ends, heads))
}

/// Whether a letter is about the beginning of a log.
fn is_head(letter: &DeadLetter) -> bool {
    letter.offset == 0 && letter.reason == "not_json"
}

/// The halves that are one event. A half that would be one with several others is left alone:
/// nothing tells which of them is its own.
fn pairs<'a>(
    ends: &'a [DeadLetter],
    heads: &'a [DeadLetter],
) -> Vec<(&'a DeadLetter, &'a DeadLetter, Event)> {
    let ends: BTreeMap<_, _> = ends.iter().map(|end| (&end.content_id, end)).collect();
    let heads: BTreeMap<_, _> = heads.iter().map(|head| (&head.content_id, head)).collect();
    let candidates: Vec<_> = ends
        .values()
        .flat_map(|end| heads.values().map(|head| (*end, *head)))
        .filter_map(|(end, head)| Some((end, head, joined(end, head)?)))
        .collect();
    let mut n_of: BTreeMap<&String, usize> = BTreeMap::new();
    for id in candidates.iter().flat_map(|(end, head, _)| [&end.content_id, &head.content_id]) {
        *n_of.entry(id).or_default() += 1;
    }
    let is_alone = |letter: &DeadLetter| n_of.get(&letter.content_id) == Some(&1);
    candidates.into_iter().filter(|(end, head, _)| is_alone(end) && is_alone(head)).collect()
}

/// The event that two halves are.
fn joined(end: &DeadLetter, head: &DeadLetter) -> Option<Event> {
    let (before, after) = (end.beside_at?, head.beside_at?);
    let between = after - before;
    let is_one_log = end.source == head.source && between.is_zero();
    let is_whole = |letter: &DeadLetter| letter.payload.len() as u64 == letter.length;
    if between < TimeDelta::zero() || between > LONGEST_SILENCE || is_one_log {
        return None;
    }
    if end.sensor != head.sensor || !is_whole(end) || !is_whole(head) {
        return None;
    }
    let event = cowrie_parse::parse(&[&*end.payload, &*head.payload].concat()).ok()?;
    // No event has a key twice; halves of two events may, and the parser marks it so.
    if event.text.contains("\u{e000}k\":") {
        return None;
    }
    let is_between = |at: DateTime<Utc>| at >= before - DISORDER && at <= after + DISORDER;
    (is_between(event.at) && event.sensor == end.sensor && has_address(&event)).then_some(event)
}

/// Whether the address in an event, if there is any, is one: the seam may be in it.
fn has_address(event: &Event) -> bool {
    let Ok(fields) = event.fields() else { return false };
    fields.text("src_ip").is_none_or(|address| parse_address(&address).is_some())
}

#[cfg(test)]
mod tests {
    use cowrie_core::parse_time;

    use super::*;

    fn half(name: &str, text: &str, beside: &str) -> DeadLetter {
        DeadLetter {
            content_id: name.to_owned(),
            source: name.to_owned(),
            offset: 0,
            length: text.len() as u64,
            reason: TORN,
            detail: String::new(),
            payload: text.as_bytes().to_vec(),
            sensor: Some("s".to_owned()),
            beside_at: parse_time(beside),
        }
    }

    const HEAD: &str = r#"{"eventid":"cowrie.login.failed","username":"ro"#;
    const TAIL: &str =
        r#"ot","src_ip":"192.0.2.7","sensor":"s","timestamp":"2026-04-29T10:00:01Z"}"#;

    #[track_caller]
    fn check(ends: &[DeadLetter], heads: &[DeadLetter], expected: &[(&str, &str)]) {
        let names: Vec<_> = pairs(ends, heads)
            .iter()
            .map(|(end, head, _)| (end.content_id.as_str(), head.content_id.as_str()))
            .collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn halves_are_joined_where_nothing_speaks_against_it() {
        let end = half("end", HEAD, "2026-04-29T10:00:00Z");
        let head = half("head", TAIL, "2026-04-29T10:00:02Z");
        let [ends, heads] = [[end.clone()], [head.clone()]];
        check(&ends, &heads, &[("end", "head")]);
        check(&[end.clone(), end], &heads, &[("end", "head")]);
        check(&ends, &[half("late", TAIL, "2026-04-29T10:05:01Z")], &[]);
        check(&ends, &[half("early", TAIL, "2026-04-29T09:59:59Z")], &[]);
        check(&ends, &[DeadLetter { sensor: None, ..head.clone() }], &[]);
        check(&ends, &[DeadLetter { length: 1_000, ..head }], &[]);
    }

    /// Another half fits as well: one of the two would be an event that never was.
    #[test]
    fn a_half_with_two_others_is_left_alone() {
        let end = half("end", HEAD, "2026-04-29T10:00:00Z");
        let head = half("head", TAIL, "2026-04-29T10:00:02Z");
        let other_end = half("other end", HEAD, "2026-04-29T10:00:01Z");
        let other_head = half("other head", TAIL, "2026-04-29T10:00:03Z");
        check(&[end.clone(), other_end], std::slice::from_ref(&head), &[]);
        check(&[end], &[head, other_head], &[]);
    }

    #[test]
    fn a_seam_within_an_address_shows() {
        let end = half("end", r#"{"eventid":"x","src_ip":"192.0.2"#, "2026-04-29T10:00:00Z");
        let rest = r#"","sensor":"s","timestamp":"2026-04-29T10:00:01Z"}"#;
        let head = |text: &str| [half("head", &format!("{text}{rest}"), "2026-04-29T10:00:02Z")];
        check(std::slice::from_ref(&end), &head(".7"), &[("end", "head")]);
        check(std::slice::from_ref(&end), &head("100.9"), &[]);
    }
}

//! Lines torn by a rotation: the end of one log and the beginning of another are one event.
//!
//! Cowrie before 3.0.6 wrote a line in pieces, and the rotation at midnight could come between
//! two of them; a rotation that copies and truncates can do the same to any writer. Names and
//! inodes do not tell for sure which two logs belong together, and the halves may be read years
//! apart. The content does: together the halves are an event, and it happened between the event
//! before the one half and the event behind the other, on the same sensor.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_parse::Event;
use cowrie_store::{DeadLetter, Resolution, Settled, StoreError, TORN, Writing};

use crate::batch::{Batch, Placed};

/// The longest that may lie between the events beside two halves. Rotations that tear a line come
/// once a day; within an hour there is one at most.
const LONGEST_SILENCE: TimeDelta = TimeDelta::hours(1);

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
        ends.extend(writing.halves_between((at - LONGEST_SILENCE, at), true).await?);
    }
    for at in new_ends.iter().filter_map(|end| end.beside_at) {
        heads.extend(writing.halves_between((at, at + LONGEST_SILENCE), false).await?);
    }
    Ok((ends, heads))
}

/// Whether a letter is about the beginning of a log.
fn is_head(letter: &DeadLetter) -> bool {
    letter.offset == 0 && letter.reason == "not_json"
}

/// The halves that are one event, those with the least time between them first; each half once.
fn pairs<'a>(
    ends: &'a [DeadLetter],
    heads: &'a [DeadLetter],
) -> Vec<(&'a DeadLetter, &'a DeadLetter, Event)> {
    let mut candidates: Vec<_> = ends
        .iter()
        .flat_map(|end| heads.iter().map(move |head| (end, head)))
        .filter_map(|(end, head)| {
            let (between, event) = joined(end, head)?;
            Some((between, &end.content_id, &head.content_id, end, head, event))
        })
        .collect();
    candidates.sort_by(|one, other| (one.0, one.1, one.2).cmp(&(other.0, other.1, other.2)));
    let mut used = BTreeSet::new();
    let mut pairs = Vec::new();
    for (_, end_id, head_id, end, head, event) in candidates {
        if !used.contains(end_id) && !used.contains(head_id) {
            used.extend([end_id, head_id]);
            pairs.push((end, head, event));
        }
    }
    pairs
}

/// The event that two halves are, and the time between the events beside them.
fn joined(end: &DeadLetter, head: &DeadLetter) -> Option<(TimeDelta, Event)> {
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
    (is_between(event.at) && event.sensor == end.sensor).then_some((between, event))
}

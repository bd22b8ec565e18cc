//! Set union of what the tables hold and what a batch brings, family by family.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cowrie_core::EventId;
use cowrie_parse::Event;
use cowrie_session::{Session, family_of, fold_family};
use cowrie_store::SessionChange;

/// The events of a family in a batch.
#[derive(Debug, Default)]
pub(crate) struct Family {
    events: Vec<Event>,
    /// The sessions that they make if the tables hold no others of the family; none before
    /// [`Families::fold`].
    alone: Vec<Session>,
}

/// The events of a batch by family.
#[derive(Debug, Default)]
pub(crate) struct Families(BTreeMap<String, Family>);

impl Families {
    /// Adds events, to be folded.
    pub(crate) fn extend(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            let family = self.0.entry(family_of(&event)).or_default();
            family.events.push(event);
            family.alone.clear();
        }
    }

    /// Makes sessions of the events of each family that has none yet.
    pub(crate) fn fold(&mut self) {
        for (name, family) in self.0.iter_mut().filter(|(_, family)| family.alone.is_empty()) {
            family.alone = fold_family(name, &family.events);
        }
    }

    /// The families that there are.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.0.keys().cloned().collect()
    }
}

/// What merging a batch comes to.
#[derive(Debug, Default)]
pub(crate) struct Merge {
    pub(crate) changes: Vec<SessionChange>,
    pub(crate) new_events: u64,
}

/// Merges the folded families of a batch into what the tables hold of them.
pub(crate) fn merge(incoming: Families, mut known: BTreeMap<String, Vec<Event>>) -> Merge {
    let mut merge = Merge::default();
    for (name, Family { events, alone }) in incoming.0 {
        let Some(known) = known.remove(&name) else {
            let parts = alone.iter().flat_map(|session| &session.parts);
            merge.new_events += parts.map(|part| u64::from(part.n_events)).sum::<u64>();
            merge.changes.extend(changes(&name, Vec::new(), alone));
            continue;
        };
        let (new_events, is_change) = news(&known, &events);
        merge.new_events += new_events;
        if is_change {
            let before = fold_family(&name, &known);
            let after = fold_family(&name, known.iter().chain(&events));
            merge.changes.extend(changes(&name, before, after));
        }
    }
    merge
}

/// How many of the incoming events are new, and whether they change the set at all: an event
/// that is known may come in a smaller spelling.
fn news(known: &[Event], incoming: &[Event]) -> (u64, bool) {
    let texts: HashMap<EventId, &str> =
        known.iter().map(|event| (event.id, event.text.as_str())).collect();
    let new: BTreeSet<EventId> =
        incoming.iter().map(|event| event.id).filter(|id| !texts.contains_key(id)).collect();
    let is_smaller =
        |event: &Event| texts.get(&event.id).is_some_and(|text| event.text.as_str() < *text);
    (new.len() as u64, !new.is_empty() || incoming.iter().any(is_smaller))
}

/// The changes of a family, session by session.
///
/// A session stays what it is while its name and its address do. Where an earlier connect takes
/// over a name, the session that had it goes and comes back under its new one.
fn changes(family: &str, before: Vec<Session>, after: Vec<Session>) -> Vec<SessionChange> {
    let is_split = after.len() > 1;
    let names = after.iter().filter(|_| is_split).map(|session| session.id.clone());
    let siblings: Arc<[String]> = names.collect();
    let change = |before, after| SessionChange {
        family: family.to_owned(),
        siblings: Arc::clone(&siblings),
        before,
        after,
        snapshot_asn_before: None,
        snapshot: None,
    };
    let mut before = before;
    let mut come = Vec::new();
    for session in after {
        let same = before.iter().position(|known| is_same(known, &session));
        let known = same.map(|at| before.swap_remove(at));
        if known.as_ref() != Some(&session) {
            come.push(change(known, Some(session)));
        }
    }
    let gone = before.into_iter().map(|session| change(Some(session), None));
    gone.chain(come).collect()
}

/// Whether two sessions are one, earlier and later.
fn is_same(known: &Session, session: &Session) -> bool {
    let address = |session: &Session| session.summary.as_ref().and_then(|s| s.source_ip);
    let has_moved = address(known).is_some() && address(known) != address(session);
    let learns_sensor = known.sensor.is_none() || known.sensor == session.sensor;
    known.id == session.id && learns_sensor && !has_moved
}

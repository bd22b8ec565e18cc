#![doc = include_str!("../README.md")]

mod family;
mod fold;
mod keys;
mod parts;
mod split;
mod uses;

use cowrie_parse::Event;

pub use family::family_of;
pub use fold::Summary;
pub use keys::{KeyMethod, KeyUse};
pub use parts::{BadPart, Part};
pub use uses::{CommandUse, Direction, FileUse, LoginUse};

/// Everything that follows from the set of one session's events.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The key of its rows.
    pub id: String,
    /// The sensor that logged its events; `None` when none of them names one.
    pub sensor: Option<String>,
    /// What its events add up to; `None` for events that belong to no session.
    pub summary: Option<Summary>,
    /// The distinct commands, in the order of their first use.
    pub commands: Vec<CommandUse>,
    /// The distinct credentials, in the order of their first use.
    pub logins: Vec<LoginUse>,
    /// The SSH keys planted, then those offered, each in the order of its first use.
    pub keys: Vec<KeyUse>,
    /// The files that came or went, by hash.
    pub files: Vec<FileUse>,
    /// The events, as documents.
    pub parts: Vec<Part>,
}

/// The sessions that the events of one family make.
///
/// Events with the same id count once; where their texts differ, the bytewise smallest stays.
pub fn fold_family<'a>(family: &str, events: impl IntoIterator<Item = &'a Event>) -> Vec<Session> {
    let events = distinct(events);
    split::sessions(family, events)
        .into_iter()
        .map(|(id, events)| fold::session(id, &events))
        .collect()
}

/// The set of events, ordered by time, then id.
fn distinct<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<&'a Event> {
    let mut events: Vec<&Event> = events.into_iter().collect();
    events.sort_unstable_by(|a, b| (a.at, a.id, &a.text).cmp(&(b.at, b.id, &b.text)));
    events.dedup_by(|later, earlier| later.id == earlier.id);
    events
}

#[cfg(test)]
mod tests;

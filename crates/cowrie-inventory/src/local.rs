//! What this machine can say of addresses by itself.

use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use cowrie_core::kind_of;
use cowrie_enrichment::{Answer, OfflineSource, Outcome, SourceName, Vintages, validation};

use crate::enrichment::Enrichment;
use crate::facts::Facts;
use crate::snapshot::{Known, Snapshot};

/// A source that answers from this machine, at one moment.
pub struct LocalKnowledge<'a> {
    source: &'a dyn OfflineSource,
    now: DateTime<Utc>,
    in_force: Vintages,
}

impl fmt::Debug for LocalKnowledge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKnowledge").field("now", &self.now).finish_non_exhaustive()
    }
}

/// What is known of an address, for each of its sessions.
#[derive(Debug)]
pub struct KnownAddress {
    address: IpAddr,
    document: Enrichment,
    now: Known,
    /// The same as of other vintages that sessions fall to; seldom more than a few.
    then: Vec<(Vintages, Known)>,
}

impl<'a> LocalKnowledge<'a> {
    /// What `source` says at `now`.
    pub fn new(source: &'a dyn OfflineSource, now: DateTime<Utc>) -> Self {
        Self { source, now, in_force: source.vintages_in_force(now) }
    }

    /// Puts into a document what this machine can say and the document lacks; whether anything.
    pub fn complete(&self, document: &mut Enrichment, address: IpAddr) -> bool {
        let lacks_validation = !document.has_answered(SourceName::Validation);
        let is_stale = self.is_stale(document, address);
        if !lacks_validation && !is_stale {
            return false;
        }
        let before = document.clone();
        if lacks_validation {
            document.record(SourceName::Validation, &validation(address), self.now);
        }
        if is_stale {
            document.record(self.source.name(), &self.ask(address, self.now), self.now);
        }
        *document != before
    }

    /// Cuts the snapshot of a session from what the source says as of the session's time.
    pub fn cut(&self, address: &mut KnownAddress, session_time: DateTime<Utc>) -> Snapshot {
        let vintages = self.source.vintages_in_force(session_time);
        let known = if vintages == self.in_force {
            &address.now
        } else {
            address.as_of(vintages, |document, ip| {
                document.record(self.source.name(), &self.ask(ip, session_time), self.now);
            })
        };
        known.cut(session_time, self.now, false)
    }

    /// Whether the source would now say something that the document does not have.
    ///
    /// A document that says why it was not asked is as good as before when it still is not.
    fn is_stale(&self, document: &Enrichment, address: IpAddr) -> bool {
        let name = self.source.name();
        let would_answer = !self.in_force.is_empty() && !kind_of(address).is_bogon();
        let was_tried = document.status(name).is_some();
        if would_answer { document.is_stale(name, self.now, &self.in_force) } else { !was_tried }
    }

    fn ask(&self, address: IpAddr, at: DateTime<Utc>) -> Answer {
        if kind_of(address).is_bogon() {
            return Answer::from(Outcome::skipped("not public"));
        }
        self.source.lookup(address, at)
    }
}

impl KnownAddress {
    /// What a document says of an address.
    pub fn of(address: IpAddr, document: Enrichment) -> Self {
        let now = Known::of(&document);
        Self { address, document, now, then: Vec::new() }
    }

    /// The facts of the address now.
    pub fn facts(&self) -> &Facts {
        self.now.facts()
    }

    /// The document as text; `None` when it holds nothing.
    pub fn to_json(&self) -> Option<String> {
        self.document.to_json()
    }

    /// What is known from vintages; `record` puts what they say into a document.
    fn as_of(
        &mut self,
        vintages: Vintages,
        record: impl FnOnce(&mut Enrichment, IpAddr),
    ) -> &Known {
        let at = self.then.iter().position(|(known, _)| *known == vintages);
        let at = at.unwrap_or_else(|| {
            let mut document = self.document.clone();
            record(&mut document, self.address);
            self.then.push((vintages, Known::of(&document)));
            self.then.len() - 1
        });
        self.then.get(at).map_or(&self.now, |(_, known)| known)
    }
}

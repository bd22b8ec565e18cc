//! What a batch changes.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use cowrie_inventory::Snapshot;
use cowrie_session::Session;

use crate::cursors::{Cursor, LostLog};
use crate::dead_letters::{DeadLetter, Settled};

/// Everything that one batch writes, in one transaction.
#[derive(Debug)]
pub struct Changes<'a> {
    /// The run that loads it.
    pub ingest_id: &'a str,
    /// When it is written.
    pub now: DateTime<Utc>,
    /// The sessions that are new, grew, or went.
    pub sessions: &'a [SessionChange],
    /// Every address that a session of the batch came from.
    pub addresses: &'a [AddressChange],
    /// What could not be read.
    pub dead_letters: &'a [DeadLetter],
    /// Letters, of this batch or before, that are settled.
    pub settled: &'a [Settled],
    /// How far the files of the batch are read with it.
    pub cursors: &'a [Cursor],
    /// Files whose content went away.
    pub lost: &'a [LostLog],
}

/// A session as it was in the tables, and as it is to be.
///
/// Where the events of a family turn out to be several sessions, the one that was there goes
/// (`after` is `None`) and each of those that are there instead comes (`before` is `None`).
#[derive(Debug)]
pub struct SessionChange {
    /// The family of its events.
    pub family: String,
    /// Every session of the family, when it holds more than one.
    pub siblings: Arc<[String]>,
    /// As it was, derived from the events that the tables held.
    pub before: Option<Session>,
    /// As it is to be.
    pub after: Option<Session>,
    /// The network of the snapshot that is in the tables.
    pub snapshot_asn_before: Option<i64>,
    /// The snapshot to write, when none was written yet.
    pub snapshot: Option<Snapshot>,
}

/// An address of the batch, and what is newly known of it.
#[derive(Clone, Debug)]
pub struct AddressChange {
    /// The address, canonical.
    pub address: String,
    /// The whole enrichment, as JSON, if anything in it is new.
    pub enrichment: Option<String>,
    /// Its network now, if that is known.
    pub asn: Option<AsnChange>,
    /// Its network in the tables so far.
    pub asn_before: Option<i64>,
}

/// Which network an address belongs to, and who says so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AsnChange {
    /// The AS number.
    pub asn: i64,
    /// The organisation behind it.
    pub organization: Option<String>,
    /// As of when: the source's own date where it has one.
    pub observed_at: DateTime<Utc>,
    /// The source.
    pub source: &'static str,
    /// Whether the history lacks this: another network than before, or a confirmation after long.
    pub is_history: bool,
}

//! What a batch has to know of the tables before it can be merged.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use cowrie_parse::Event;
use cowrie_session::Part;
use cowrie_sql::{Rows, Transaction};

use crate::connect::Store;
use crate::error::StoreError;
use crate::found::found;

/// A transaction in which the tables are looked at, as they stood when it began.
#[derive(Debug)]
pub struct Reading {
    pub(crate) tx: Transaction,
}

impl Store {
    /// Begins to look at the tables; writers are not held up.
    ///
    /// # Errors
    ///
    /// When the database does not answer.
    pub async fn begin_reading(&self) -> Result<Reading, StoreError> {
        let postgres = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(Reading { tx: self.begin(postgres, "BEGIN").await? })
    }

    /// Begins a transaction with the words of either engine.
    pub(crate) async fn begin(
        &self,
        postgres: &'static str,
        sqlite: &'static str,
    ) -> Result<Transaction, StoreError> {
        let begun = if let Some(file) = &self.file {
            Transaction::begin_sqlite(file, sqlite).await
        } else {
            let pool = self.db.get_postgres_connection_pool();
            Transaction::begin_postgres(pool, postgres).await
        };
        Ok(begun?)
    }
}

/// What the tables know of an address.
#[derive(Clone, Debug)]
pub struct AddressRow {
    /// The address, canonical.
    pub ip_address: String,
    /// Its network now.
    pub current_asn: Option<i64>,
    /// When the history last said which network it belongs to.
    pub last_observed_at: Option<DateTime<Utc>>,
    /// What sources said of it, as JSON.
    pub enrichment: Option<String>,
}

/// What the tables know of a session, beside its events.
#[derive(Clone, Debug)]
pub struct KnownSession {
    /// The session.
    pub session_id: String,
    /// Its first event when its row was written last.
    pub first_event_at: DateTime<Utc>,
    /// Whether it has an enrichment.
    pub is_enriched: bool,
    /// The network of its snapshot.
    pub snapshot_asn: Option<i64>,
}

found!(AddressRow { ip_address, current_asn, last_observed_at, enrichment });
found!(KnownSession { session_id, first_event_at, is_enriched, snapshot_asn });
found!(SiblingRow { family, session_id });
found!(PartRow { session_id, part, event_ids, events });

#[derive(Debug)]
struct SiblingRow {
    family: String,
    session_id: String,
}

#[derive(Debug)]
struct PartRow {
    session_id: String,
    part: i64,
    event_ids: Vec<u8>,
    events: String,
}

impl Reading {
    /// The events that the tables hold of each family; families without any are left out.
    ///
    /// # Errors
    ///
    /// When the database fails, or a document in it cannot be read.
    pub async fn events_of(
        &mut self,
        families: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Vec<Event>>, StoreError> {
        let rows = Rows::of_texts("family", families.iter().cloned());
        let siblings: Vec<SiblingRow> = self
            .tx
            .fetch(
                "read which families hold several sessions",
                &rows,
                "SELECT s.family, s.session_id FROM rows JOIN session_siblings s \
                 ON s.family = rows.family",
            )
            .await?;
        let mut family_of: BTreeMap<String, String> =
            siblings.into_iter().map(|row| (row.session_id, row.family)).collect();
        family_of.extend(families.iter().map(|family| (family.clone(), family.clone())));
        let rows = Rows::of_texts("session_id", family_of.keys().cloned());
        let parts: Vec<PartRow> = self
            .tx
            .fetch(
                "read the events of known sessions",
                &rows,
                "SELECT e.session_id, CAST(e.part AS bigint) AS part, e.event_ids, \
                 CAST(e.events AS text) AS events FROM rows JOIN session_events e \
                 ON e.session_id = rows.session_id",
            )
            .await?;
        let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        for PartRow { session_id, part, event_ids, events: text } in parts {
            let read = Part::read(&event_ids, &text);
            let Some(family) = family_of.get(&session_id) else { continue };
            let known = events.entry(family.clone()).or_default();
            known.extend(read.map_err(|source| StoreError::Document {
                session_id,
                part,
                source,
            })?);
        }
        Ok(events)
    }

    /// The sessions among `ids` that the tables hold.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn known_sessions(
        &mut self,
        ids: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, KnownSession>, StoreError> {
        let rows = Rows::of_texts("session_id", ids.iter().cloned());
        let found: Vec<KnownSession> = self
            .tx
            .fetch(
                "read the summaries of known sessions",
                &rows,
                "SELECT s.session_id, s.first_event_at, s.enrichment IS NOT NULL AS is_enriched, \
                 s.snapshot_asn FROM rows JOIN session_summaries s \
                 ON s.session_id = rows.session_id",
            )
            .await?;
        Ok(found.into_iter().map(|row| (row.session_id.clone(), row)).collect())
    }

    /// The addresses among `addresses` that the tables hold.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn addresses(
        &mut self,
        addresses: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, AddressRow>, StoreError> {
        let rows = Rows::of_texts("ip_address", addresses.iter().cloned());
        let found: Vec<AddressRow> = self
            .tx
            .fetch(
                "read the inventory of addresses",
                &rows,
                "SELECT i.ip_address, i.current_asn, (SELECT max(h.observed_at) \
                 FROM ip_asn_history h WHERE h.ip_address = i.ip_address) AS last_observed_at, \
                 CAST(i.enrichment AS text) AS enrichment \
                 FROM rows JOIN ip_inventory i ON i.ip_address = rows.ip_address",
            )
            .await?;
        Ok(found.into_iter().map(|row| (row.ip_address.clone(), row)).collect())
    }
}

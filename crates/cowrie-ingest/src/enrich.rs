//! Net-new enrichment: what this machine knows of the addresses of a batch, before it commits.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_enrichment::OfflineSource;
use cowrie_inventory::{Enrichment, Facts, KnownAddress, LocalKnowledge};
use cowrie_store::{
    AddressChange, AddressRow, AsnChange, KnownSession, SessionChange, StoreError, Writing,
};

/// A confirmation that an address is still in its network is worth a row after this long.
const CONFIRMATION: TimeDelta = TimeDelta::days(30);

/// What is filled in while loading, and for which sensors.
pub struct NetNew<'a> {
    /// The source that answers from this machine.
    pub source: &'a dyn OfflineSource,
    /// Whether the addresses of a sensor are to be looked up at all.
    pub is_wanted: &'a (dyn Fn(Option<&str>) -> bool + Sync),
}

impl std::fmt::Debug for NetNew<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetNew").field("source", &self.source.name()).finish_non_exhaustive()
    }
}

/// What became of the addresses of a batch.
#[derive(Debug, Default)]
pub(crate) struct Enriched {
    pub(crate) addresses: Vec<AddressChange>,
    /// Addresses that the database did not have.
    pub(crate) n_new: u64,
    /// Sessions whose first event is earlier than the one their snapshot was cut for.
    pub(crate) n_before_earliest: u64,
}

impl NetNew<'_> {
    /// Looks up the addresses of the changed sessions and cuts the snapshots that are missing.
    pub(crate) async fn enrich(
        &self,
        writing: &mut Writing,
        changes: &mut [SessionChange],
        now: DateTime<Utc>,
    ) -> Result<Enriched, StoreError> {
        let wanted = self.wanted_addresses(changes);
        let texts: BTreeSet<String> = wanted.keys().map(ToString::to_string).collect();
        let rows = writing.read().addresses(&texts).await?;
        let ids = |change: &SessionChange| change.before.as_ref().map(|session| session.id.clone());
        let known =
            writing.read().known_sessions(&changes.iter().filter_map(ids).collect()).await?;
        let mut enriched = Enriched::default();
        let local = LocalKnowledge::new(self.source, now);
        let mut addresses = BTreeMap::new();
        for (ip, is_wanted) in wanted {
            let row = rows.get(&ip.to_string());
            enriched.n_new += u64::from(row.is_none());
            let (known, change) = address(ip, row, is_wanted, &local, now);
            enriched.addresses.push(change);
            addresses.insert(ip, known);
        }
        for change in changes {
            let known = change.before.as_ref().and_then(|session| known.get(&session.id));
            change.snapshot_asn_before = known.and_then(|known| known.snapshot_asn);
            let is_before = self.session(change, known, &mut addresses, &local);
            enriched.n_before_earliest += u64::from(is_before);
        }
        Ok(enriched)
    }

    /// The addresses of the changed sessions, and whether any sensor wants them looked up.
    fn wanted_addresses(&self, changes: &[SessionChange]) -> BTreeMap<IpAddr, bool> {
        let mut wanted = BTreeMap::new();
        for change in changes {
            for session in [&change.before, &change.after].into_iter().flatten() {
                let Some(address) = session.summary.as_ref().and_then(|s| s.source_ip) else {
                    continue;
                };
                *wanted.entry(address).or_insert(false) |=
                    (self.is_wanted)(session.sensor.as_deref());
            }
        }
        wanted
    }

    /// Cuts the snapshot of a session that has none; says whether one was cut for a later start.
    fn session(
        &self,
        change: &mut SessionChange,
        known: Option<&KnownSession>,
        addresses: &mut BTreeMap<IpAddr, KnownAddress>,
        local: &LocalKnowledge<'_>,
    ) -> bool {
        let Some(session) = &change.after else { return false };
        let Some(summary) = &session.summary else { return false };
        if let Some(known) = known.filter(|known| known.is_enriched) {
            return summary.first_event_at < known.first_event_at;
        }
        if (self.is_wanted)(session.sensor.as_deref())
            && let Some(ip) = summary.source_ip
            && let Some(address) = addresses.get_mut(&ip)
        {
            change.snapshot = Some(local.cut(address, summary.first_event_at));
        }
        false
    }
}

/// What is known of an address now, and what of it the database lacks.
fn address(
    address: IpAddr,
    row: Option<&AddressRow>,
    is_wanted: bool,
    local: &LocalKnowledge<'_>,
    now: DateTime<Utc>,
) -> (KnownAddress, AddressChange) {
    let stored = row.and_then(|row| row.enrichment.as_deref());
    let read = Enrichment::from_json(stored);
    if let Err(error) = &read {
        tracing::warn!(%address, %error, "what is stored of an address cannot be read, and stays");
    }
    let is_readable = read.is_ok();
    let mut document = read.unwrap_or_default();
    let is_new = is_wanted && local.complete(&mut document, address) && is_readable;
    let known = KnownAddress::of(address, document);
    let change = AddressChange {
        address: address.to_string(),
        enrichment: is_new.then(|| known.to_json()).flatten(),
        asn: asn_of(known.facts(), row, now).filter(|_| is_readable),
        asn_before: row.and_then(|row| row.current_asn),
    };
    (known, change)
}

/// The network that a document names, with what the history needs to know.
fn asn_of(facts: &Facts, row: Option<&AddressRow>, now: DateTime<Utc>) -> Option<AsnChange> {
    let known = facts.asn.as_ref()?;
    let asn = known.value.as_i64();
    let observed_at = known.vintage.unwrap_or(now);
    let is_move = row.and_then(|row| row.current_asn) != Some(asn);
    let last_observed = row.and_then(|row| row.last_observed_at);
    let is_confirmation = last_observed.is_none_or(|last| observed_at - last >= CONFIRMATION);
    Some(AsnChange {
        asn,
        organization: facts.organization.as_ref().map(|known| known.value.clone()),
        observed_at,
        source: known.source.name(),
        is_history: is_move || is_confirmation,
    })
}

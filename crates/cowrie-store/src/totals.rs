//! What spans sessions: by how much each total changes, from sessions as they were and are.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use cowrie_session::{KeyUse, LoginUse, Session};

use crate::changes::{Changes, SessionChange};

/// A stretch of time: both ends belong to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    pub(crate) first: DateTime<Utc>,
    pub(crate) last: DateTime<Utc>,
}

impl Span {
    fn widen(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// The change of an address's totals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AddressTotal {
    pub(crate) span: Span,
    pub(crate) sessions: i64,
}

/// The change of a network's totals.
#[derive(Clone, Debug)]
pub(crate) struct NetworkTotal {
    pub(crate) organization: Option<String>,
    pub(crate) span: Span,
    pub(crate) addresses: i64,
    pub(crate) sessions: i64,
}

/// The change of a password's totals.
#[derive(Clone, Debug)]
pub(crate) struct PasswordTotal {
    pub(crate) text: String,
    pub(crate) span: Span,
    pub(crate) times: i64,
    pub(crate) sessions: i64,
}

/// The change of a key's totals, with the earliest of its uses, which describes it.
#[derive(Clone, Debug)]
pub(crate) struct KeyTotal {
    pub(crate) described_by: KeyUse,
    pub(crate) span: Span,
    pub(crate) attempts: i64,
    pub(crate) sessions: i64,
}

/// Every total that a batch changes.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) addresses: BTreeMap<String, AddressTotal>,
    pub(crate) networks: BTreeMap<i64, NetworkTotal>,
    pub(crate) passwords: BTreeMap<String, PasswordTotal>,
    pub(crate) keys: BTreeMap<String, KeyTotal>,
    /// Addresses that lost a session or a part of one, so that what is kept of them has to be
    /// looked up again.
    pub(crate) vacated: BTreeSet<String>,
}

impl Totals {
    pub(crate) fn of(changes: &Changes<'_>) -> Self {
        let mut totals = Self::default();
        for change in changes.sessions {
            totals.add_addresses(change);
            totals.add_uses(change);
        }
        totals.add_networks(changes);
        // What came and went alike is no change; an address is kept for its time.
        totals.passwords.retain(|_, total| total.times != 0 || total.sessions != 0);
        totals.keys.retain(|_, total| total.attempts != 0 || total.sessions != 0);
        totals
    }

    fn add_addresses(&mut self, change: &SessionChange) {
        let before = change.before.as_ref().and_then(address_of);
        let after = change.after.as_ref().and_then(address_of);
        if let Some((address, span)) = &after {
            self.add_address(address, *span, 1);
        }
        if let Some((address, span)) = &before {
            self.add_address(address, *span, -1);
            let keeps = |(now, later): &(String, Span)| {
                now == address && later.first <= span.first && later.last >= span.last
            };
            if !after.as_ref().is_some_and(keeps) {
                self.vacated.insert(address.clone());
            }
        }
    }

    fn add_address(&mut self, address: &str, span: Span, sessions: i64) {
        let total =
            self.addresses.entry(address.to_owned()).or_insert(AddressTotal { span, sessions: 0 });
        total.span.widen(span);
        total.sessions += sessions;
    }

    fn add_uses(&mut self, change: &SessionChange) {
        for (session, sign) in [(&change.after, 1), (&change.before, -1)] {
            let Some(session) = session else { continue };
            for (hash, total) in passwords_of(session) {
                let known = self.passwords.entry(hash).or_insert_with(|| PasswordTotal {
                    times: 0,
                    sessions: 0,
                    ..total.clone()
                });
                known.span.widen(total.span);
                if total.text < known.text {
                    known.text = total.text;
                }
                known.times += sign * total.times;
                known.sessions += sign;
            }
            let mut seen = BTreeSet::new();
            for key in &session.keys {
                let is_first = seen.insert(&key.key);
                self.add_key(key, sign, i64::from(is_first));
            }
        }
    }

    fn add_key(&mut self, key: &KeyUse, sign: i64, sessions: i64) {
        let span = Span { first: key.first_seen, last: key.last_seen };
        let known = self.keys.entry(key.key.fingerprint()).or_insert_with(|| KeyTotal {
            described_by: key.clone(),
            span,
            attempts: 0,
            sessions: 0,
        });
        known.span.widen(span);
        known.attempts += sign * i64::from(key.attempts);
        known.sessions += sign * sessions;
        if describes(key) < describes(&known.described_by) {
            known.described_by = key.clone();
        }
    }

    fn add_networks(&mut self, changes: &Changes<'_>) {
        for change in changes.addresses {
            let Some(total) = self.addresses.get(&change.address).copied() else { continue };
            let now = change.asn.as_ref();
            if let Some(asn) = now {
                let is_new = change.asn_before != Some(asn.asn);
                self.add_network(asn.asn, asn.organization.as_deref(), total.span, |network| {
                    network.addresses += i64::from(is_new);
                });
            }
            if let Some(before) = change.asn_before.filter(|asn| now.is_some_and(|n| n.asn != *asn))
            {
                self.add_network(before, None, total.span, |network| network.addresses -= 1);
            }
        }
        for change in changes.sessions {
            self.add_snapshot(change);
        }
    }

    fn add_snapshot(&mut self, change: &SessionChange) {
        let after = change.after.as_ref().and_then(span_of);
        if let (Some(snapshot), Some(span)) = (&change.snapshot, after)
            && let Some(asn) = snapshot.asn
        {
            let organization = snapshot.organization.as_deref();
            self.add_network(asn.as_i64(), organization, span, |network| {
                network.sessions += 1;
            });
        }
        if let (Some(span), Some(asn)) = (after, change.snapshot_asn_before) {
            self.add_network(asn, None, span, |_| ());
        }
        let before = change.before.as_ref().and_then(span_of);
        if let (None, Some(asn), Some(span)) = (after, change.snapshot_asn_before, before) {
            self.add_network(asn, None, span, |network| network.sessions -= 1);
        }
    }

    fn add_network(
        &mut self,
        asn: i64,
        organization: Option<&str>,
        span: Span,
        count: impl FnOnce(&mut NetworkTotal),
    ) {
        let total = self.networks.entry(asn).or_insert(NetworkTotal {
            organization: None,
            span,
            addresses: 0,
            sessions: 0,
        });
        total.span.widen(span);
        if let Some(name) = organization
            && total.organization.as_deref().is_none_or(|known| name < known)
        {
            total.organization = Some(name.to_owned());
        }
        count(total);
    }
}

/// The words that describe a use of a key, in the order in which SQL compares them.
fn describes(key: &KeyUse) -> (bool, bool, &str, &str, &str) {
    let text = Option::as_deref;
    let (comment, path) = (text(&key.comment), text(&key.target_path));
    let words = (comment.unwrap_or_default(), key.pattern, path.unwrap_or_default());
    (key.pattern == "offered", comment.is_none(), words.0, words.1, words.2)
}

fn span_of(session: &Session) -> Option<Span> {
    let summary = session.summary.as_ref()?;
    Some(Span { first: summary.first_event_at, last: summary.last_event_at })
}

fn address_of(session: &Session) -> Option<(String, Span)> {
    let address = session.summary.as_ref()?.source_ip?;
    Some((address.to_string(), span_of(session)?))
}

/// The passwords of a session, each with all its user names together.
fn passwords_of(session: &Session) -> BTreeMap<String, PasswordTotal> {
    let mut passwords: BTreeMap<String, PasswordTotal> = BTreeMap::new();
    for login in &session.logins {
        let LoginUse { password, password_hash, attempts, first_seen, last_seen, .. } = login;
        let span = Span { first: *first_seen, last: *last_seen };
        let total = passwords.entry(password_hash.clone()).or_insert_with(|| PasswordTotal {
            text: password.clone(),
            span,
            times: 0,
            sessions: 1,
        });
        total.span.widen(span);
        total.times += i64::from(*attempts);
    }
    passwords
}

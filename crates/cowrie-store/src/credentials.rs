//! Writes passwords and SSH keys: the totals, and which session used which.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Days, NaiveTime, Utc};
use cowrie_session::{KeyUse, LoginUse, Session};
use cowrie_sql::{Rows, Values, flag, int, number, text, time};

use crate::changes::SessionChange;
use crate::error::StoreError;
use crate::found::found;
use crate::inventory::extreme;
use crate::sessions::{changed, numbered};
use crate::totals::{KeyTotal, PasswordTotal, Totals};
use crate::write::Writing;

/// The words that describe a use of a key, to be compared: planted before offered, with a comment
/// before without, then by their bytes. The smallest of all uses describe the key.
macro_rules! words {
    ($t:literal) => {
        concat!(
            "(CASE ",
            $t,
            ".pattern_type WHEN 'offered' THEN 1 ELSE 0 END, \
             CASE WHEN ",
            $t,
            ".key_comment IS NULL THEN 1 ELSE 0 END, \
             coalesce(",
            $t,
            ".key_comment, '') {C}, ",
            $t,
            ".pattern_type {C}, \
             coalesce(",
            $t,
            ".target_path, '') {C})"
        )
    };
}

/// One describing column of a key, as SQL for both engines.
macro_rules! describe {
    ($c:literal) => {
        concat!(
            $c,
            " = CASE WHEN ",
            words!("excluded"),
            " < ",
            words!("ssh_key_intelligence"),
            " THEN excluded.",
            $c,
            " ELSE ssh_key_intelligence.",
            $c,
            " END"
        )
    };
}

impl Writing {
    /// The totals of passwords.
    pub(crate) async fn write_passwords(&mut self, totals: &Totals) -> Result<(), StoreError> {
        let passwords: Vec<(&String, &PasswordTotal)> = totals.passwords.iter().collect();
        let rows = Rows::new(vec![
            ("password_hash", text(&passwords, |(hash, _)| Some(hash))),
            ("password_text", text(&passwords, |(_, total)| Some(&total.text))),
            ("first_seen", time(&passwords, |(_, total)| Some(total.span.first))),
            ("last_seen", time(&passwords, |(_, total)| Some(total.span.last))),
            ("times_seen", int(&passwords, |(_, total)| Some(total.times))),
            ("unique_sessions", int(&passwords, |(_, total)| Some(total.sessions))),
        ]);
        self.upsert("write passwords", "password_tracking", &rows, PASSWORDS).await
    }

    /// The numbers that the database gave the passwords and keys of sessions whose uses of them
    /// changed, by hash and by fingerprint; runs behind the totals.
    pub(crate) async fn numbers(
        &mut self,
        changes: &[SessionChange],
    ) -> Result<Numbers, StoreError> {
        let logins = changed(changes, |session| &session.logins);
        let logins = logins.iter().flat_map(|(_, session)| &session.logins);
        let hashes: BTreeSet<&str> = logins.map(|login| login.password_hash.as_str()).collect();
        let keys = with_changed_keys(changes);
        let keys = keys.iter().flat_map(|(_, session)| &session.keys);
        let prints: BTreeSet<String> = keys.map(|key| key.key.fingerprint()).collect();
        let hashes = Rows::of_texts("name", hashes.into_iter().map(str::to_owned));
        let prints = Rows::of_texts("name", prints);
        let passwords = self.read().tx.fetch("number passwords", &hashes, PASSWORD_IDS).await?;
        let keys = self.read().tx.fetch("number SSH keys", &prints, KEY_IDS).await?;
        let by_name =
            |rows: Vec<Numbered>| rows.into_iter().map(|row| (row.name, row.id)).collect();
        Ok(Numbers { passwords: by_name(passwords), keys: by_name(keys) })
    }

    /// Who used which password, and the days on which they did.
    pub(crate) async fn write_logins(
        &mut self,
        changes: &[SessionChange],
        numbers: &Numbers,
    ) -> Result<(), StoreError> {
        let number_of = |login: &LoginUse| numbers.passwords.get(&login.password_hash).copied();
        let sessions = changed(changes, |session| &session.logins);
        self.clear(
            "clear the logins of sessions that grew",
            &sessions,
            "DELETE FROM password_session_usage WHERE session_id IN (SELECT session_id FROM rows)",
        )
        .await?;
        let uses: Vec<(&str, usize, &LoginUse)> =
            sessions.iter().flat_map(|(_, session)| numbered(session, &session.logins)).collect();
        let rows = Rows::new(vec![
            ("session_id", text(&uses, |(id, ..)| Some(id))),
            ("position", int(&uses, |(_, at, _)| Some(number(*at)))),
            ("password_id", int(&uses, |(.., login)| number_of(login))),
            ("username", text(&uses, |(.., login)| Some(&login.username))),
            ("success", flag(&uses, |(.., login)| login.got_in_at.is_some())),
            ("attempts", int(&uses, |(.., login)| Some(number(login.attempts)))),
            ("timestamp", time(&uses, |(.., login)| Some(login.first_seen))),
        ]);
        self.insert("write logins", "password_session_usage", &rows).await?;
        self.count_days(changes).await
    }

    /// Counts the days anew on which a changed session used a password, before or now.
    async fn count_days(&mut self, changes: &[SessionChange]) -> Result<(), StoreError> {
        let sessions = changes.iter().flat_map(|change| [&change.before, &change.after]).flatten();
        let days: BTreeSet<_> = sessions
            .flat_map(|session| &session.logins)
            .map(|login| login.first_seen.date_naive())
            .collect();
        let begins = |day: &chrono::NaiveDate| -> Option<DateTime<Utc>> {
            Some(day.and_time(NaiveTime::MIN).and_utc())
        };
        let days: Vec<_> = days.into_iter().collect();
        let rows = Rows::new(vec![
            ("day", Values::Date(days.iter().map(|day| Some(day.to_string())).collect())),
            ("begins", time(&days, begins)),
            ("ends", time(&days, |day| begins(&day.checked_add_days(Days::new(1))?))),
        ]);
        self.run("count the passwords of a day", &rows, DAYS).await?;
        self.run("remove the days that have no passwords any more", &rows, EMPTY_DAYS).await
    }

    /// The totals of SSH keys.
    pub(crate) async fn write_keys(&mut self, totals: &Totals) -> Result<(), StoreError> {
        let keys: Vec<(&String, &KeyTotal)> = totals.keys.iter().collect();
        self.upsert("write SSH keys", "ssh_key_intelligence", &key_rows(&keys), KEYS).await
    }

    /// The sessions that planted or offered keys, and which of these come together.
    pub(crate) async fn write_key_uses(
        &mut self,
        totals: &Totals,
        changes: &[SessionChange],
        numbers: &Numbers,
    ) -> Result<(), StoreError> {
        let number_of = |key: &KeyUse| numbers.keys.get(&key.key.fingerprint()).copied();
        let sessions = with_changed_keys(changes);
        let uses: Vec<(KeyRow<'_>, &KeyUse)> = sessions
            .iter()
            .flat_map(|(_, session)| {
                let address = session.summary.as_ref().and_then(|s| s.source_ip);
                numbered(session, &session.keys).map(move |(id, at, key)| {
                    (KeyRow { id, at, address: address.map(|a| a.to_string()) }, key)
                })
            })
            .collect();
        self.count_sources(&uses).await?;
        self.clear(
            "clear the SSH keys of sessions that grew",
            &sessions,
            "DELETE FROM session_ssh_keys WHERE session_id IN (SELECT session_id FROM rows)",
        )
        .await?;
        let rows = Rows::new(vec![
            ("session_id", text(&uses, |(row, _)| Some(row.id))),
            ("position", int(&uses, |(row, _)| Some(number(row.at)))),
            ("ssh_key_id", int(&uses, |(_, key)| number_of(key))),
            ("injection_method", text(&uses, |(_, key)| Some(key.method.name()))),
            ("command_text", text(&uses, |(_, key)| key.command.as_deref())),
            ("target_path", text(&uses, |(_, key)| key.target_path.as_deref())),
            ("attempts", int(&uses, |(_, key)| Some(number(key.attempts)))),
            ("timestamp", time(&uses, |(_, key)| Some(key.first_seen))),
            ("source_ip", text(&uses, |(row, _)| row.address.as_deref())),
            ("successful_injection", flag(&uses, |(_, key)| key.successful)),
        ]);
        self.insert("write which session used which SSH key", "session_ssh_keys", &rows).await?;
        self.recount_moved_keys(totals, changes).await?;
        self.write_key_pairs(changes).await
    }

    /// Counts the pairs of keys anew of sessions whose keys or addresses changed.
    async fn write_key_pairs(&mut self, changes: &[SessionChange]) -> Result<(), StoreError> {
        let mut pairs = BTreeSet::new();
        let changed = changes.iter().filter(|change| are_keys_changed(change));
        for session in changed.flat_map(|change| [&change.before, &change.after]).flatten() {
            let keys: BTreeSet<String> =
                session.keys.iter().take(PAIRED_KEYS).map(|key| key.key.fingerprint()).collect();
            for one in &keys {
                pairs.extend(keys.range(..one.clone()).map(|other| (other.clone(), one.clone())));
            }
        }
        let pairs: Vec<_> = pairs.into_iter().collect();
        let rows = Rows::new(vec![
            ("one", text(&pairs, |(one, _)| Some(one))),
            ("other", text(&pairs, |(_, other)| Some(other))),
        ]);
        self.run("clear which SSH keys came together", &rows, CLEAR_KEY_PAIRS).await?;
        self.run("write which SSH keys come together", &rows, KEY_PAIRS).await
    }

    /// Adds the addresses that use a key for the first time; runs before the uses are written.
    async fn count_sources(&mut self, uses: &[(KeyRow<'_>, &KeyUse)]) -> Result<(), StoreError> {
        let pairs: BTreeSet<(String, &str)> = uses
            .iter()
            .filter_map(|(row, key)| Some((key.key.fingerprint(), row.address.as_deref()?)))
            .collect();
        let pairs: Vec<_> = pairs.into_iter().collect();
        let rows = Rows::new(vec![
            ("key_fingerprint", text(&pairs, |(fingerprint, _)| Some(fingerprint))),
            ("source_ip", text(&pairs, |(_, address)| Some(address))),
        ]);
        self.run("count the addresses of SSH keys", &rows, KEY_SOURCES).await
    }

    /// Counts the addresses of a key anew when a session that used it went or moved.
    async fn recount_moved_keys(
        &mut self,
        totals: &Totals,
        changes: &[SessionChange],
    ) -> Result<(), StoreError> {
        if totals.vacated.is_empty() {
            return Ok(());
        }
        let sessions = changes.iter().flat_map(|change| [&change.before, &change.after]).flatten();
        let moved: BTreeSet<String> =
            sessions.flat_map(|session| &session.keys).map(|key| key.key.fingerprint()).collect();
        let rows = Rows::of_texts("key_fingerprint", moved);
        self.run(
            "count the addresses of SSH keys anew",
            &rows,
            "UPDATE ssh_key_intelligence SET unique_sources = \
             (SELECT count(DISTINCT s.source_ip) FROM session_ssh_keys s \
             WHERE s.ssh_key_id = ssh_key_intelligence.id) \
             WHERE key_fingerprint IN (SELECT key_fingerprint FROM rows)",
        )
        .await
    }
}

/// The numbers that the database gave.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// Of passwords, by hash.
    passwords: HashMap<String, i64>,
    /// Of SSH keys, by fingerprint.
    keys: HashMap<String, i64>,
}

#[derive(Debug)]
struct Numbered {
    name: String,
    id: i64,
}

found!(Numbered { name, id });

const PASSWORD_IDS: &str = "SELECT p.password_hash, p.id FROM rows \
     JOIN password_tracking p ON p.password_hash = rows.name";

const KEY_IDS: &str = "SELECT k.key_fingerprint, k.id FROM rows \
     JOIN ssh_key_intelligence k ON k.key_fingerprint = rows.name";

/// Where a use of a key stands, and from which address it came.
struct KeyRow<'a> {
    id: &'a str,
    at: usize,
    address: Option<String>,
}

fn key_rows(keys: &[(&String, &KeyTotal)]) -> Rows {
    let owned = |of: fn(&KeyUse) -> String| {
        Values::Text(keys.iter().map(|(_, total)| Some(of(&total.described_by))).collect())
    };
    Rows::new(vec![
        ("key_fingerprint", text(keys, |(fingerprint, _)| Some(fingerprint))),
        ("key_type", owned(|key| key.key.key_type().to_owned())),
        ("key_data", owned(|key| key.key.base64())),
        ("key_hash", owned(|key| key.key.key_hash())),
        ("key_full", owned(|key| format!("{} {}", key.key.key_type(), key.key.base64()))),
        ("key_bits", int(keys, |(_, total)| Some(i64::from(total.described_by.key.bits())))),
        ("key_comment", text(keys, |(_, total)| total.described_by.comment.as_deref())),
        ("pattern_type", text(keys, |(_, total)| Some(total.described_by.pattern))),
        ("target_path", text(keys, |(_, total)| total.described_by.target_path.as_deref())),
        ("first_seen", time(keys, |(_, total)| Some(total.span.first))),
        ("last_seen", time(keys, |(_, total)| Some(total.span.last))),
        ("total_attempts", int(keys, |(_, total)| Some(total.attempts))),
        ("unique_sources", int(keys, |_| Some(0))),
        ("unique_sessions", int(keys, |(_, total)| Some(total.sessions))),
    ])
}

const PASSWORDS: &str = concat!(
    "ON CONFLICT (password_hash) DO UPDATE SET ",
    extreme!("<", "password_tracking", "first_seen"),
    ", ",
    extreme!(">", "password_tracking", "last_seen"),
    ", password_text = CASE WHEN excluded.password_text {C} < password_tracking.password_text {C} \
     THEN excluded.password_text ELSE password_tracking.password_text END, \
     times_seen = password_tracking.times_seen + excluded.times_seen, \
     unique_sessions = password_tracking.unique_sessions + excluded.unique_sessions"
);

const DAYS: &str = "INSERT INTO password_statistics (date, total_attempts, unique_passwords) \
     SELECT rows.day, coalesce(sum(u.attempts), 0), count(DISTINCT u.password_id) \
     FROM rows LEFT JOIN password_session_usage u \
     ON u.timestamp >= rows.begins AND u.timestamp < rows.ends WHERE true GROUP BY rows.day \
     ON CONFLICT (date) DO UPDATE SET total_attempts = excluded.total_attempts, \
     unique_passwords = excluded.unique_passwords";

const EMPTY_DAYS: &str = "DELETE FROM password_statistics \
     WHERE date IN (SELECT day FROM rows) AND total_attempts = 0";

const KEYS: &str = concat!(
    "ON CONFLICT (key_fingerprint) DO UPDATE SET ",
    describe!("key_comment"),
    ", ",
    describe!("pattern_type"),
    ", ",
    describe!("target_path"),
    ", ",
    extreme!("<", "ssh_key_intelligence", "first_seen"),
    ", ",
    extreme!(">", "ssh_key_intelligence", "last_seen"),
    ", total_attempts = ssh_key_intelligence.total_attempts + excluded.total_attempts, \
     unique_sessions = ssh_key_intelligence.unique_sessions + excluded.unique_sessions"
);

const KEY_SOURCES: &str = "UPDATE ssh_key_intelligence SET unique_sources = \
     unique_sources + fresh.n FROM (SELECT k.id, count(*) AS n FROM rows \
     JOIN ssh_key_intelligence k ON k.key_fingerprint = rows.key_fingerprint \
     WHERE NOT EXISTS (SELECT 1 FROM session_ssh_keys s \
     WHERE s.ssh_key_id = k.id AND s.source_ip = rows.source_ip) GROUP BY k.id) AS fresh \
     WHERE ssh_key_intelligence.id = fresh.id";

/// The first keys of a session that are paired, so that one with very many costs no square.
const PAIRED_KEYS: usize = 64;

const CLEAR_KEY_PAIRS: &str = "DELETE FROM ssh_key_associations WHERE (key_id_1, key_id_2) IN \
     (SELECT CASE WHEN a.id < b.id THEN a.id ELSE b.id END, \
     CASE WHEN a.id < b.id THEN b.id ELSE a.id END FROM rows \
     JOIN ssh_key_intelligence a ON a.key_fingerprint = rows.one \
     JOIN ssh_key_intelligence b ON b.key_fingerprint = rows.other)";

const KEY_PAIRS: &str = "INSERT INTO ssh_key_associations (key_id_1, key_id_2, \
     co_occurrence_count, same_session_count, same_ip_count, first_seen, last_seen) \
     SELECT CASE WHEN a.id < b.id THEN a.id ELSE b.id END, \
     CASE WHEN a.id < b.id THEN b.id ELSE a.id END, count(DISTINCT x.session_id), \
     count(DISTINCT x.session_id), count(DISTINCT x.source_ip), \
     min(CASE WHEN x.timestamp > y.timestamp THEN x.timestamp ELSE y.timestamp END), \
     max(CASE WHEN x.timestamp > y.timestamp THEN x.timestamp ELSE y.timestamp END) \
     FROM rows JOIN ssh_key_intelligence a ON a.key_fingerprint = rows.one \
     JOIN ssh_key_intelligence b ON b.key_fingerprint = rows.other \
     JOIN session_ssh_keys x ON x.ssh_key_id = a.id AND x.position < 64 \
     JOIN session_ssh_keys y ON y.session_id = x.session_id AND y.ssh_key_id = b.id \
     AND y.position < 64 GROUP BY a.id, b.id";

/// The sessions whose keys, or the address they are counted for, are not what they were.
fn with_changed_keys(changes: &[SessionChange]) -> Vec<(bool, &Session)> {
    changes
        .iter()
        .filter(|change| are_keys_changed(change))
        .filter_map(|change| Some((change.before.is_some(), change.after.as_ref()?)))
        .collect()
}

/// Whether a session that came, changed or went has other keys, or another address, than before.
fn are_keys_changed(change: &SessionChange) -> bool {
    let address = |session: &Session| session.summary.as_ref().and_then(|s| s.source_ip);
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            before.keys != after.keys || address(before) != address(after)
        }
        (None, Some(one)) | (Some(one), None) => !one.keys.is_empty(),
        (None, None) => false,
    }
}

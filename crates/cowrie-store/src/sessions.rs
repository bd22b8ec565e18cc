//! Writes sessions: their summaries, their documents, and what hangs on them alone.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cowrie_enrichment::CountryCode;
use cowrie_inventory::{Basis, IpType, Snapshot};
use cowrie_session::{CommandUse, FileUse, Part, Session, Summary};
use cowrie_sql::{Rows, Values, flag, int, json, jsonb, number, text, time};

use crate::changes::{Changes, SessionChange};
use crate::error::StoreError;
use crate::write::Writing;

/// The tables whose rows hang on a session, the summary last.
const SESSION_TABLES: [&str; 6] = [
    "DELETE FROM session_events WHERE session_id IN (SELECT session_id FROM rows)",
    "DELETE FROM command_stats WHERE session_id IN (SELECT session_id FROM rows)",
    "DELETE FROM files WHERE session_id IN (SELECT session_id FROM rows)",
    "DELETE FROM password_session_usage WHERE session_id IN (SELECT session_id FROM rows)",
    "DELETE FROM session_ssh_keys WHERE session_id IN (SELECT session_id FROM rows)",
    "DELETE FROM session_summaries WHERE session_id IN (SELECT session_id FROM rows)",
];

impl Writing {
    /// Removes the sessions that went: their events come back under other names.
    pub(crate) async fn remove_sessions(
        &mut self,
        changes: &[SessionChange],
    ) -> Result<(), StoreError> {
        let gone: Vec<&SessionChange> =
            changes.iter().filter(|change| change.after.is_none()).collect();
        let ids = gone.iter().filter_map(|change| change.before.as_ref()).map(|s| s.id.clone());
        let rows = Rows::of_texts("session_id", ids);
        for table in SESSION_TABLES {
            self.run("remove a session that turned out to be several", &rows, table).await?;
        }
        Ok(())
    }

    /// The names of the sessions of each family that holds, or held, more than one.
    pub(crate) async fn write_siblings(
        &mut self,
        changes: &[SessionChange],
    ) -> Result<(), StoreError> {
        let families: BTreeMap<&String, &[String]> = changes
            .iter()
            .filter(|change| !change.siblings.is_empty() || change.after.is_none())
            .map(|change| (&change.family, &*change.siblings))
            .collect();
        let rows = Rows::of_texts("family", families.keys().map(|family| (*family).clone()));
        let remove = "DELETE FROM session_siblings WHERE family IN (SELECT family FROM rows)";
        self.run("remove the names of a family's sessions", &rows, remove).await?;
        let names: Vec<(&String, &String)> = families
            .iter()
            .flat_map(|(family, names)| names.iter().map(move |name| (*family, name)))
            .collect();
        let rows = Rows::new(vec![
            ("family", text(&names, |(family, _)| Some(family))),
            ("session_id", text(&names, |(_, name)| Some(name))),
        ]);
        self.insert("write the names of a family's sessions", "session_siblings", &rows).await
    }

    /// Summaries of sessions.
    pub(crate) async fn write_sessions(&mut self, changes: &Changes<'_>) -> Result<(), StoreError> {
        let sessions = changes.sessions.iter().filter_map(|change| {
            let session = change.after.as_ref()?;
            Some((change, session.id.as_str(), session.summary.as_ref()?))
        });
        let (new, known): (Vec<_>, Vec<_>) = sessions.partition(|(change, ..)| is_new(change));
        let new = Rows::new(session_columns(&new, changes));
        self.insert("write new session summaries", "session_summaries", &new).await?;
        let columns = session_columns(&known, changes);
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let conflict = unless_written_once(&names);
        let known = Rows::new(columns);
        self.upsert("write session summaries", "session_summaries", &known, &conflict).await
    }

    /// Documents that are new or changed; the others are not touched.
    pub(crate) async fn write_documents(
        &mut self,
        changes: &[SessionChange],
    ) -> Result<(), StoreError> {
        let sessions = changes.iter().filter(|change| is_new(change));
        let new: Vec<(&Session, &Part)> = sessions
            .filter_map(|change| change.after.as_ref())
            .flat_map(|session| session.parts.iter().map(move |part| (session, part)))
            .collect();
        self.insert("write the events of new sessions", "session_events", &document_rows(&new))
            .await?;
        let known: Vec<(&Session, &Part)> = changes
            .iter()
            .filter_map(|change| Some((change.before.as_ref()?, change.after.as_ref()?)))
            .flat_map(|(before, after)| {
                let is_news = |part: &&Part| before.parts.get(part.number as usize) != Some(*part);
                after.parts.iter().filter(is_news).map(move |part| (after, part))
            })
            .collect();
        let (doing, known) = ("write the events of sessions", document_rows(&known));
        self.upsert(doing, "session_events", &known, DOCUMENTS).await?;
        self.cut_documents(changes).await
    }

    /// Removes documents behind the last one, of sessions that now have fewer.
    async fn cut_documents(&mut self, changes: &[SessionChange]) -> Result<(), StoreError> {
        let shorter: Vec<&Session> = changes
            .iter()
            .filter_map(|change| Some((change.before.as_ref()?, change.after.as_ref()?)))
            .filter(|(before, after)| before.parts.len() > after.parts.len())
            .map(|(_, after)| after)
            .collect();
        let rows = Rows::new(vec![
            ("session_id", text(&shorter, |session| Some(&session.id))),
            ("n_parts", int(&shorter, |session| Some(number(session.parts.len())))),
        ]);
        self.run(
            "remove documents of events that moved",
            &rows,
            "DELETE FROM session_events WHERE (session_id, part) IN \
             (SELECT e.session_id, e.part FROM rows JOIN session_events e \
             ON e.session_id = rows.session_id AND e.part >= rows.n_parts)",
        )
        .await
    }

    /// The commands of sessions that are new or whose commands changed.
    pub(crate) async fn write_commands(
        &mut self,
        changes: &[SessionChange],
    ) -> Result<(), StoreError> {
        let changed = changed(changes, |session| &session.commands);
        self.clear(
            "clear the commands of sessions that grew",
            &changed,
            "DELETE FROM command_stats WHERE session_id IN (SELECT session_id FROM rows)",
        )
        .await?;
        let uses: Vec<(&str, usize, &CommandUse)> =
            changed.iter().flat_map(|(_, session)| numbered(session, &session.commands)).collect();
        let rows = Rows::new(vec![
            ("session_id", text(&uses, |(id, ..)| Some(id))),
            ("position", int(&uses, |(_, at, _)| Some(number(*at)))),
            ("command_normalized", text(&uses, |(.., command)| Some(&command.command))),
            ("occurrences", int(&uses, |(.., command)| Some(number(command.occurrences)))),
            ("first_seen", time(&uses, |(.., command)| Some(command.first_seen))),
            ("last_seen", time(&uses, |(.., command)| Some(command.last_seen))),
            ("high_risk", flag(&uses, |(.., command)| command.high_risk)),
        ]);
        self.insert("write commands", "command_stats", &rows).await
    }

    /// The files of sessions. What is known of a file that stays is kept.
    pub(crate) async fn write_files(
        &mut self,
        changes: &[SessionChange],
    ) -> Result<(), StoreError> {
        self.cut_files(changes).await?;
        let changed = changed(changes, |session| &session.files);
        let uses: Vec<(&str, usize, &FileUse)> =
            changed.iter().flat_map(|(_, session)| numbered(session, &session.files)).collect();
        let rows = Rows::new(vec![
            ("session_id", text(&uses, |(id, ..)| Some(id))),
            ("shasum", text(&uses, |(.., file)| Some(&file.shasum))),
            ("direction", text(&uses, |(.., file)| Some(file.direction.name()))),
            ("filename", text(&uses, |(.., file)| file.filename.as_deref())),
            ("download_url", text(&uses, |(.., file)| file.url.as_deref())),
            ("first_seen", time(&uses, |(.., file)| Some(file.first_seen))),
        ]);
        self.upsert(
            "write files",
            "files",
            &rows,
            "ON CONFLICT (session_id, shasum) DO UPDATE SET \
             direction = excluded.direction, filename = excluded.filename, \
             download_url = excluded.download_url, first_seen = excluded.first_seen",
        )
        .await
    }

    /// Removes files that a session lost when it turned out to be several.
    async fn cut_files(&mut self, changes: &[SessionChange]) -> Result<(), StoreError> {
        let lost: Vec<(&str, &str)> = changes
            .iter()
            .filter_map(|change| Some((change.before.as_ref()?, change.after.as_ref()?)))
            .flat_map(|(before, after)| {
                let stays = |file: &FileUse| after.files.iter().any(|f| f.shasum == file.shasum);
                let gone = before.files.iter().filter(move |file| !stays(file));
                gone.map(|file| (before.id.as_str(), file.shasum.as_str()))
            })
            .collect();
        let rows = Rows::new(vec![
            ("session_id", text(&lost, |(id, _)| Some(id))),
            ("shasum", text(&lost, |(_, shasum)| Some(shasum))),
        ]);
        self.run(
            "remove the files that moved to another session",
            &rows,
            "DELETE FROM files WHERE (session_id, shasum) IN (SELECT session_id, shasum FROM rows)",
        )
        .await
    }

    /// Removes rows of those sessions that were there before.
    pub(crate) async fn clear(
        &mut self,
        doing: &'static str,
        changed: &[(bool, &Session)],
        sql: &str,
    ) -> Result<(), StoreError> {
        let known = changed.iter().filter(|(was_there, _)| *was_there);
        let rows = Rows::of_texts("session_id", known.map(|(_, session)| session.id.clone()));
        self.run(doing, &rows, sql).await
    }
}

/// Whether the tables have nothing of the session, or nothing any more.
fn is_new(change: &SessionChange) -> bool {
    change.before.is_none()
}

fn document_rows(parts: &[(&Session, &Part)]) -> Rows {
    Rows::new(vec![
        ("session_id", text(parts, |(session, _)| Some(&session.id))),
        ("part", int(parts, |(_, part)| Some(number(part.number)))),
        ("sensor", text(parts, |(session, _)| session.sensor.as_deref())),
        ("first_event_at", time(parts, |(_, part)| Some(part.first_event_at))),
        ("last_event_at", time(parts, |(_, part)| Some(part.last_event_at))),
        ("n_events", int(parts, |(_, part)| Some(number(part.n_events)))),
        ("event_ids", Values::Bytes(parts.iter().map(|(_, p)| p.event_ids.clone()).collect())),
        ("events", json(parts, |(_, part)| &part.events)),
    ])
}

/// The sessions whose list of uses is not what it was, and whether they were there before.
pub(crate) fn changed<'a, T: PartialEq + 'a>(
    changes: &'a [SessionChange],
    uses: impl Fn(&'a Session) -> &'a [T],
) -> Vec<(bool, &'a Session)> {
    changes
        .iter()
        .filter_map(|change| Some((change.before.as_ref(), change.after.as_ref()?)))
        .filter(|(before, after)| before.map_or(&[][..], &uses) != uses(after))
        .map(|(before, after)| (before.is_some(), after))
        .collect()
}

/// The uses of a session with their places.
pub(crate) fn numbered<'a, T>(
    session: &'a Session,
    uses: &'a [T],
) -> impl Iterator<Item = (&'a str, usize, &'a T)> {
    uses.iter().enumerate().map(|(at, one)| (session.id.as_str(), at, one))
}

type Column = (&'static str, Values);
type SummaryRow<'a> = (&'a SessionChange, &'a str, &'a Summary);

/// Every column of a session's row that is written.
fn session_columns(rows: &[SummaryRow<'_>], changes: &Changes<'_>) -> Vec<Column> {
    let mut columns = summary_columns(rows);
    columns.extend(snapshot_columns(rows, changes.now));
    columns.push(("ingest_id", text(rows, |_| Some(changes.ingest_id))));
    columns.push(("updated_at", time(rows, |_| Some(changes.now))));
    columns
}

fn summary_columns(rows: &[SummaryRow<'_>]) -> Vec<Column> {
    let words = |of: fn(&Summary) -> Option<&str>| text(rows, move |(.., summary)| of(summary));
    let count = |of: fn(&Summary) -> u32| int(rows, move |(.., summary)| Some(number(of(summary))));
    let address = |summary: &Summary| summary.source_ip.map(|address| address.to_string());
    vec![
        ("session_id", text(rows, |(_, id, _)| Some(id))),
        ("sensor", words(|s| s.sensor.as_deref())),
        ("protocol", words(|s| s.protocol.as_deref())),
        ("source_ip", Values::Text(rows.iter().map(|(.., summary)| address(summary)).collect())),
        ("first_event_at", time(rows, |(.., s)| Some(s.first_event_at))),
        ("last_event_at", time(rows, |(.., s)| Some(s.last_event_at))),
        ("duration_seconds", Values::Real(rows.iter().map(|(.., s)| s.duration_seconds).collect())),
        ("event_count", count(|s| s.event_count)),
        ("command_count", count(|s| s.command_count)),
        ("login_attempts", count(|s| s.login_attempts)),
        ("login_successes", count(|s| s.login_successes)),
        ("file_downloads", count(|s| s.file_downloads)),
        ("file_uploads", count(|s| s.file_uploads)),
        ("ssh_key_injections", count(|s| s.ssh_key_injections)),
        ("unique_ssh_keys", count(|s| s.unique_ssh_keys)),
        ("client_version", words(|s| s.client_version.as_deref())),
        ("hassh", words(|s| s.hassh.as_deref())),
        ("terminal_size", words(|s| s.terminal_size.as_deref())),
        ("arch", words(|s| s.arch.as_deref())),
        ("risk_score", count(|s| u32::from(s.risk_score))),
        ("ssh_key_fingerprint", words(|s| s.ssh_key_fingerprint.as_deref())),
        ("password_hash", words(|s| s.password_hash.as_deref())),
        ("command_signature", words(|s| s.command_signature.as_deref())),
    ]
}

/// The columns that are written once; NULL where there is nothing to write.
const WRITTEN_ONCE: [&str; 7] = [
    "snapshot_asn",
    "snapshot_country",
    "snapshot_ip_type",
    "snapshot_at",
    "snapshot_basis",
    "enrichment",
    "enrichment_at",
];

fn snapshot_columns(rows: &[SummaryRow<'_>], now: DateTime<Utc>) -> Vec<Column> {
    fn of<'a>(row: &'a SummaryRow<'_>) -> Option<&'a Snapshot> {
        row.0.snapshot.as_ref()
    }
    vec![
        ("snapshot_asn", int(rows, |row| Some(of(row)?.asn?.as_i64()))),
        ("snapshot_country", text(rows, |row| of(row)?.country.as_ref().map(CountryCode::as_str))),
        ("snapshot_ip_type", text(rows, |row| of(row)?.ip_type.map(IpType::name))),
        ("snapshot_at", time(rows, |row| of(row)?.at)),
        ("snapshot_basis", text(rows, |row| of(row)?.basis.map(Basis::name))),
        ("enrichment", jsonb(rows, |row| of(row)?.enrichment.as_deref())),
        ("enrichment_at", time(rows, |row| of(row)?.enrichment.as_ref().map(|_| now))),
    ]
}

/// What becomes of a summary that is there, for these columns.
fn unless_written_once(names: &[&str]) -> String {
    let set = |name: &&str| {
        if WRITTEN_ONCE.contains(name) {
            format!("{name} = coalesce(session_summaries.{name}, excluded.{name})")
        } else {
            format!("{name} = excluded.{name}")
        }
    };
    let set = names.iter().skip(1).map(set).collect::<Vec<_>>().join(", ");
    format!("ON CONFLICT (session_id) DO UPDATE SET {set}")
}

const DOCUMENTS: &str = "ON CONFLICT (session_id, part) DO UPDATE SET \
     sensor = excluded.sensor, first_event_at = excluded.first_event_at, \
     last_event_at = excluded.last_event_at, n_events = excluded.n_events, \
     event_ids = excluded.event_ids, events = excluded.events";

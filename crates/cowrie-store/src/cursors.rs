//! How far each file was read, and what is lost of those that went away.

use chrono::{DateTime, Utc};
use cowrie_schema::ingest_cursors;
use cowrie_sql::{Rows, int, jsonb, number, text, time};
use sea_orm::EntityTrait as _;
use serde::{Deserialize, Serialize};

use crate::connect::Store;
use crate::error::StoreError;
use crate::write::Writing;

/// How far one file was read, and by what it is known again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cursor {
    /// The path under which it was read.
    pub source: String,
    /// The device that it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// Its size in bytes when it was read last.
    pub file_size: u64,
    /// When it was written last, as of then.
    pub modified_at: Option<DateTime<Utc>>,
    /// Bytes of the content, inflated, that are read and stored.
    pub offset: u64,
    /// Digest of its first bytes: of the content, or of the file itself when that is compressed.
    pub front: Option<String>,
    /// Digest of the bytes before `offset`; none for a compressed file.
    pub check: Option<String>,
    /// What else is remembered of it.
    pub memory: CursorMemory,
}

/// What the reader remembers of a file, beside where it is.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct CursorMemory {
    /// The times of the file's last write and change; empty while it is not read to its end.
    pub stamp: String,
    /// Bytes at its end that have no end themselves, and wait for it.
    #[serde(skip_serializing_if = "is_zero")]
    pub waiting_bytes: u64,
    /// The dead letters about the file's end, which are settled when it turns out to go on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<String>,
    /// When the last event that was read from it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_event_at: Option<DateTime<Utc>>,
    /// The sensor of that event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A file whose content went away, so that what was written behind `last_offset` may be lost.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LostLog {
    /// Names the loss.
    pub gap_id: String,
    /// The file.
    pub source: String,
    /// The sensor of the last event that was read from it.
    pub sensor: Option<String>,
    /// `emptied` when the file is still the same one, `replaced` when another has its name.
    pub kind: &'static str,
    /// How far it had been read.
    pub last_offset: u64,
    /// When the last event that was read from it happened.
    pub last_event_at: Option<DateTime<Utc>>,
    /// When the first event happened that stands in the file now.
    pub next_event_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Every cursor, by path.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn cursors(&self) -> Result<Vec<Cursor>, StoreError> {
        let rows = ingest_cursors::Entity::find().all(&self.db).await;
        let rows =
            rows.map_err(|source| StoreError::Query { doing: "read the cursors", source })?;
        Ok(rows.into_iter().map(Cursor::from).collect())
    }
}

impl From<ingest_cursors::Model> for Cursor {
    /// What another program left in `metadata_json` is forgotten: the file is then looked at.
    fn from(row: ingest_cursors::Model) -> Self {
        let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
        let memory = row.metadata_json.map(serde_json::from_value);
        Self {
            source: row.source,
            device: row.device.unwrap_or_default().cast_unsigned(),
            inode: row.inode.unwrap_or_default().cast_unsigned(),
            file_size: unsigned(row.file_size.unwrap_or_default()),
            modified_at: row.modified_at,
            offset: unsigned(row.last_offset),
            front: row.fingerprint,
            check: row.check_hash,
            memory: memory.and_then(Result::ok).unwrap_or_default(),
        }
    }
}

impl Writing {
    /// Moves the cursors; of several for one path the last one counts.
    pub(crate) async fn write_cursors(
        &mut self,
        cursors: &[Cursor],
        ingest_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let memory = |cursor: &Cursor| serde_json::to_string(&cursor.memory).ok();
        let rows = Rows::new(vec![
            ("source", text(cursors, |cursor| Some(&cursor.source))),
            ("device", int(cursors, |cursor| Some(cursor.device.cast_signed()))),
            ("inode", int(cursors, |cursor| Some(cursor.inode.cast_signed()))),
            ("fingerprint", text(cursors, |cursor| cursor.front.as_deref())),
            ("last_offset", int(cursors, |cursor| Some(number(cursor.offset)))),
            ("check_hash", text(cursors, |cursor| cursor.check.as_deref())),
            ("file_size", int(cursors, |cursor| Some(number(cursor.file_size)))),
            ("modified_at", time(cursors, |cursor| cursor.modified_at)),
            ("last_ingest_at", time(cursors, |_| Some(now))),
            ("last_ingest_id", text(cursors, |_| Some(ingest_id))),
            ("metadata_json", jsonb(cursors, memory)),
        ]);
        self.run(
            "move the cursors",
            &rows,
            "INSERT INTO ingest_cursors (source, device, inode, fingerprint, last_offset, \
             check_hash, file_size, modified_at, last_ingest_at, last_ingest_id, metadata_json) \
             SELECT source, device, inode, fingerprint, last_offset, check_hash, file_size, \
             modified_at, last_ingest_at, last_ingest_id, metadata_json FROM rows WHERE true \
             ON CONFLICT (source) DO UPDATE SET device = excluded.device, \
             inode = excluded.inode, fingerprint = excluded.fingerprint, \
             last_offset = excluded.last_offset, check_hash = excluded.check_hash, \
             file_size = excluded.file_size, modified_at = excluded.modified_at, \
             last_ingest_at = excluded.last_ingest_at, \
             last_ingest_id = excluded.last_ingest_id, metadata_json = excluded.metadata_json",
        )
        .await
    }

    /// Keeps that the content of files went away.
    pub(crate) async fn write_lost_logs(
        &mut self,
        lost: &[LostLog],
        ingest_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let rows = Rows::new(vec![
            ("gap_id", text(lost, |lost| Some(&lost.gap_id))),
            ("source", text(lost, |lost| Some(&lost.source))),
            ("sensor", text(lost, |lost| lost.sensor.as_deref())),
            ("kind", text(lost, |lost| Some(lost.kind))),
            ("last_offset", int(lost, |lost| Some(number(lost.last_offset)))),
            ("last_event_at", time(lost, |lost| lost.last_event_at)),
            ("next_event_at", time(lost, |lost| lost.next_event_at)),
            ("noticed_at", time(lost, |_| Some(now))),
            ("ingest_id", text(lost, |_| Some(ingest_id))),
        ]);
        self.run(
            "keep that logs went away",
            &rows,
            "INSERT INTO ingest_gaps (gap_id, source, sensor, kind, last_offset, \
             last_event_at, next_event_at, noticed_at, ingest_id) \
             SELECT gap_id, source, sensor, kind, last_offset, last_event_at, next_event_at, \
             noticed_at, ingest_id FROM rows WHERE true ON CONFLICT (gap_id) DO NOTHING",
        )
        .await
    }
}

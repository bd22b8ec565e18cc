//! What could not be read, kept with its reason.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use cowrie_sql::{Rows, Values, int, number, text, time};

use crate::error::StoreError;
use crate::found::found;
use crate::read::Reading;
use crate::write::Writing;

/// A piece of input that is no event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeadLetter {
    /// Names the content, so that the same piece is kept once however often it is read.
    pub content_id: String,
    /// The file.
    pub source: String,
    /// Where the piece begins, in bytes of the inflated file.
    pub offset: u64,
    /// How long the piece was, in bytes.
    pub length: u64,
    /// A short word for the reason.
    pub reason: &'static str,
    /// The reason in words.
    pub detail: String,
    /// The piece, or its front.
    pub payload: Vec<u8>,
    /// The sensor of the event beside the piece.
    pub sensor: Option<String>,
    /// When that event happened: the one before a piece at the end of its file, the one behind a
    /// piece at its beginning.
    pub beside_at: Option<DateTime<Utc>>,
}

/// Why a letter is settled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Resolution {
    /// What it lacked was written to its file.
    Completed,
    /// It is one half of a line whose other half was found in another file.
    Healed,
    /// It was read again, and is an event.
    Replayed,
}

impl Resolution {
    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Healed => "healed",
            Self::Replayed => "replayed",
        }
    }
}

/// A letter that is settled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settled {
    /// The letter, by its content.
    pub content_id: String,
    /// Why.
    pub resolution: Resolution,
}

/// A half of a line, as the table has it.
#[derive(Debug)]
struct HalfRow {
    content_id: String,
    source: String,
    source_offset: i64,
    length: i64,
    detail: Option<String>,
    payload: Vec<u8>,
    sensor: Option<String>,
    beside_at: Option<DateTime<Utc>>,
}

found!(HalfRow { content_id, source, source_offset, length, detail, payload, sensor, beside_at });

/// The reason of a letter about the end of a log.
pub const TORN: &str = "torn";

impl Writing {
    /// Writes the letters that are not there yet; a stretch of a file may have grown.
    pub(crate) async fn write_dead_letters(
        &mut self,
        letters: &[DeadLetter],
        ingest_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let rows = Rows::new(vec![
            ("content_id", text(letters, |letter| Some(&letter.content_id))),
            ("ingest_id", text(letters, |_| Some(ingest_id))),
            ("source", text(letters, |letter| Some(&letter.source))),
            ("source_offset", int(letters, |letter| Some(number(letter.offset)))),
            ("length", int(letters, |letter| Some(number(letter.length)))),
            ("reason", text(letters, |letter| Some(letter.reason))),
            ("detail", text(letters, |letter| Some(&letter.detail))),
            ("payload", Values::Bytes(letters.iter().map(|l| l.payload.clone()).collect())),
            ("created_at", time(letters, |_| Some(now))),
            ("sensor", text(letters, |letter| letter.sensor.as_deref())),
            ("beside_at", time(letters, |letter| letter.beside_at)),
        ]);
        self.run(
            "write dead letters",
            &rows,
            "INSERT INTO dead_letter_events (content_id, ingest_id, source, source_offset, \
             length, reason, detail, payload, created_at, sensor, beside_at) \
             SELECT content_id, ingest_id, source, source_offset, length, reason, detail, \
             payload, created_at, sensor, beside_at FROM rows WHERE true \
             ON CONFLICT (content_id) DO UPDATE SET length = excluded.length, \
             detail = excluded.detail WHERE excluded.length > dead_letter_events.length",
        )
        .await
    }

    /// Settles letters, and leaves those alone that are settled already.
    pub(crate) async fn settle_dead_letters(
        &mut self,
        settled: &[Settled],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let rows = Rows::new(vec![
            ("content_id", text(settled, |settled| Some(&settled.content_id))),
            ("resolution", text(settled, |settled| Some(settled.resolution.name()))),
            ("resolved_at", time(settled, |_| Some(now))),
        ]);
        self.run(
            "settle dead letters",
            &rows,
            "UPDATE dead_letter_events SET resolved = true, resolution = rows.resolution, \
             resolved_at = rows.resolved_at FROM rows \
             WHERE dead_letter_events.content_id = rows.content_id \
             AND NOT dead_letter_events.resolved",
        )
        .await
    }
}

impl Reading {
    /// Those of the dead letters that the tables hold, or only the open ones, by their contents'
    /// names.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn letters_among(
        &mut self,
        content_ids: BTreeSet<String>,
        only_open: bool,
    ) -> Result<BTreeSet<String>, StoreError> {
        let rows = Rows::of_texts("content_id", content_ids);
        let which = if only_open { "WHERE NOT d.resolved" } else { "" };
        let sql = format!(
            "SELECT d.content_id FROM rows JOIN dead_letter_events d \
             ON d.content_id = rows.content_id {which}"
        );
        let found: Vec<String> = self.tx.fetch("look for dead letters", &rows, &sql).await?;
        Ok(found.into_iter().collect())
    }

    /// The open letters that may be halves of lines and lie, by the events beside them, between
    /// two times: ends of logs when `are_ends`, else beginnings.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn halves_between(
        &mut self,
        (since, until): (DateTime<Utc>, DateTime<Utc>),
        are_ends: bool,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let rows = Rows::new(vec![
            ("since", time(&[()], |()| Some(since))),
            ("until", time(&[()], |()| Some(until))),
        ]);
        let which = if are_ends { "d.reason = 'torn'" } else { "d.source_offset = 0" };
        let sql = format!(
            "SELECT d.content_id, d.source, d.source_offset, d.length, d.detail, d.payload, \
             d.sensor, d.beside_at FROM rows JOIN dead_letter_events d \
             ON d.beside_at BETWEEN rows.since AND rows.until \
             WHERE NOT d.resolved AND d.reason IN ('torn', 'not_json') AND {which} \
             ORDER BY d.beside_at, d.content_id"
        );
        let found: Vec<HalfRow> = self.tx.fetch("look for halves of lines", &rows, &sql).await?;
        Ok(found.into_iter().map(DeadLetter::from).collect())
    }
}

impl From<HalfRow> for DeadLetter {
    fn from(row: HalfRow) -> Self {
        let unsigned = |number: i64| u64::try_from(number).unwrap_or_default();
        Self {
            content_id: row.content_id,
            source: row.source,
            offset: unsigned(row.source_offset),
            length: unsigned(row.length),
            reason: TORN,
            detail: row.detail.unwrap_or_default(),
            payload: row.payload,
            sensor: row.sensor,
            beside_at: row.beside_at,
        }
    }
}

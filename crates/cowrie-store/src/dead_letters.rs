//! What could not be read, kept with its reason.

use chrono::{DateTime, Utc};

use crate::error::StoreError;
use crate::rows::{Rows, Transaction, Values, int, number, text, time};

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
}

impl Transaction {
    /// Writes the letters that are not there yet.
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
        ]);
        self.run(
            "write dead letters",
            &rows,
            "INSERT INTO dead_letter_events (content_id, ingest_id, source, source_offset, \
             length, reason, detail, payload, created_at) \
             SELECT content_id, ingest_id, source, source_offset, length, reason, detail, \
             payload, created_at FROM rows WHERE true ON CONFLICT (content_id) DO NOTHING",
        )
        .await
    }
}

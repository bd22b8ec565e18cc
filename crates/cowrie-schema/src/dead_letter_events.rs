//! Lines that could not be read as events, with their bytes, up to 64 KiB of each.

use sea_orm::entity::prelude::*;

/// One line that could not be read as an event.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "dead_letter_events")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Digest that names the letter by what it is about, so that a second load adds nothing.
    #[sea_orm(column_type = "Text", unique)]
    pub content_id: String,
    /// Run that met the line.
    #[sea_orm(column_type = "Text", nullable)]
    pub ingest_id: Option<String>,
    /// File the line stood in.
    #[sea_orm(column_type = "Text")]
    pub source: String,
    /// Byte at which it starts there.
    pub source_offset: i64,
    /// Length of the line in bytes; `payload` may hold fewer.
    pub length: i64,
    /// Why it was rejected, in one word.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// Why it was rejected, in a sentence.
    #[sea_orm(column_type = "Text", nullable)]
    pub detail: Option<String>,
    /// The bytes as they were read.
    #[sea_orm(column_type = "Blob")]
    pub payload: Vec<u8>,
    /// When the row was written.
    pub created_at: DateTimeUtc,
    /// Whether the line has been dealt with.
    pub resolved: bool,
    /// When it was dealt with.
    pub resolved_at: Option<DateTimeUtc>,
    /// Sensor of the event beside the line.
    #[sea_orm(column_type = "Text", nullable)]
    pub sensor: Option<String>,
    /// Time of the event nearest to the line in its file, by which the halves of a torn line are
    /// found.
    pub beside_at: Option<DateTimeUtc>,
    /// How it was dealt with: `completed` by the rest of its line in its own file, `healed` by its
    /// other half in another file, or `replayed` as an event.
    #[sea_orm(column_type = "Text", nullable)]
    pub resolution: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

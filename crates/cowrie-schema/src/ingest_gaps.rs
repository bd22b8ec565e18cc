//! Log files whose content went away, with the time of which events may be lost.

use sea_orm::entity::prelude::*;

/// One file whose content went away, so that events between two times may be lost.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "ingest_gaps")]
pub struct Model {
    /// Key of the gap.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub gap_id: String,
    /// The log file, by the path under which it was read.
    #[sea_orm(column_type = "Text")]
    pub source: String,
    /// The sensor that wrote the file, where its events name one.
    #[sea_orm(column_type = "Text", nullable)]
    pub sensor: Option<String>,
    /// What became of the file: `emptied`, or `replaced` by another one.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// Bytes of the content that had been read before it went away.
    pub last_offset: i64,
    /// Time of the last event read before that.
    pub last_event_at: Option<DateTimeUtc>,
    /// Time of the first event read after that; NULL until there is one.
    pub next_event_at: Option<DateTimeUtc>,
    /// When it was noticed.
    pub noticed_at: DateTimeUtc,
    /// Run that noticed it.
    #[sea_orm(column_type = "Text", nullable)]
    pub ingest_id: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

//! A view: one row for each event of `session_events`, with the legacy columns.

use sea_orm::entity::prelude::*;

/// One event, read out of its document.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "raw_events")]
pub struct Model {
    /// Content id, as lower-case hex.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The session; NULL for an event without one.
    #[sea_orm(column_type = "Text", nullable)]
    pub session_id: Option<String>,
    /// Part of the document it stands in.
    pub part: i32,
    /// Its place in the part, from 0.
    pub position: i32,
    /// Name of the honeypot that wrote it.
    #[sea_orm(column_type = "Text", nullable)]
    pub sensor: Option<String>,
    /// What happened: the event's `eventid`.
    #[sea_orm(column_type = "Text", nullable)]
    pub event_type: Option<String>,
    /// When it happened, to the millisecond: the time in its content id.
    pub event_timestamp: DateTimeUtc,
    /// The event as it was written, with NUL and lone surrogates escaped.
    #[sea_orm(column_type = "Json")]
    pub payload: Json,
}

impl ActiveModelBehavior for ActiveModel {}

//! Events of sessions as documents: one or more parts per session, one or more per sensor and day for events without a session.

use sea_orm::entity::prelude::*;

/// One part of a session's events.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "session_events")]
pub struct Model {
    /// The session, or `day/<sensor>/<date>` for events without one.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub session_id: String,
    /// Rank of the part in the session, from 0; the cuts depend on the events alone.
    #[sea_orm(primary_key, auto_increment = false)]
    pub part: i32,
    /// Name of the honeypot that wrote the events.
    #[sea_orm(column_type = "Text", nullable)]
    pub sensor: Option<String>,
    /// Time of the earliest event of the part.
    pub first_event_at: DateTimeUtc,
    /// Time of the latest event of the part.
    pub last_event_at: DateTimeUtc,
    /// Number of events in the part.
    pub n_events: i32,
    /// Content ids of the events in their order, 16 bytes each; the first 6 are the time in
    /// milliseconds since 1970.
    #[sea_orm(column_type = "Blob")]
    pub event_ids: Vec<u8>,
    /// The events as they were written, a JSON array in the order of (time, id); NUL and lone
    /// surrogates are escaped.
    #[sea_orm(column_type = "Json")]
    pub events: Json,
}

impl ActiveModelBehavior for ActiveModel {}

//! When each source may be asked next, shared by all processes.

use sea_orm::entity::prelude::*;

/// The pace of one source.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "provider_pace")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub service: String,
    /// When the next request is due at an even pace; a burst may go out before.
    pub next_at: Option<DateTimeUtc>,
    /// When requests were last handed out, by the clock of the process that wanted them; one that
    /// lies well ahead of the clock tells that the clock went back.
    pub granted_at: Option<DateTimeUtc>,
    /// Until when nobody may ask the source, because it said so.
    pub paused_until: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

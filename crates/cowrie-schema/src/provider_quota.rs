//! How much of each source's quota has been used, shared by all processes.

use sea_orm::entity::prelude::*;

/// One window of one source's quota.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "provider_quota")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub service: String,
    /// Length of the window: `second`, `minute`, `day` or `week`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub period: String,
    /// Start of the window.
    #[sea_orm(primary_key, auto_increment = false)]
    pub window_start: DateTimeUtc,
    /// Questions asked in the window.
    pub used: i64,
    /// Questions allowed in the window; NULL when there is no limit.
    pub allowed: Option<i64>,
    /// Until when the source wants to be left alone.
    pub blocked_until: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

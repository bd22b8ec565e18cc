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
    /// Length of the window: `second`, `minute`, `day` or `week`; the programs count by the `day`
    /// of UTC, and drop it after 30 days.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub period: String,
    /// Start of the window.
    #[sea_orm(primary_key, auto_increment = false)]
    pub window_start: DateTimeUtc,
    /// Requests handed out for the window; one may carry many questions.
    pub used: i64,
    /// Requests allowed in the window; NULL when there is no limit.
    pub allowed: Option<i64>,
    /// Always NULL: a pause may outlast the window, and stands in `provider_pace`.
    pub blocked_until: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

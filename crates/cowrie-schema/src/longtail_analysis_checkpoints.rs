//! Days that were analysed and need not be read again.

use sea_orm::entity::prelude::*;

/// One analysed day.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "longtail_analysis_checkpoints")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// What was looked at: `all`, or a sensor's name.
    #[sea_orm(column_type = "Text")]
    pub scope: String,
    /// Digest of the parameters.
    #[sea_orm(column_type = "Text")]
    pub parameters_hash: String,
    /// Version of the rules that make commands equal.
    pub normaliser_version: i32,
    /// The day, in UTC.
    pub checkpoint_date: Date,
    /// Start of the window, included.
    pub window_start: DateTimeUtc,
    /// End of the window, excluded.
    pub window_end: DateTimeUtc,
    /// Number of sessions in the window.
    pub sessions_analyzed: i32,
    /// Digest of the vocabulary the day was read with.
    #[sea_orm(column_type = "Text")]
    pub vocabulary_hash: String,
    /// Digest of the sessions in the window, by which late arrivals are noticed.
    #[sea_orm(column_type = "Text")]
    pub digest: String,
    /// The day's counts in a compact form that can be merged with other days'.
    #[sea_orm(column_type = "Blob")]
    pub sketch: Vec<u8>,
    /// The last analysis that used the day.
    pub last_analysis_id: Option<i64>,
    /// When the day was analysed.
    pub completed_at: DateTimeUtc,
    /// The row of `longtail_analysis` that `last_analysis_id` names.
    #[sea_orm(belongs_to, from = "last_analysis_id", to = "id", on_delete = "SetNull")]
    pub last_analysis: BelongsTo<Option<super::longtail_analysis::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

//! Which sessions a finding is about.

use sea_orm::entity::prelude::*;

/// One session of one finding.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "longtail_detection_sessions")]
pub struct Model {
    /// The finding.
    #[sea_orm(primary_key, auto_increment = false)]
    pub detection_id: i64,
    /// The session.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub session_id: String,
    /// The row of `longtail_detections` that `detection_id` names.
    #[sea_orm(belongs_to, from = "detection_id", to = "id", on_delete = "Cascade")]
    pub detection: BelongsTo<super::longtail_detections::Entity>,
    /// The row of `session_summaries` that `session_id` names.
    #[sea_orm(belongs_to, from = "session_id", to = "session_id", on_delete = "Cascade")]
    pub session: BelongsTo<super::session_summaries::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

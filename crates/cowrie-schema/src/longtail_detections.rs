//! What the longtail analysis found.

use sea_orm::entity::prelude::*;

/// One finding.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, PartialEq)]
#[sea_orm(table_name = "longtail_detections")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The analysis that found it.
    pub analysis_id: i64,
    /// `rare_command`, `anomalous_sequence`, `outlier_session`, `emerging_pattern` or
    /// `high_entropy_payload`.
    #[sea_orm(column_type = "Text")]
    pub detection_type: String,
    /// The session it is about, where it is about one.
    #[sea_orm(column_type = "Text", nullable)]
    pub session_id: Option<String>,
    /// Content id of the event it is about, 16 bytes, where it is about one; see `raw_events`.
    #[sea_orm(column_type = "Blob", nullable)]
    pub event_id: Option<Vec<u8>>,
    /// The finding itself; its keys depend on `detection_type`.
    #[sea_orm(column_type = "JsonBinary")]
    pub detection_data: Json,
    /// How sure the detector is, from 0 to 1.
    pub confidence_score: f64,
    /// How much it would matter, from 0 to 1.
    pub severity_score: f64,
    /// When what was found happened first.
    pub timestamp: DateTimeUtc,
    /// The address it is about, where it is about one.
    #[sea_orm(column_type = "Text", nullable)]
    pub source_ip: Option<String>,
    /// The row of `longtail_analysis` that `analysis_id` names.
    #[sea_orm(belongs_to, from = "analysis_id", to = "id", on_delete = "Cascade")]
    pub analysis: BelongsTo<super::longtail_analysis::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

//! The runs of the longtail analysis, one per window and set of parameters.

use sea_orm::entity::prelude::*;

/// One analysis of one window.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, PartialEq)]
#[sea_orm(table_name = "longtail_analysis")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Detector and its version.
    #[sea_orm(column_type = "Text")]
    pub detector: String,
    /// Digest of the parameters.
    #[sea_orm(column_type = "Text")]
    pub parameters_hash: String,
    /// Version of the rules that make commands equal.
    pub normaliser_version: i32,
    /// What was looked at: `all`, or a sensor's name.
    #[sea_orm(column_type = "Text")]
    pub scope: String,
    /// Start of the window, included.
    pub window_start: DateTimeUtc,
    /// End of the window, excluded.
    pub window_end: DateTimeUtc,
    /// When the analysis was made.
    pub analysis_time: DateTimeUtc,
    /// Length of the window in days, where it was given so.
    pub lookback_days: Option<i32>,
    /// How far the findings can be relied on, from 0 to 1; NULL when there was too little data.
    pub confidence_score: Option<f64>,
    /// Number of events in the window.
    pub total_events_analyzed: i64,
    /// Number of rare commands found.
    pub rare_command_count: i32,
    /// Number of unusual sequences found.
    pub anomalous_sequence_count: i32,
    /// Number of outlier sessions found.
    pub outlier_session_count: i32,
    /// Number of emerging patterns found.
    pub emerging_pattern_count: i32,
    /// Number of payloads of high entropy found.
    pub high_entropy_payload_count: i32,
    /// The parameters.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub parameters: Option<Json>,
    /// What was found, in short.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub analysis_results: Option<Json>,
    /// Figures about the window.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub statistical_summary: Option<Json>,
    /// What an analyst might look at first.
    #[sea_orm(column_type = "Text", nullable)]
    pub recommendation: Option<String>,
    /// How long the analysis took, in seconds.
    pub analysis_duration_seconds: Option<f64>,
    /// The most memory it used, in MiB.
    pub memory_usage_mb: Option<f64>,
    /// Share of the window's sessions that could be used, from 0 to 1.
    pub data_quality_score: Option<f64>,
    /// Share of the window's sessions whose address has enrichment, from 0 to 1.
    pub enrichment_coverage: Option<f64>,
}

impl ActiveModelBehavior for ActiveModel {}

//! The files that sessions brought, by content.

use sea_orm::entity::prelude::*;

/// One file of a session.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "files")]
pub struct Model {
    /// Session; see `session_summaries`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub session_id: String,
    /// SHA-256 of the content, as lower-case hex.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub shasum: String,
    /// `download` when the session fetched it, `upload` when it was sent in.
    #[sea_orm(column_type = "Text")]
    pub direction: String,
    /// What the attacker called it, where that is known.
    #[sea_orm(column_type = "Text", nullable)]
    pub filename: Option<String>,
    /// Size in bytes, where the event says it.
    pub file_size: Option<i64>,
    /// Where it was fetched from.
    #[sea_orm(column_type = "Text", nullable)]
    pub download_url: Option<String>,
    /// When the session brought it first.
    pub first_seen: DateTimeUtc,
    /// VirusTotal's name for the threat.
    #[sea_orm(column_type = "Text", nullable)]
    pub vt_classification: Option<String>,
    /// What VirusTotal says the file is.
    #[sea_orm(column_type = "Text", nullable)]
    pub vt_description: Option<String>,
    /// Whether VirusTotal's engines call it malicious.
    pub vt_malicious: bool,
    /// When VirusTotal first had the file.
    pub vt_first_seen: Option<DateTimeUtc>,
    /// When VirusTotal last analysed the file.
    pub vt_last_analysis: Option<DateTimeUtc>,
    /// When we took VirusTotal's answer.
    pub vt_scan_date: Option<DateTimeUtc>,
    /// Number of engines that call it malicious.
    pub vt_positives: Option<i32>,
    /// Number of engines that looked.
    pub vt_total: Option<i32>,
    /// Whether VirusTotal was asked: `pending`, `enriched` or `failed`.
    #[sea_orm(column_type = "Text")]
    pub enrichment_status: String,
}

impl ActiveModelBehavior for ActiveModel {}

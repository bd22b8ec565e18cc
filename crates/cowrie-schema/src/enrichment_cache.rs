//! Answers of sources, kept for their time.

use sea_orm::entity::prelude::*;

/// One answer of a source.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "enrichment_cache")]
pub struct Model {
    /// The source.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub service: String,
    /// What it was asked about.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub cache_key: String,
    /// What it answered.
    #[sea_orm(column_type = "JsonBinary")]
    pub cache_value: Json,
    /// When it answered.
    pub created_at: DateTimeUtc,
    /// Until when the answer holds.
    pub expires_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

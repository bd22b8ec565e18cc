//! Command sequences as vectors, for similarity search; PostgreSQL with pgvector only.

use sea_orm::entity::prelude::*;

/// One command sequence as a vector.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, PartialEq)]
#[sea_orm(table_name = "command_sequence_vectors")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The analysis that made it; vectors of two analyses are not comparable.
    pub analysis_id: i64,
    /// Digest of the sequence.
    #[sea_orm(column_type = "Text")]
    pub fingerprint: String,
    /// One session that has the sequence.
    #[sea_orm(column_type = "Text")]
    pub session_id: String,
    /// The normalised commands of the sequence.
    #[sea_orm(column_type = "Text")]
    pub command_sequence: String,
    /// The sequence; near means alike by the cosine.
    #[sea_orm(column_type = "Vector(Some(128))")]
    pub sequence_vector: PgVector,
    /// When the session began.
    pub timestamp: DateTimeUtc,
    /// Address the session came from.
    #[sea_orm(column_type = "Text", nullable)]
    pub source_ip: Option<String>,
    /// The row of `longtail_analysis` that `analysis_id` names.
    #[sea_orm(belongs_to, from = "analysis_id", to = "id", on_delete = "Cascade")]
    pub analysis: BelongsTo<super::longtail_analysis::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

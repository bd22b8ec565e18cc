//! v12: what the longtail analysis finds.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::types::{
    belongs_to, bigcount, bigint, bytes, count, double, drop_tables, identity, index,
    index_where_known, int, key, object, one_of, text, time, unique,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        manager.create_table(longtail_analysis(engine)).await?;
        manager.create_table(longtail_detections(engine)).await?;
        manager
            .create_index(index(
                "ix_longtail_detections_analysis_id_detection_type",
                "longtail_detections",
                &["analysis_id", "detection_type"],
            ))
            .await?;
        manager
            .create_index(index_where_known(
                "ix_longtail_detections_session_id",
                "longtail_detections",
                &["session_id"],
            ))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["longtail_detections", "longtail_analysis"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn longtail_analysis(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("longtail_analysis")
        .col(identity("id"))
        .col(text("detector").not_null())
        .col(text("parameters_hash").not_null())
        .col(int("normaliser_version").not_null())
        .col(text("scope").not_null())
        .col(time("window_start").not_null())
        .col(time("window_end").not_null())
        .col(time("analysis_time").not_null())
        .col(int("lookback_days"))
        .col(double("confidence_score"))
        .col(bigcount("total_events_analyzed"))
        .col(count("rare_command_count"))
        .col(count("anomalous_sequence_count"))
        .col(count("outlier_session_count"))
        .col(count("emerging_pattern_count"))
        .col(count("high_entropy_payload_count"))
        .col(object(engine, "parameters"))
        .col(object(engine, "analysis_results"))
        .col(object(engine, "statistical_summary"))
        .col(text("recommendation"))
        .col(double("analysis_duration_seconds"))
        .col(double("memory_usage_mb"))
        .col(double("data_quality_score"))
        .col(double("enrichment_coverage"))
        .index(&mut unique(
            "uq_longtail_analysis_run",
            &[
                "detector",
                "parameters_hash",
                "normaliser_version",
                "scope",
                "window_start",
                "window_end",
            ],
        ))
        .take()
}

fn longtail_detections(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("longtail_detections")
        .col(identity("id"))
        .col(bigint("analysis_id").not_null())
        .col(detection_type().not_null())
        .col(key(engine, "session_id"))
        .col(bytes("event_id"))
        .col(object(engine, "detection_data").not_null())
        .col(double("confidence_score").not_null())
        .col(
            double("severity_score").not_null().check(Expr::cust("severity_score between 0 and 1")),
        )
        .col(time("timestamp").not_null())
        .col(key(engine, "source_ip"))
        .foreign_key(&mut belongs_to(
            "fk_longtail_detections_analysis_id",
            ("longtail_detections", "analysis_id"),
            ("longtail_analysis", "id"),
        ))
        .take()
}

fn detection_type() -> ColumnDef {
    one_of(
        "detection_type",
        &[
            "rare_command",
            "anomalous_sequence",
            "outlier_session",
            "emerging_pattern",
            "high_entropy_payload",
        ],
    )
}

//! v13: which sessions a finding is about, and which windows were analysed.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::types::{
    belongs_to, bigint, bytes, date, drop_tables, identity, index, int, key, primary_key,
    reference, text, time, unique,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        manager.create_table(longtail_detection_sessions(engine)).await?;
        manager
            .create_index(index(
                "ix_longtail_detection_sessions_session_id",
                "longtail_detection_sessions",
                &["session_id"],
            ))
            .await?;
        manager.create_table(longtail_analysis_checkpoints()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tables = ["longtail_analysis_checkpoints", "longtail_detection_sessions"];
        drop_tables(manager, &tables).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn longtail_detection_sessions(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("longtail_detection_sessions")
        .col(bigint("detection_id").not_null())
        .col(key(engine, "session_id").not_null())
        .primary_key(&mut primary_key(&["detection_id", "session_id"]))
        .foreign_key(&mut belongs_to(
            "fk_longtail_detection_sessions_detection_id",
            ("longtail_detection_sessions", "detection_id"),
            ("longtail_detections", "id"),
        ))
        .foreign_key(&mut belongs_to(
            "fk_longtail_detection_sessions_session_id",
            ("longtail_detection_sessions", "session_id"),
            ("session_summaries", "session_id"),
        ))
        .take()
}

fn longtail_analysis_checkpoints() -> TableCreateStatement {
    let mut last_analysis = reference(
        "fk_longtail_analysis_checkpoints_last_analysis_id",
        ("longtail_analysis_checkpoints", "last_analysis_id"),
        ("longtail_analysis", "id"),
    );
    Table::create()
        .table("longtail_analysis_checkpoints")
        .col(identity("id"))
        .col(text("scope").not_null())
        .col(text("parameters_hash").not_null())
        .col(int("normaliser_version").not_null())
        .col(date("checkpoint_date").not_null())
        .col(time("window_start").not_null())
        .col(time("window_end").not_null())
        .col(int("sessions_analyzed").not_null())
        .col(text("vocabulary_hash").not_null())
        .col(text("digest").not_null())
        .col(bytes("sketch").not_null())
        .col(bigint("last_analysis_id"))
        .col(time("completed_at").not_null())
        .index(&mut unique(
            "uq_longtail_analysis_checkpoints_day",
            &["scope", "parameters_hash", "normaliser_version", "checkpoint_date"],
        ))
        .foreign_key(last_analysis.on_delete(ForeignKeyAction::SetNull))
        .take()
}

//! v19: where dead letters stood among events, why they are resolved, and gaps in files.

use sea_orm_migration::prelude::*;

use crate::types::{bigint, drop_tables, one_of, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in letter_columns() {
            let letters = Table::alter().table("dead_letter_events").add_column(column).take();
            manager.alter_table(letters).await?;
        }
        manager.create_table(ingest_gaps()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["ingest_gaps"]).await?;
        for column in ["resolution", "beside_at", "sensor"] {
            let letters = Table::alter().table("dead_letter_events").drop_column(column).take();
            manager.alter_table(letters).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn letter_columns() -> [ColumnDef; 3] {
    let resolution = one_of("resolution", &["completed", "healed", "replayed"]);
    [text("sensor"), time("beside_at"), resolution]
}

fn ingest_gaps() -> TableCreateStatement {
    Table::create()
        .table("ingest_gaps")
        .col(text("gap_id").not_null().primary_key())
        .col(text("source").not_null())
        .col(text("sensor"))
        .col(one_of("kind", &["emptied", "replaced"]).not_null())
        .col(bigint("last_offset").not_null())
        .col(time("last_event_at"))
        .col(time("next_event_at"))
        .col(time("noticed_at").not_null())
        .col(text("ingest_id"))
        .take()
}

//! v20: when each source may be asked next.

use sea_orm_migration::prelude::*;

use crate::types::{drop_tables, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let provider_pace = Table::create()
            .table("provider_pace")
            .col(text("service").not_null().primary_key())
            .col(time("next_at"))
            .col(time("granted_at"))
            .col(time("paused_until"))
            .take();
        manager.create_table(provider_pace).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["provider_pace"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

//! v15: answers of sources, kept.

use sea_orm_migration::prelude::*;

use crate::types::{drop_tables, index, object, primary_key, text, time};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        let enrichment_cache = Table::create()
            .table("enrichment_cache")
            .col(text("service").not_null())
            .col(text("cache_key").not_null())
            .col(object(engine, "cache_value").not_null())
            .col(time("created_at").not_null())
            .col(time("expires_at").not_null())
            .primary_key(&mut primary_key(&["service", "cache_key"]))
            .take();
        manager.create_table(enrichment_cache).await?;
        let by_expiry =
            index("ix_enrichment_cache_expires_at", "enrichment_cache", &["expires_at"]);
        manager.create_index(by_expiry).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["enrichment_cache"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

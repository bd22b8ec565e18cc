//! v14: vectors of command sequences and of behaviour, where PostgreSQL has pgvector.

use sea_orm_migration::prelude::*;

use crate::vectors;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// Does nothing by itself: [`crate::up`] looks for the extension after the steps, each time,
    /// because it may be installed years after this step ran.
    async fn up(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        vectors::drop_tables(manager.get_connection()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

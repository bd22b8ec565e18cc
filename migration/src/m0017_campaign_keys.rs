//! v17: the columns by which sessions of one campaign find each other.

use sea_orm_migration::prelude::*;

use crate::types::{index_where_known, text};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const COLUMNS: [&str; 3] = ["ssh_key_fingerprint", "password_hash", "command_signature"];

/// Each index's name and columns.
const INDEXES: [(&str, &[&str]); 3] = [
    (
        "ix_session_summaries_ssh_key_fingerprint_country_source_ip",
        &["ssh_key_fingerprint", "snapshot_country", "source_ip"],
    ),
    ("ix_session_summaries_password_hash", &["password_hash"]),
    ("ix_session_summaries_command_signature", &["command_signature"]),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let session = Table::alter().table("session_summaries").add_column(text(column)).take();
            manager.alter_table(session).await?;
        }
        for (name, columns) in INDEXES {
            manager.create_index(index_where_known(name, "session_summaries", columns)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            manager.drop_index(Index::drop().name(name).to_owned()).await?;
        }
        for column in COLUMNS.iter().rev() {
            let session = Table::alter().table("session_summaries").drop_column(*column).take();
            manager.alter_table(session).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

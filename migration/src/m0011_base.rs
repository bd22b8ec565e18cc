//! v11: sessions, files, loading, passwords and keys.

mod credentials;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::enrichment::{enrichment, no_shells};
use crate::types::{
    bigcount, bigint, boolean, bytes, count, double, drop_tables, flag, identity, index, int, key,
    object, one_of, primary_key, text, time,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        let tables = [
            schema_state(),
            session_summaries(engine),
            command_stats(engine),
            files(engine),
            ingest_cursors(engine),
            dead_letter_events(),
            credentials::password_statistics(),
            credentials::password_tracking(),
            credentials::password_session_usage(engine),
            credentials::ssh_key_intelligence(),
            credentials::session_ssh_keys(engine),
            credentials::ssh_key_associations(),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let children_first = [
            "ssh_key_associations",
            "session_ssh_keys",
            "ssh_key_intelligence",
            "password_session_usage",
            "password_tracking",
            "password_statistics",
            "dead_letter_events",
            "ingest_cursors",
            "files",
            "command_stats",
            "session_summaries",
            "schema_state",
        ];
        drop_tables(manager, &children_first).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn indexes() -> [IndexCreateStatement; 5] {
    [
        index("ix_session_summaries_first_event_at", "session_summaries", &["first_event_at"]),
        index("ix_files_shasum", "files", &["shasum"]),
        index("ix_password_session_usage_password_id", "password_session_usage", &["password_id"]),
        index("ix_password_session_usage_timestamp", "password_session_usage", &["timestamp"]),
        index(
            "ix_session_ssh_keys_ssh_key_id_source_ip",
            "session_ssh_keys",
            &["ssh_key_id", "source_ip"],
        ),
    ]
}

fn schema_state() -> TableCreateStatement {
    Table::create()
        .table("schema_state")
        .col(text("key").not_null().primary_key())
        .col(text("value").not_null())
        .take()
}

fn session_summaries(engine: DbBackend) -> TableCreateStatement {
    // PostgreSQL before 18 has stored generated columns only; SQLite keeps the file smaller
    // when it works the name out at reading.
    let is_stored = engine == DbBackend::Postgres;
    Table::create()
        .table("session_summaries")
        .col(key(engine, "session_id").not_null().primary_key())
        .col(text("sensor"))
        .col(text("matcher").generated(Expr::cust("sensor"), is_stored))
        .col(text("protocol"))
        .col(time("first_event_at").not_null())
        .col(time("last_event_at").not_null())
        .col(double("duration_seconds"))
        .col(count("event_count"))
        .col(count("command_count"))
        .col(count("login_attempts"))
        .col(count("login_successes"))
        .col(count("file_downloads"))
        .col(count("file_uploads"))
        .col(count("ssh_key_injections"))
        .col(count("unique_ssh_keys"))
        .col(text("client_version"))
        .col(text("hassh"))
        .col(text("terminal_size"))
        .col(text("arch"))
        .col(int("risk_score"))
        .col(flag("vt_flagged"))
        .col(flag("dshield_flagged"))
        .col(enrichment(engine))
        .col(text("ingest_id"))
        .col(time("updated_at").not_null())
        .check(("ck_session_summaries_enrichment", no_shells(engine)))
        .take()
}

fn command_stats(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("command_stats")
        .col(key(engine, "session_id").not_null())
        .col(int("position").not_null())
        .col(text("command_normalized").not_null())
        .col(int("occurrences").not_null())
        .col(time("first_seen").not_null())
        .col(time("last_seen").not_null())
        .col(boolean("high_risk").not_null())
        .primary_key(&mut primary_key(&["session_id", "position"]))
        .take()
}

fn files(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("files")
        .col(key(engine, "session_id").not_null())
        .col(text("shasum").not_null())
        .col(one_of("direction", &["download", "upload"]).not_null())
        .col(text("filename"))
        .col(bigint("file_size"))
        .col(text("download_url"))
        .col(time("first_seen").not_null())
        .col(text("vt_classification"))
        .col(text("vt_description"))
        .col(flag("vt_malicious"))
        .col(time("vt_first_seen"))
        .col(time("vt_last_analysis"))
        .col(time("vt_scan_date"))
        .col(int("vt_positives"))
        .col(int("vt_total"))
        .col(
            one_of("enrichment_status", &["pending", "enriched", "failed"])
                .not_null()
                .default("pending"),
        )
        .primary_key(&mut primary_key(&["session_id", "shasum"]))
        .take()
}

fn ingest_cursors(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("ingest_cursors")
        .col(text("source").not_null().primary_key())
        .col(bigint("device"))
        .col(bigint("inode"))
        .col(text("fingerprint"))
        .col(bigcount("last_offset"))
        .col(text("check_hash"))
        .col(bigint("file_size"))
        .col(time("modified_at"))
        .col(time("last_ingest_at").not_null())
        .col(text("last_ingest_id"))
        .col(object(engine, "metadata_json"))
        .take()
}

fn dead_letter_events() -> TableCreateStatement {
    Table::create()
        .table("dead_letter_events")
        .col(identity("id"))
        .col(text("content_id").not_null().unique_key())
        .col(text("ingest_id"))
        .col(text("source").not_null())
        .col(bigint("source_offset").not_null())
        .col(bigint("length").not_null())
        .col(text("reason").not_null())
        .col(text("detail"))
        .col(bytes("payload").not_null())
        .col(time("created_at").not_null())
        .col(flag("resolved"))
        .col(time("resolved_at"))
        .take()
}

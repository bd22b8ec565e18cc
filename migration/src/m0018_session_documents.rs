//! v18: a session's events as documents, the view `raw_events` over them, quotas and runs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DbBackend, Statement};

use crate::raw_events;
use crate::types::{
    bigcount, bigint, bytes, drop_tables, index, int, key, object, one_of, primary_key, text, time,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        let tables =
            [session_events(engine), session_siblings(engine), provider_quota(), runs(engine)];
        for table in tables {
            manager.create_table(table).await?;
        }
        let by_workflow = index("ix_runs_workflow_started_at", "runs", &["workflow", "started_at"]);
        manager.create_index(by_workflow).await?;
        if engine == DbBackend::Postgres && offers_lz4(manager).await? {
            let compress = "ALTER TABLE session_events ALTER COLUMN events SET COMPRESSION lz4";
            manager.get_connection().execute_unprepared(compress).await?;
        }
        manager.get_connection().execute_unprepared(&raw_events::create_view(engine)).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP VIEW raw_events").await?;
        drop_tables(manager, &["runs", "provider_quota", "session_siblings", "session_events"])
            .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Whether the server was built with lz4, which compresses the events in half the time.
async fn offers_lz4(manager: &SchemaManager<'_>) -> Result<bool, DbErr> {
    let offered = manager
        .get_connection()
        .query_one_raw(Statement::from_string(
            DbBackend::Postgres,
            "SELECT 1 FROM pg_settings \
             WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)",
        ))
        .await?;
    Ok(offered.is_some())
}

fn session_events(engine: DbBackend) -> TableCreateStatement {
    let ids_fit = match engine {
        DbBackend::Postgres => "octet_length(event_ids) = 16 * n_events",
        _ => "typeof(event_ids) = 'blob' and length(event_ids) = 16 * n_events",
    };
    // PostgreSQL checks that `json` is JSON by itself.
    let mut events = ColumnDef::new("events").json().not_null().take();
    if engine == DbBackend::Sqlite {
        events.check(Expr::cust("json_valid(events)"));
    }
    Table::create()
        .table("session_events")
        .col(key(engine, "session_id").not_null())
        .col(int("part").not_null())
        .col(text("sensor"))
        .col(time("first_event_at").not_null())
        .col(time("last_event_at").not_null())
        .col(int("n_events").not_null().check(Expr::cust("n_events > 0")))
        .col(bytes("event_ids").not_null().check(Expr::cust(ids_fit)))
        .col(events)
        .primary_key(&mut primary_key(&["session_id", "part"]))
        .take()
}

fn session_siblings(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("session_siblings")
        .col(key(engine, "family").not_null())
        .col(key(engine, "session_id").not_null())
        .primary_key(&mut primary_key(&["family", "session_id"]))
        .take()
}

fn provider_quota() -> TableCreateStatement {
    Table::create()
        .table("provider_quota")
        .col(text("service").not_null())
        .col(one_of("period", &["second", "minute", "day", "week"]).not_null())
        .col(time("window_start").not_null())
        .col(bigcount("used"))
        .col(bigint("allowed"))
        .col(time("blocked_until"))
        .primary_key(&mut primary_key(&["service", "period", "window_start"]))
        .take()
}

fn runs(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("runs")
        .col(text("run_id").not_null().primary_key())
        .col(text("program").not_null())
        .col(text("workflow").not_null())
        .col(text("sensor"))
        .col(time("started_at").not_null())
        .col(time("finished_at"))
        .col(one_of("outcome", &["done", "partial", "failed", "stopped"]))
        .col(int("exit_code"))
        .col(object(engine, "counters"))
        .col(object(engine, "cache"))
        .col(object(engine, "sources"))
        .col(bigint("database_bytes"))
        .col(bigint("dead_letters"))
        .take()
}

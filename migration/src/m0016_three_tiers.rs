//! v16: autonomous systems, addresses, and what a session's network was at the time.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::enrichment::{enrichment, no_shells};
use crate::inventory_rules as rules;
use crate::types::{
    bigcount, bigint, boolean, country, drop_tables, flag, index, index_where_known, key, one_of,
    primary_key, reference, text, time,
};
use crate::written_once;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        for table in [asn_inventory(engine), ip_inventory(engine), ip_asn_history(engine)] {
            manager.create_table(table).await?;
        }
        for column in session_columns(engine) {
            let session = Table::alter().table("session_summaries").add_column(column).take();
            manager.alter_table(session).await?;
        }
        for (_, index) in indexes() {
            manager.create_index(index).await?;
        }
        written_once::create_triggers(manager.get_connection()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let engine = manager.get_database_backend();
        // SQLite drops no column that a trigger or an index still names.
        written_once::drop_triggers(manager.get_connection()).await?;
        for (name, _) in indexes() {
            manager.drop_index(Index::drop().name(name).to_owned()).await?;
        }
        for column in session_columns(engine).iter().rev() {
            let session = Table::alter()
                .table("session_summaries")
                .drop_column(column.get_column_name())
                .take();
            manager.alter_table(session).await?;
        }
        drop_tables(manager, &["ip_asn_history", "ip_inventory", "asn_inventory"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn indexes() -> Vec<(&'static str, IndexCreateStatement)> {
    let all = |name, table, column| (name, index(name, table, &[column]));
    let known = |name, column| (name, index_where_known(name, "session_summaries", &[column]));
    vec![
        all("ix_ip_inventory_current_asn", "ip_inventory", "current_asn"),
        all("ix_ip_inventory_geo_country", "ip_inventory", "geo_country"),
        known("ix_session_summaries_source_ip", "source_ip"),
        known("ix_session_summaries_snapshot_asn", "snapshot_asn"),
        known("ix_session_summaries_snapshot_country", "snapshot_country"),
    ]
}

fn asn_inventory(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("asn_inventory")
        .col(
            bigint("asn_number")
                .not_null()
                .primary_key()
                .check(Expr::cust("asn_number between 1 and 4294967295")),
        )
        .col(text("organization_name"))
        .col(country(engine, "organization_country"))
        .col(text("rir_registry"))
        .col(text("asn_type"))
        .col(flag("is_known_hosting"))
        .col(flag("is_known_vpn"))
        .col(time("first_seen").not_null())
        .col(time("last_seen").not_null())
        .col(bigcount("unique_ip_count"))
        .col(bigcount("total_session_count"))
        .col(enrichment(engine))
        .col(time("enrichment_updated_at"))
        .check(("ck_asn_inventory_enrichment", no_shells(engine)))
        .take()
}

fn ip_inventory(engine: DbBackend) -> TableCreateStatement {
    let stored =
        |mut column: ColumnDef, rule: String| column.generated(Expr::cust(rule), true).take();
    Table::create()
        .table("ip_inventory")
        .col(key(engine, "ip_address").not_null().primary_key())
        .col(bigint("current_asn"))
        .col(time("asn_last_verified"))
        .col(time("first_seen").not_null())
        .col(time("last_seen").not_null())
        .col(bigcount("session_count"))
        .col(enrichment(engine))
        .col(time("enrichment_updated_at"))
        .col(text("enrichment_version"))
        .col(stored(text("geo_country"), rules::geo_country(engine)))
        .col(stored(text("ip_types"), rules::ip_types(engine)))
        .col(stored(boolean("is_scanner").not_null().take(), rules::is_scanner(engine)))
        .col(stored(boolean("is_bogon").not_null().take(), rules::is_bogon(engine)))
        .check(("ck_ip_inventory_enrichment", no_shells(engine)))
        .foreign_key(&mut reference(
            "fk_ip_inventory_current_asn",
            ("ip_inventory", "current_asn"),
            ("asn_inventory", "asn_number"),
        ))
        .take()
}

fn ip_asn_history(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("ip_asn_history")
        .col(key(engine, "ip_address").not_null())
        .col(bigint("asn_number").not_null())
        .col(time("observed_at").not_null())
        .col(text("verification_source").not_null())
        .primary_key(&mut primary_key(&["ip_address", "observed_at", "asn_number"]))
        .foreign_key(&mut reference(
            "fk_ip_asn_history_ip_address",
            ("ip_asn_history", "ip_address"),
            ("ip_inventory", "ip_address"),
        ))
        .foreign_key(&mut reference(
            "fk_ip_asn_history_asn_number",
            ("ip_asn_history", "asn_number"),
            ("asn_inventory", "asn_number"),
        ))
        .take()
}

/// What `session_summaries` gains. A foreign key stands with its column, because SQLite adds
/// one in no other way.
fn session_columns(engine: DbBackend) -> [ColumnDef; 7] {
    let source_ip = "CONSTRAINT fk_session_summaries_source_ip \
                     REFERENCES ip_inventory (ip_address)";
    let snapshot_asn = "CONSTRAINT fk_session_summaries_snapshot_asn \
                        REFERENCES asn_inventory (asn_number)";
    [
        key(engine, "source_ip").extra(source_ip).take(),
        bigint("snapshot_asn").extra(snapshot_asn).take(),
        country(engine, "snapshot_country"),
        text("snapshot_ip_type"),
        time("snapshot_at"),
        one_of("snapshot_basis", &["as_of_attack", "at_load", "backfilled"]),
        time("enrichment_at"),
    ]
}

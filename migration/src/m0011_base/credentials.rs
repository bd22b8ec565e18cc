//! The tables of passwords and SSH keys.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::types::{
    belongs_to, bigcount, bigint, boolean, date, identity, int, key, primary_key, text, time,
};

pub(super) fn password_statistics() -> TableCreateStatement {
    Table::create()
        .table("password_statistics")
        .col(date("date").not_null().primary_key())
        .col(bigcount("total_attempts"))
        .col(bigcount("unique_passwords"))
        .col(bigint("breached_count"))
        .col(bigint("novel_count"))
        .col(bigint("max_prevalence"))
        .take()
}

pub(super) fn password_tracking() -> TableCreateStatement {
    Table::create()
        .table("password_tracking")
        .col(identity("id"))
        .col(text("password_hash").not_null().unique_key())
        .col(text("password_text").not_null())
        .col(boolean("breached"))
        .col(bigint("breach_prevalence"))
        .col(time("last_hibp_check"))
        .col(time("first_seen").not_null())
        .col(time("last_seen").not_null())
        .col(bigint("times_seen").not_null())
        .col(bigint("unique_sessions").not_null())
        .take()
}

pub(super) fn password_session_usage(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("password_session_usage")
        .col(key(engine, "session_id").not_null())
        .col(int("position").not_null())
        .col(bigint("password_id").not_null())
        .col(text("username").not_null())
        .col(boolean("success").not_null())
        .col(int("attempts").not_null())
        .col(time("timestamp").not_null())
        .primary_key(&mut primary_key(&["session_id", "position"]))
        .foreign_key(&mut belongs_to(
            "fk_password_session_usage_password_id",
            ("password_session_usage", "password_id"),
            ("password_tracking", "id"),
        ))
        .take()
}

pub(super) fn ssh_key_intelligence() -> TableCreateStatement {
    Table::create()
        .table("ssh_key_intelligence")
        .col(identity("id"))
        .col(text("key_type").not_null())
        .col(text("key_data").not_null())
        .col(text("key_fingerprint").not_null().unique_key())
        .col(text("key_hash").not_null())
        .col(text("key_comment"))
        .col(int("key_bits"))
        .col(text("key_full").not_null())
        .col(text("pattern_type").not_null())
        .col(text("target_path"))
        .col(time("first_seen").not_null())
        .col(time("last_seen").not_null())
        .col(bigint("total_attempts").not_null())
        .col(bigint("unique_sources").not_null())
        .col(bigint("unique_sessions").not_null())
        .take()
}

pub(super) fn session_ssh_keys(engine: DbBackend) -> TableCreateStatement {
    Table::create()
        .table("session_ssh_keys")
        .col(key(engine, "session_id").not_null())
        .col(int("position").not_null())
        .col(bigint("ssh_key_id").not_null())
        .col(text("injection_method").not_null())
        .col(text("command_text"))
        .col(text("target_path"))
        .col(int("attempts").not_null())
        .col(time("timestamp").not_null())
        .col(key(engine, "source_ip"))
        .col(boolean("successful_injection").not_null())
        .primary_key(&mut primary_key(&["session_id", "position"]))
        .foreign_key(&mut belongs_to(
            "fk_session_ssh_keys_ssh_key_id",
            ("session_ssh_keys", "ssh_key_id"),
            ("ssh_key_intelligence", "id"),
        ))
        .take()
}

pub(super) fn ssh_key_associations() -> TableCreateStatement {
    let key = ("ssh_key_intelligence", "id");
    Table::create()
        .table("ssh_key_associations")
        .col(bigint("key_id_1").not_null())
        .col(bigint("key_id_2").not_null())
        .col(bigint("co_occurrence_count").not_null())
        .col(bigint("same_session_count").not_null())
        .col(bigint("same_ip_count").not_null())
        .col(time("first_seen").not_null())
        .col(time("last_seen").not_null())
        .check(Expr::cust("key_id_1 < key_id_2"))
        .primary_key(&mut primary_key(&["key_id_1", "key_id_2"]))
        .foreign_key(&mut belongs_to(
            "fk_ssh_key_associations_key_id_1",
            ("ssh_key_associations", "key_id_1"),
            key,
        ))
        .foreign_key(&mut belongs_to(
            "fk_ssh_key_associations_key_id_2",
            ("ssh_key_associations", "key_id_2"),
            key,
        ))
        .take()
}

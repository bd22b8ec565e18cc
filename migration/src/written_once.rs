//! The triggers of `session_summaries` that keep what was known at the time of the attack.

use sea_orm_migration::SchemaManagerConnection;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// The trigger that refuses to change a snapshot column once it has a value.
const SNAPSHOT_TRIGGER: &str = "session_summaries_snapshot_once";
/// The trigger that refuses to change or remove what a source said.
const ENRICHMENT_TRIGGER: &str = "session_summaries_enrichment_add_only";

/// The functions behind the triggers in PostgreSQL bear the triggers' names.
const POSTGRES: [&str; 4] = [
    "CREATE FUNCTION session_summaries_snapshot_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'snapshot columns are written once'
        USING ERRCODE = 'integrity_constraint_violation';
END
$$",
    "CREATE TRIGGER session_summaries_snapshot_once
BEFORE UPDATE OF snapshot_asn, snapshot_country, snapshot_ip_type, snapshot_at, snapshot_basis
ON session_summaries FOR EACH ROW WHEN (
    OLD.snapshot_asn IS NOT NULL AND NEW.snapshot_asn IS DISTINCT FROM OLD.snapshot_asn
    OR OLD.snapshot_country IS NOT NULL
        AND NEW.snapshot_country IS DISTINCT FROM OLD.snapshot_country
    OR OLD.snapshot_ip_type IS NOT NULL
        AND NEW.snapshot_ip_type IS DISTINCT FROM OLD.snapshot_ip_type
    OR OLD.snapshot_at IS NOT NULL AND NEW.snapshot_at IS DISTINCT FROM OLD.snapshot_at
    OR OLD.snapshot_basis IS NOT NULL AND NEW.snapshot_basis IS DISTINCT FROM OLD.snapshot_basis
) EXECUTE FUNCTION session_summaries_snapshot_once()",
    "CREATE FUNCTION session_summaries_enrichment_add_only() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    old_snapshot jsonb := OLD.enrichment #> '{_meta,snapshot}';
    new_snapshot jsonb := NEW.enrichment #> '{_meta,snapshot}';
    is_object boolean := coalesce(jsonb_typeof(old_snapshot) = 'object', true);
BEGIN
    IF NEW.enrichment IS NULL
        OR EXISTS (
            SELECT 1 FROM jsonb_each(OLD.enrichment -> '_meta') AS said
            WHERE said.key <> 'snapshot'
                AND said.value ->> 'status' IN ('ok', 'not_found')
                AND (NEW.enrichment -> '_meta' -> said.key IS DISTINCT FROM said.value
                    OR NEW.enrichment -> said.key IS DISTINCT FROM OLD.enrichment -> said.key))
        OR is_object AND EXISTS (
            SELECT 1 FROM jsonb_each(CASE WHEN is_object THEN old_snapshot END) AS held
            WHERE new_snapshot -> held.key IS DISTINCT FROM held.value)
        OR NOT is_object AND new_snapshot IS DISTINCT FROM old_snapshot
    THEN
        RAISE EXCEPTION 'session enrichment is add-only'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$",
    "CREATE TRIGGER session_summaries_enrichment_add_only
BEFORE UPDATE OF enrichment ON session_summaries FOR EACH ROW
WHEN (OLD.enrichment IS NOT NULL AND NEW.enrichment IS DISTINCT FROM OLD.enrichment)
EXECUTE FUNCTION session_summaries_enrichment_add_only()",
];

/// SQLite has no JSON equality that forgives another order of keys, so the two values are
/// compared as sets of (path, kind, value).
const SQLITE: [&str; 2] = [
    "CREATE TRIGGER session_summaries_snapshot_once
BEFORE UPDATE OF snapshot_asn, snapshot_country, snapshot_ip_type, snapshot_at, snapshot_basis
ON session_summaries FOR EACH ROW WHEN
    OLD.snapshot_asn IS NOT NULL AND NEW.snapshot_asn IS NOT OLD.snapshot_asn
    OR OLD.snapshot_country IS NOT NULL AND NEW.snapshot_country IS NOT OLD.snapshot_country
    OR OLD.snapshot_ip_type IS NOT NULL AND NEW.snapshot_ip_type IS NOT OLD.snapshot_ip_type
    OR OLD.snapshot_at IS NOT NULL AND NEW.snapshot_at IS NOT OLD.snapshot_at
    OR OLD.snapshot_basis IS NOT NULL AND NEW.snapshot_basis IS NOT OLD.snapshot_basis
BEGIN
    SELECT RAISE(ABORT, 'snapshot columns are written once');
END",
    "CREATE TRIGGER session_summaries_enrichment_add_only
BEFORE UPDATE OF enrichment ON session_summaries FOR EACH ROW
WHEN OLD.enrichment IS NOT NULL AND NEW.enrichment IS NOT OLD.enrichment
BEGIN
    SELECT RAISE(ABORT, 'session enrichment is add-only')
    WHERE NEW.enrichment IS NULL OR EXISTS (
        WITH said (source, meta) AS (
            SELECT key, fullkey FROM json_each(OLD.enrichment, '$._meta')
            WHERE key <> 'snapshot'
                AND json_extract(OLD.enrichment, fullkey || '.status') IN ('ok', 'not_found')
        ), kept (place) AS (
            SELECT meta FROM said
            UNION ALL SELECT '$.\"' || source || '\"' FROM said
            UNION ALL SELECT fullkey FROM json_each(OLD.enrichment, '$._meta.snapshot')
        )
        SELECT 1 FROM kept
        WHERE EXISTS (
            SELECT fullkey, replace(type, 'real', 'integer'), atom
            FROM json_tree(OLD.enrichment, kept.place)
            EXCEPT
            SELECT fullkey, replace(type, 'real', 'integer'), atom
            FROM json_tree(NEW.enrichment, kept.place)
        ) OR EXISTS (
            SELECT fullkey, replace(type, 'real', 'integer'), atom
            FROM json_tree(NEW.enrichment, kept.place)
            EXCEPT
            SELECT fullkey, replace(type, 'real', 'integer'), atom
            FROM json_tree(OLD.enrichment, kept.place)
        )
    );
END",
];

/// Makes both triggers.
pub(crate) async fn create_triggers(db: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    let statements: &[&str] = match db.get_database_backend() {
        DbBackend::Postgres => &POSTGRES,
        _ => &SQLITE,
    };
    for statement in statements {
        db.execute_unprepared(statement).await?;
    }
    Ok(())
}

/// Drops both triggers, and in PostgreSQL the functions behind them.
pub(crate) async fn drop_triggers(db: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    for trigger in [SNAPSHOT_TRIGGER, ENRICHMENT_TRIGGER] {
        if db.get_database_backend() == DbBackend::Postgres {
            let statement = format!("DROP TRIGGER {trigger} ON session_summaries");
            db.execute_unprepared(&statement).await?;
            db.execute_unprepared(&format!("DROP FUNCTION {trigger}()")).await?;
        } else {
            db.execute_unprepared(&format!("DROP TRIGGER {trigger}")).await?;
        }
    }
    Ok(())
}

//! Up, down and up again: the steps leave nothing behind, and make the same schema twice.

use std::collections::BTreeSet;

use cowrie_migration::{down, up};
use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, Statement};

const SQLITE: &str = "SELECT type || ' ' || name || ': ' || coalesce(sql, '') \
    FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'";

/// Columns, constraints, indexes, triggers and functions of our own schema.
const POSTGRES: &str = "\
    SELECT concat_ws(' ', 'column', c.table_name, c.column_name, c.data_type, c.is_nullable, \
                     c.column_default, c.generation_expression) \
    FROM information_schema.columns c WHERE c.table_schema = current_schema() \
    UNION ALL \
    SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
    FROM pg_constraint WHERE connamespace = current_schema()::regnamespace \
    UNION ALL \
    SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() \
    UNION ALL \
    SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t \
    JOIN pg_class c ON c.oid = t.tgrelid \
    WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace \
    UNION ALL \
    SELECT pg_get_functiondef(p.oid) FROM pg_proc p \
    WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind = 'f' \
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')";

#[tokio::test]
async fn on_sqlite() {
    check(TestDb::empty(Engine::Sqlite).await).await;
}

#[tokio::test]
async fn on_postgres() {
    check(TestDb::empty(Engine::Postgres).await).await;
}

#[tokio::test]
async fn on_postgres_with_pgvector() {
    check(TestDb::empty_with_pgvector().await).await;
}

async fn check(test_db: TestDb) {
    let db = test_db.connection();
    let before = objects(db).await;
    assert_eq!(before, Ok(BTreeSet::new()));
    assert!(up(db, None).await.is_ok_and(|steps| !steps.is_empty()));
    let first = objects(db).await;
    assert!(first.as_ref().is_ok_and(|objects| objects.len() > 30), "{first:?}");
    assert!(down(db, 0).await.is_ok());
    assert_eq!(objects(db).await, before);
    assert!(up(db, None).await.is_ok());
    assert_eq!(objects(db).await, first);
}

/// Everything that the schema is made of, as its engine describes it.
async fn objects(db: &DatabaseConnection) -> Result<BTreeSet<String>, DbErr> {
    let backend = db.get_database_backend();
    let query = if backend == DbBackend::Sqlite { SQLITE } else { POSTGRES };
    let rows = db.query_all_raw(Statement::from_string(backend, query)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

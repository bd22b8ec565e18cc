//! Databases are there, apart from each other, and gone afterwards.

use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, Statement};

#[tokio::test]
async fn tests_do_not_see_each_other() {
    for engine in Engine::ALL {
        let (one, two) = (TestDb::empty(engine).await, TestDb::empty(engine).await);
        for db in [&one, &two] {
            db.connection().execute_unprepared("CREATE TABLE t (a int)").await.unwrap();
        }
        assert_ne!(one.url(), two.url());
    }
}

#[tokio::test]
async fn a_migrated_database_has_the_newest_schema() {
    for engine in Engine::ALL {
        let db = TestDb::migrated(engine).await;
        assert!(cowrie_migration::status(db.connection()).await.unwrap().is_current());
    }
}

#[tokio::test]
async fn a_database_opens_by_its_url_and_goes_when_dropped() {
    for engine in Engine::ALL {
        let db = TestDb::empty(engine).await;
        // SQLite would make the file anew.
        let url = db.url().replace("mode=rwc", "mode=rw");
        Database::connect(&url).await.unwrap().close().await.unwrap();
        drop(db);
        assert!(Database::connect(&url).await.is_err(), "{engine:?}");
    }
}

#[tokio::test]
async fn sqlite_is_set_up_as_the_programs_do() {
    let db = TestDb::empty(Engine::Sqlite).await;
    let mode = "SELECT journal_mode FROM pragma_journal_mode";
    assert_eq!(text(db.connection(), mode).await.as_deref(), Some("wal"));
    let keys = "SELECT CAST(foreign_keys AS text) FROM pragma_foreign_keys";
    assert_eq!(text(db.connection(), keys).await.as_deref(), Some("1"));
}

#[tokio::test]
async fn pgvector_can_be_created() {
    let db = TestDb::empty_with_pgvector().await;
    db.connection().execute_unprepared("CREATE EXTENSION vector").await.unwrap();
    let distance = "SELECT ('[1,2]'::vector <-> '[1,5]'::vector)::text";
    assert_eq!(text(db.connection(), distance).await.as_deref(), Some("3"));
}

async fn text(db: &DatabaseConnection, query: &str) -> Option<String> {
    let statement = Statement::from_string(db.get_database_backend(), query);
    let row = db.query_one_raw(statement).await.ok()??;
    row.try_get_by_index(0).ok()
}

//! The schema by `cowrie-db`, on both engines.

use cowrie_testdb::{Engine, TestDb};
use cowrie_tests::{Ended, Program, Site, sample};
use serde_json::Value;

/// A site whose database has no tables; a SQLite file is there, and empty.
async fn empty(engine: Engine) -> Site {
    match engine {
        Engine::Postgres => Site::unmigrated().await,
        Engine::Sqlite => {
            let site = Site::new(engine).await;
            site.write("cowrie.sqlite", "");
            site
        }
    }
}

async fn db(site: &Site, arguments: &[&str]) -> Ended {
    let place = site.db();
    site.program(Program::Db, &[arguments, &["--db", &place]].concat()).ended().await
}

async fn document(site: &Site, arguments: &[&str], code: i32) -> Value {
    let ended = db(site, &[arguments, &["--format", "json"]].concat()).await.expect(code);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn numbers(document: &Value) -> Vec<u64> {
    let steps = document["steps"].as_array().unwrap();
    steps.iter().map(|step| step["step"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn up_and_down_on_sqlite() {
    up_and_down(Engine::Sqlite).await;
}

#[tokio::test]
async fn up_and_down_on_postgres() {
    up_and_down(Engine::Postgres).await;
}

async fn up_and_down(engine: Engine) {
    let site = empty(engine).await;
    let planned = document(&site, &["migrate", "--dry-run", "--to", "13"], 0).await;
    assert_eq!(
        (planned["schema"].as_str(), numbers(&planned)),
        (Some("cowrie-db.plan/1"), vec![11, 12, 13])
    );
    db(&site, &["migrate", "--dry-run"]).await.expect(0).prints(&[
        "would apply v11 ",
        "would apply v19 ",
        "would apply v20 ",
    ]);
    let found = document(&site, &["status"], 0).await;
    assert_eq!((found["version"].as_u64(), found["made_by"].as_str()), (Some(0), Some("empty")));

    db(&site, &["migrate", "--to", "13"]).await.expect(0).prints(&["applied v11 ", "applied v13 "]);
    db(&site, &["status"]).await.expect(0).prints(&["version 13 of 20", "v14", "no"]);
    db(&site, &["check"]).await.expect(1).prints(&["at version 13, not 20"]);
    let done = document(&site, &["migrate"], 0).await;
    assert_eq!(
        (done["did"].as_str(), numbers(&done)),
        (Some("applied"), vec![14, 15, 16, 17, 18, 19, 20])
    );
    for idle in [&["migrate"][..], &["migrate", "--dry-run"], &["rollback", "--to", "20"]] {
        db(&site, idle).await.expect(0).prints(&["Nothing to do"]);
    }
    db(&site, &["check"]).await.expect(0).prints(&["The schema is as it should be."]);

    let done = document(&site, &["rollback", "--to", "16"], 0).await;
    assert_eq!((done["did"].as_str(), numbers(&done)), (Some("rolled back"), vec![20, 19, 18, 17]));
    let found = document(&site, &["status"], 0).await;
    let applied = found["steps"].as_array().unwrap().iter().filter(|step| step["applied"] == true);
    assert_eq!((found["version"].as_u64(), applied.count()), (Some(16), 6));
    db(&site, &["rollback", "--to", "0"]).await.expect(0).prints(&["rolled back v11 "]);
    assert_eq!(document(&site, &["status"], 0).await["made_by"], "empty");
}

#[tokio::test]
async fn what_differs_is_named() {
    for engine in Engine::ALL {
        let site = Site::new(engine).await;
        site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
        site.bulk(&["cowrie.json"]).ended().await.expect(0);
        site.tables().await.execute("DROP INDEX ix_session_summaries_source_ip").await;
        site.tables().await.execute("ALTER TABLE files ADD COLUMN extra text").await;
        let ended = db(&site, &["check"]).await.expect(1);
        ended.prints(&["ix_session_summaries_source_ip", "files", "extra"]);
        let found = document(&site, &["check"], 1).await;
        assert_eq!(found["schema"], "cowrie-db.check/1");
        assert_eq!(found["differences"].as_array().unwrap().len(), 2, "{found}");
    }
}

#[tokio::test]
async fn versions_that_there_are_not() {
    for engine in Engine::ALL {
        let site = empty(engine).await;
        for arguments in [
            &["migrate", "--to", "99"][..],
            &["migrate", "--dry-run", "--to", "5"],
            &["rollback", "--to", "12345"],
        ] {
            db(&site, arguments).await.expect(2).says(&["there is no schema version"]);
        }
        assert_eq!(document(&site, &["status"], 0).await["version"], 0);
    }
}

#[tokio::test]
async fn a_database_of_the_legacy_program_is_refused() {
    for engine in Engine::ALL {
        let site = empty(engine).await;
        let tables = site.tables().await;
        tables.execute("CREATE TABLE schema_state (key varchar(128), value varchar(256))").await;
        tables.execute("INSERT INTO schema_state VALUES ('schema_version', '16')").await;
        for arguments in [&["migrate"][..], &["migrate", "--dry-run"], &["rollback", "--to", "0"]] {
            let ended = db(&site, arguments).await.expect(4);
            ended.says(&["made by the legacy program at version 16", "nothing was changed"]);
        }
        let found = document(&site, &["status"], 0).await;
        assert_eq!(
            (found["made_by"].as_str(), found["version"].as_u64()),
            (Some("legacy"), Some(16))
        );
        db(&site, &["check"]).await.expect(1);
    }
}

#[tokio::test]
async fn a_file_of_another_program_is_left_alone() {
    let site = empty(Engine::Sqlite).await;
    let tables = site.tables().await;
    tables.execute("CREATE TABLE auth (id integer)").await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    let refused = ["holds tables of another program", "name another file"];
    for arguments in [&["migrate"][..], &["migrate", "--dry-run"]] {
        db(&site, arguments).await.expect(4).says(&refused);
    }
    site.bulk(&["cowrie.json"]).ended().await.expect(4).says(&refused);
    let names = "SELECT name FROM sqlite_master";
    assert_eq!(tables.lines(names).await, ["auth"]);
    assert_eq!(document(&site, &["status"], 0).await["made_by"], "other");
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_character_is_refused() {
    let site = empty(Engine::Postgres).await;
    let tables = site.tables().await;
    let name = tables.lines("SELECT current_database()::text || '_latin'").await.concat();
    let create = "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0";
    tables.execute(&format!("CREATE DATABASE \"{name}\" {create}")).await;
    let place = format!("{}_latin", site.db());
    let migrate = site.program(Program::Db, &["migrate", "--db", &place]);
    let ended = migrate.ended().await;
    tables.execute(&format!("DROP DATABASE \"{name}\" WITH (FORCE)")).await;
    ended.expect(4).says(&["the encoding of this database is LATIN1", "UTF8"]);
}

#[tokio::test]
async fn a_database_that_is_not_there() {
    let site = Site::new(Engine::Sqlite).await;
    for work in ["status", "check"] {
        db(&site, &[work]).await.expect(2).says(&["there is no database"]);
    }
    assert!(!site.has_database());
    db(&site, &["migrate"]).await.expect(0).prints(&["applied v18 "]);

    let server = TestDb::empty(Engine::Postgres).await;
    let gone = server.url().replace("/cowrie", "/gone_cowrie");
    let ended = site.program(Program::Db, &["status", "--db", &gone]).ended().await;
    ended.expect(4).says(&["failed to open the database", "does not exist"]);
}

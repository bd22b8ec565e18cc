//! What a program refuses, before it does anything.

use std::net::TcpListener;

use cowrie_tests::{Ended, Engine, Program, Site, sample};

const SECRET: &str = "hunter2";

/// Wrong usage: exit 2, one line for people, nothing on standard output, and nothing is written.
#[track_caller]
fn check_usage(site: &Site, ended: Ended, parts: &[&str]) {
    let ended = ended.expect(2).says(parts);
    assert_eq!(ended.stdout, "", "{ended:#?}");
    assert!(!ended.stderr.contains(SECRET), "{ended:#?}");
    let errors = ended.stderr.lines().filter(|line| line.starts_with("error:")).count();
    assert_eq!(errors, 1, "{ended:#?}");
    assert!(!site.sqlite_file().exists(), "a database was made: {ended:#?}");
}

async fn site_with_log() -> Site {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    site
}

#[tokio::test]
async fn wrong_usage_writes_nothing() {
    let site = site_with_log().await;
    for (arguments, parts) in [
        (&["cowrie.json", "none.json"][..], &["no such file or directory: `none.json`"][..]),
        (&["none/", "cowrie.json", "other/*.gz"], &["`none/`", "`other/*.gz`"]),
        (&["cowrie.json", "--nonsense"], &["--nonsense"]),
        (&["cowrie.json", "--\u{202e}x"], &["--\\u{202e}x"]),
        (&["cowrie.json", "--batch-size", "0"], &["--batch-size"]),
        (&[], &["<PATH>"]),
        (&["cowrie.json", "--mmdb-dir", "none"], &["`--mmdb-dir none` is not a folder"]),
        (&["cowrie.json", "--mmdb-dir", "cowrie.json"], &["is not a folder"]),
        (&["--sensor", "none"], &["no sensor `none` is configured"]),
        (&["cowrie.json", "--config", "none.toml"], &["none.toml"]),
    ] {
        let ended = site.bulk(arguments).ended().await;
        check_usage(&site, ended, parts);
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_meant_is_refused() {
    let site = site_with_log().await;
    for (db, parts) in [
        ("postgresql://u:hunter2@192.0.2.1/c", &["plain text", "`--db env:DATABASE_URL`"][..]),
        ("postgresql+psycopg://u:hunter2@192.0.2.1/c", &["`--db env:DATABASE_URL`"]),
        ("postgres://192.0.2.1/c?password=hunter2", &["`--db env:DATABASE_URL`"]),
        ("host=192.0.2.1 password = hunter2", &["`--db env:DATABASE_URL`"]),
        ("postgresql:u:hunter2@192.0.2.1/c", &["`//` must follow its scheme"]),
        ("mysql://u:hunter2@192.0.2.1/c", &["neither a path nor"]),
        ("env:NONE", &["NONE"]),
        (":memory:", &["a database in memory would be gone at the end"]),
        ("none/cowrie.sqlite", &["`none` does not exist"]),
    ] {
        let arguments = ["bulk", "cowrie.json", "--db", db];
        let ended = site.program(Program::Loader, &arguments).ended().await;
        check_usage(&site, ended, parts);
        let ended = site.program(Program::Loader, &[&arguments[..], &["-vv"]].concat());
        check_usage(&site, ended.ended().await, parts);
    }
}

#[tokio::test]
async fn missing_paths_can_be_passed_over() {
    let site = site_with_log().await;
    let ended = site.bulk(&["none.json", "cowrie.json", "--ignore-missing"]).ended().await;
    ended.expect(0).says(&["`none.json` does not exist"]).prints(&["62 new"]);
    let site = Site::new(Engine::Sqlite).await;
    let ended = site.bulk(&["none.json", "--ignore-missing"]).ended().await;
    ended.expect(0).says(&["there is no log to read"]).prints(&["0 new"]);
}

/// Nothing could be done: exit 4, one line, and no password in it.
#[track_caller]
fn check_nothing(ended: Ended, parts: &[&str]) {
    let ended = ended.expect(4).says(parts);
    assert!(!ended.stderr.contains(SECRET), "{ended:#?}");
    assert_eq!(ended.stdout, "", "{ended:#?}");
}

#[tokio::test]
async fn a_server_that_does_not_answer() {
    let site = site_with_log().await;
    // Bound and given back, so that nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgresql://loader:{SECRET}@127.0.0.1:{port}/cowrie");
    let shown =
        format!("failed to open the database `postgresql://loader@127.0.0.1:{port}/cowrie`");
    let arguments = ["bulk", "cowrie.json", "--db", "env:URL", "-vv"];
    let run = site.program(Program::Loader, &arguments).with_variable("URL", &url);
    check_nothing(run.ended().await, &[&shown, "refused"]);
    let template = format!("postgresql://loader:{{env:WORD}}@127.0.0.1:{port}/cowrie");
    let arguments = ["bulk", "cowrie.json", "--db", &template];
    let run = site.program(Program::Loader, &arguments).with_variable("WORD", SECRET);
    check_nothing(run.ended().await, &["failed to open the database", "refused"]);
}

/// The server is made to talk while the connection is made, and everybody is asked to say all.
#[tokio::test]
async fn a_password_is_said_nowhere() {
    let site = Site::new(Engine::Postgres).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    let tables = site.tables().await;
    let name = tables.lines("SELECT current_database()::text").await.concat();
    tables.execute(&format!("ALTER DATABASE \"{name}\" SET client_min_messages = debug5")).await;
    let url = site.db().replace("postgres@", &format!("postgres:{SECRET}@"));
    assert!(url.contains(SECRET));
    let arguments = ["bulk", "cowrie.json", "--db", "env:URL", "--status-dir", "status", "-vvv"];
    let run = site.program(Program::Loader, &arguments).with_variable("URL", &url);
    let ended = run.with_variable("RUST_LOG", "trace").ended().await.expect(0);
    assert!(ended.stderr.matches(" DEBUG ").count() > 10, "{ended:#?}");
    let mut said = ended.stdout + &ended.stderr;
    for file in std::fs::read_dir(site.path("status")).unwrap() {
        said += &std::fs::read_to_string(file.unwrap().path()).unwrap();
    }
    said.extend(tables.contents().await.into_values().flatten());
    said += &tables.lines("SELECT runs::text FROM runs").await.concat();
    assert!(!said.contains(SECRET), "the password was said");
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    let site = site_with_log().await;
    site.write("cowrie.sqlite", "This is a text, and a text is not a database.\n".repeat(99));
    let ended = site.bulk(&["cowrie.json"]).ended().await;
    check_nothing(ended, &["failed to open the database `", "file is not a database"]);
}

#[tokio::test]
async fn a_server_is_never_migrated_by_the_way() {
    let site = Site::unmigrated().await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    for arguments in [&["cowrie.json"][..], &["cowrie.json", "--dry-run"]] {
        let ended = site.bulk(arguments).ended().await;
        check_nothing(ended, &["run `cowrie-db migrate`"]);
    }
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()";
    assert_eq!(site.tables().await.number(tables).await, 0);
    site.program(Program::Db, &["migrate", "--db", &site.db()]).ended().await.expect(0);
    site.bulk(&["cowrie.json"]).ended().await.expect(0).prints(&["62 new"]);
}

#[tokio::test]
async fn a_newer_schema_is_left_alone_on_sqlite() {
    newer_schema(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_newer_schema_is_left_alone_on_postgres() {
    newer_schema(Engine::Postgres).await;
}

async fn newer_schema(engine: Engine) {
    let site = Site::new(engine).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    site.write("empty.json", "");
    site.bulk(&["empty.json"]).ended().await.expect(0);
    let tables = site.tables().await;
    tables.execute("UPDATE schema_state SET value = '99' WHERE key = 'schema_version'").await;
    tables.execute("INSERT INTO seaql_migrations VALUES ('m0099_later', 1)").await;
    let before = tables.contents().await;
    let newer = ["is at version 99, newer than", "install the newer release"];
    check_nothing(site.bulk(&["cowrie.json"]).ended().await, &newer);
    check_nothing(site.bulk(&["cowrie.json", "--dry-run"]).ended().await, &newer);
    let db = site.db();
    let ended = site.program(Program::Db, &["migrate", "--db", &db]).ended().await;
    ended.expect(4).says(&["99"]);
    assert_eq!(tables.contents().await, before);
}

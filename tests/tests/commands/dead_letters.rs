//! `cowrie-loader dead-letters`: what could not be read, on both engines.

use cowrie_tests::{Ended, Engine, Program, Site, sample};
use serde_json::{Value, json};

/// No UTF-8, and what a terminal would obey.
const HOSTILE: &[u8] = b"{\"eventid\":\"\x1b[2J\xff";

/// A log with three pieces that are no events: not JSON, no time, torn.
async fn loaded(engine: Engine) -> Site {
    let site = Site::new(engine).await;
    let bad = [HOSTILE, b"\n{\"eventid\":\"x\"}\n{\"eventid\":"].concat();
    site.write("logs/cowrie.json", [sample("v2.4.0/cowrie.json"), bad].concat());
    site.bulk(&["logs"]).ended().await.expect(0);
    site
}

fn arguments<'a>(db: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    [&["dead-letters", "--db", db], arguments].concat()
}

async fn letters(site: &Site, words: &[&str]) -> Ended {
    let db = site.db();
    site.program(Program::Loader, &arguments(&db, words)).ended().await
}

async fn document(site: &Site, words: &[&str]) -> Value {
    let ended = letters(site, &[words, &["--format", "json"]].concat()).await.expect(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn column(document: &Value, name: &str) -> Vec<Value> {
    document["letters"].as_array().unwrap().iter().map(|letter| letter[name].clone()).collect()
}

#[tokio::test]
async fn letters_are_listed() {
    for engine in Engine::ALL {
        let site = loaded(engine).await;
        let all = document(&site, &["list"]).await;
        assert_eq!(all["schema"], "cowrie-loader.dead-letters/1");
        let reasons = column(&all, "reason");
        assert_eq!(reasons, [json!("not_json"), json!("no_time"), json!("torn")]);
        let counts = json!([
            { "reason": "no_time", "letters": 1, "open": 1 },
            { "reason": "not_json", "letters": 1, "open": 1 },
            { "reason": "torn", "letters": 1, "open": 1 },
        ]);
        assert_eq!(all["reasons"], counts);
        let torn = document(&site, &["list", "--reason", "torn"]).await;
        assert_eq!(column(&torn, "reason"), ["torn"]);
        let nowhere = document(&site, &["list", "--source", "%"]).await;
        assert_eq!(column(&nowhere, "id"), Vec::<Value>::new());
        let here = document(&site, &["list", "--source", "cowrie.js"]).await;
        assert_eq!(column(&here, "id"), column(&all, "id"));

        let first = column(&all, "id")[0].to_string();
        let rest = document(&site, &["list", "--after", &first, "--limit", "1"]).await;
        assert_eq!(column(&rest, "reason"), ["no_time"]);
        let shown = letters(&site, &["list", "--limit", "1"]).await.expect(0);
        shown.prints(&[
            "not_json",
            "logs/cowrie.json",
            "--after",
            "3 dead letters, 3 of them open",
        ]);
        site.tables().await.execute("UPDATE dead_letter_events SET resolved = true").await;
        assert_eq!(column(&document(&site, &["list"]).await, "id"), Vec::<Value>::new());
        assert_eq!(column(&document(&site, &["list", "--all"]).await, "id").len(), 3);
    }
}

#[tokio::test]
async fn a_letter_is_shown_harmlessly_or_exactly() {
    for engine in Engine::ALL {
        let site = loaded(engine).await;
        let all = document(&site, &["list", "--reason", "not_json"]).await;
        let id = column(&all, "id")[0].to_string();
        let shown = letters(&site, &["show", &id]).await.expect(0);
        shown.prints(&["reason       not_json", "\\u{1b}[2J\\xff", "17 bytes, all of them kept"]);
        let found = document(&site, &["show", &id]).await;
        assert_eq!(found["schema"], "cowrie-loader.dead-letter/1");
        assert_eq!(found["payload"], Value::Null, "it is not UTF-8");
        assert_eq!(found["payload_base64"], "eyJldmVudGlkIjoiG1sySv8=");

        let db = site.db();
        let words = arguments(&db, &["show", &id, "--raw"]);
        let raw = site.program(Program::Loader, &words).start().wait_with_output().await.unwrap();
        assert_eq!((raw.status.code(), raw.stdout.as_slice()), (Some(0), HOSTILE));
        letters(&site, &["show", "9999"]).await.expect(2).says(&["there is no dead letter 9999"]);
    }
}

#[tokio::test]
async fn old_letters_are_purged() {
    for engine in Engine::ALL {
        let site = loaded(engine).await;
        let purge = async |words: &[&str]| document(&site, &[&["purge"], words].concat()).await;
        assert_eq!(purge(&["--older-than", "1m"]).await["purged"], 0);
        let tables = site.tables().await;
        tables.execute("UPDATE dead_letter_events SET resolved = true WHERE reason = 'torn'").await;
        let age = "UPDATE dead_letter_events SET created_at = '2026-01-01T00:00:00.000000+00:00'";
        tables.execute(age).await;
        let dry = purge(&["--older-than", "1m", "--dry-run"]).await;
        assert_eq!(dry["schema"], "cowrie-loader.dead-letters-purge/1");
        assert_eq!((&dry["purged"], &dry["dry_run"]), (&json!(3), &json!(true)));
        assert_eq!(purge(&["--older-than", "36500d"]).await["purged"], 0);
        assert_eq!(purge(&["--older-than", "12h", "--resolved"]).await["purged"], 1);
        letters(&site, &["purge", "--older-than", "1d"]).await.expect(0).prints(&["Removed 2 "]);
        assert_eq!(column(&document(&site, &["list", "--all"]).await, "id"), Vec::<Value>::new());
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let site = loaded(Engine::Sqlite).await;
    for (words, said) in [
        (&["purge"][..], "--older-than"),
        (&["purge", "--older-than", "90"], "as `90d`, `12h`, `30m` or `5s`"),
        (&["purge", "--older-than", "-1d"], "-1"),
        (&["purge", "--older-than", "4294967295d"], "reaches back before all time"),
        (&["show", "one"], "invalid value"),
        (&["list", "--limit", "0"], "0 is not in"),
    ] {
        letters(&site, words).await.expect(2).says(&[said]);
    }
    let empty = Site::new(Engine::Sqlite).await;
    letters(&empty, &["list"]).await.expect(2).says(&["there is no database"]);
    assert!(!empty.has_database(), "asking makes none");
    let unmigrated = Site::unmigrated().await;
    letters(&unmigrated, &["list"]).await.expect(4).says(&["run `cowrie-db migrate`"]);
}

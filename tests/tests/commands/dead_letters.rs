//! `cowrie-loader dead-letters`: what could not be read, on both engines.

use cowrie_tests::{Contents, Ended, Engine, Program, Site, assert_same, sample};
use serde_json::{Value, json};

use crate::delta::{line, lines};

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

        for (words, is_all) in [
            (&["list", "--since", "1h"][..], true),
            (&["list", "--until", "1h"], false),
            (&["list", "--since", "2026-01-01", "--until", "9999-01-01T00:00:00+01:00"], true),
            (&["list", "--since", "2026-01-01", "--until", "2026-01-02"], false),
        ] {
            let found = column(&document(&site, words).await, "id");
            assert_eq!(found.len(), if is_all { 3 } else { 0 }, "{words:?}");
        }
        letters(&site, &["list", "--since", "1h", "--until", "2h"]).await.expect(2);

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

/// The tables without dead letters: what a load of the right lines leaves.
async fn contents(site: &Site) -> Contents {
    let mut contents = site.tables().await.contents().await;
    contents.remove("dead_letter_events");
    contents
}

/// A letter that a former release wrote, for a line that is an event today.
#[tokio::test]
async fn what_is_an_event_by_now_is_loaded_and_leaves_the_list() {
    for engine in Engine::ALL {
        let site = Site::new(engine).await;
        let lines = lines(0..5);
        let (first, rest) = lines.split_at(line(0).len());
        let (second, third) = rest.split_at(line(1).len());
        site.write("logs/cowrie.json", first.to_owned() + "no\n" + third);
        site.bulk(&["logs", "--quiet"]).ended().await.expect(0);
        let value = second.trim_end().replace('\'', "''");
        let value = match engine {
            Engine::Postgres => format!("convert_to('{value}', 'UTF8')"),
            Engine::Sqlite => format!("CAST('{value}' AS blob)"),
        };
        let length = second.trim_end().len();
        let tables = site.tables().await;
        let change = format!("UPDATE dead_letter_events SET payload = {value}, length = {length}");
        tables.execute(&change).await;

        let dry = document(&site, &["replay", "--open", "--dry-run"]).await;
        assert_eq!((&dry["replayed"], &dry["new_events"]), (&json!(1), &json!(1)));
        assert_eq!(column(&document(&site, &["list"]).await, "id").len(), 1, "it was a dry run");
        let done = document(&site, &["replay", "--open"]).await;
        assert_eq!(done["schema"], "cowrie-loader.dead-letters-replay/1");
        let figures = ["replayed", "kept", "events", "new_events", "sessions_updated"];
        assert_eq!(figures.map(|name| done[name].as_i64().unwrap()), [1, 0, 1, 1, 1]);
        assert_eq!(column(&document(&site, &["list"]).await, "id"), Vec::<Value>::new());
        let all = document(&site, &["list", "--all"]).await;
        assert_eq!(column(&all, "resolution"), ["replayed"]);
        let again = document(&site, &["replay", &column(&all, "id")[0].to_string()]).await;
        assert_eq!((&again["settled_before"], &again["events"]), (&json!(1), &json!(0)));
        let runs = "SELECT outcome || ' ' || exit_code FROM runs WHERE workflow = 'replay'";
        assert_eq!(tables.lines(runs).await, ["done 0", "done 0"]);

        let clean = Site::new(engine).await;
        clean.write("logs/cowrie.json", lines);
        clean.bulk(&["logs", "--quiet"]).ended().await.expect(0);
        assert_same(&contents(&clean).await, &contents(&site).await);
    }
}

/// Somebody mended the line by hand; several letters may be one line.
#[tokio::test]
async fn a_corrected_text_stands_for_its_letters() {
    for engine in Engine::ALL {
        let site = Site::new(engine).await;
        let (half, rest) = (line(1), line(1).split_off(60));
        let half = half.get(..60).unwrap();
        site.write("logs/cowrie.json", line(0) + half + "\n" + &rest + &lines(2..5));
        site.bulk(&["logs", "--quiet"]).ended().await.expect(0);
        let ids = column(&document(&site, &["list"]).await, "id");
        let [one, two] = [0, 1].map(|at: usize| ids[at].to_string());
        let stays = letters(&site, &["replay", &one, &two, "--format", "json"]).await.expect(4);
        assert!(stays.stdout.contains("\"kept\":2"), "{}", stays.stdout);

        let db = site.db();
        let words = arguments(&db, &["replay", &one, &two, "--with", "-"]);
        let bad = site.program(Program::Loader, &words).with_input(half.as_bytes());
        bad.ended().await.expect(2).says(&["`-`: not JSON at byte 60"]);
        let good = site.program(Program::Loader, &words).with_input(line(1).as_bytes());
        good.ended().await.expect(0).prints(&["letters replayed", "new events"]);
        site.write("mended.json", line(1));
        let again = ["replay", &one, "--with", "mended.json"];
        letters(&site, &again).await.expect(0).prints(&["dealt with before"]);

        let clean = Site::new(engine).await;
        clean.write("logs/cowrie.json", lines(0..5));
        clean.bulk(&["logs", "--quiet"]).ended().await.expect(0);
        assert_same(&contents(&clean).await, &contents(&site).await);
    }
}

/// Two people mend the same line at the same time, each in another way.
#[tokio::test]
async fn a_letter_is_replayed_once() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("logs/cowrie.json", line(0) + "garbage\n");
    site.bulk(&["logs", "--quiet"]).ended().await.expect(0);
    let tables = site.tables().await;
    tables.execute("BEGIN IMMEDIATE").await;
    let db = site.db();
    let replay = |number: usize| {
        let name = format!("{number}.json");
        site.write(&name, line(number));
        let words = arguments(&db, &["replay", "1", "--with", &name]);
        site.program(Program::Loader, &words)
    };
    let (one, other) = (replay(1), replay(2));
    let free = async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        tables.execute("ROLLBACK").await;
    };
    let (one, other, ()) = tokio::join!(one.ended(), other.ended(), free);
    let said = one.expect(0).stdout + &other.expect(0).stdout;
    assert!(said.contains("letters replayed") && said.contains("was not loaded"), "{said}");
    let events = "SELECT CAST(sum(n_events) AS bigint) FROM session_events";
    assert_eq!(tables.number(events).await, 2);
}

/// What was too long is loaded from its file again, with a larger limit, and then settled.
#[tokio::test]
async fn what_was_too_long_is_settled_by_a_larger_limit() {
    for engine in Engine::ALL {
        let site = Site::new(engine).await;
        let long = line(3).replace("uname", &"x".repeat(100_000));
        site.write("logs/cowrie.json", lines(0..3) + &long + &line(4));
        site.bulk(&["logs", "--quiet", "--max-record-bytes", "80000"]).ended().await.expect(0);
        let id =
            column(&document(&site, &["list", "--reason", "too_long"]).await, "id")[0].to_string();
        let said = letters(&site, &["replay", &id]).await.expect(4);
        said.prints(&["load its file again with a larger --max-record-bytes"]);
        site.bulk(&["logs", "--quiet"]).ended().await.expect(0);
        let all = document(&site, &["list", "--all"]).await;
        assert_eq!(column(&all, "resolution"), ["replayed"]);
    }
}

/// Hundreds of letters, a page at a time; those that stay are told of, and stay.
#[tokio::test]
async fn many_letters_are_replayed_by_pages() {
    let site = Site::new(Engine::Sqlite).await;
    let garbage: Vec<String> = (0..450).map(|number| format!("garbage {number}\n")).collect();
    let garbage = garbage.concat();
    site.write("logs/cowrie.json", line(0) + &garbage);
    site.bulk(&["logs", "--quiet"]).ended().await.expect(0);
    let event = line(1).trim_end().replace("echo", "{id}");
    let change = format!(
        "UPDATE dead_letter_events SET payload = CAST(replace('{event}', '\"123456\"', '\"' || id || '\"') \
         AS blob), length = length(replace('{event}', '\"123456\"', '\"' || id || '\"')) WHERE id % 3 = 0"
    );
    site.tables().await.execute(&change).await;
    let done = document(&site, &["replay", "--reason", "not_json"]).await;
    let figures = ["replayed", "kept", "new_events"];
    assert_eq!(figures.map(|name| done[name].as_i64().unwrap()), [150, 300, 150]);
    assert_eq!(done["still_dead"].as_array().unwrap().len(), 50);
    let nothing = document(&site, &["replay", "--source", "elsewhere"]).await;
    assert_eq!((&nothing["replayed"], &nothing["kept"]), (&json!(0), &json!(0)));
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
        (&["replay"], "<ID>..."),
        (&["replay", "--open", "--with", "x"], "cannot be used with"),
        (&["replay", "1", "--open"], "cannot be used with"),
        (&["replay", "99"], "there is no dead letter 99"),
        (&["replay", "1", "--with", "nowhere"], "nowhere"),
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

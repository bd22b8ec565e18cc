//! `cowrie-loader verify`: that what stands in files is in the database, on both engines.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use cowrie_tests::{Engine, Program, Site, assert_same, sample};
use serde_json::{Value, json};

use crate::delta::{append, delta, line, lines, on_both, zip};

/// What is said of the logs, and whether all of them is there.
async fn verify(site: &Site, code: i32) -> Value {
    let db = site.db();
    let words = ["verify", "logs", "--db", &db, "--format", "json"];
    let ended = site.program(Program::Loader, &words).ended().await.expect(code);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["schema"], "cowrie-loader.verify/1");
    assert_eq!(document["proven"], code == 0, "{document}");
    document
}

/// The figures of an answer: events, dead letters, waiting ends, what is missing.
fn figures(document: &Value) -> [i64; 4] {
    ["events", "dead_letters", "waiting", "missing"].map(|name| document[name].as_i64().unwrap())
}

#[tokio::test]
async fn real_logs_are_proven_with_their_damage_and_nothing_is_written() {
    on_both(async |site, _| {
        for name in ["v1.1.0/cowrie.json", "v2.4.0/cowrie.json", "s-ipv6/cowrie.json"] {
            site.write(&format!("logs/{}.json", name.replace('/', "-")), sample(name));
        }
        let whole = zip(&lines(0..400));
        site.write("logs/damaged.gz", &whole[..whole.len() / 2]);
        site.bulk(&["logs", "--quiet"]).ended().await.expect(3);
        let before = site.tables().await.contents().await;
        let found = verify(&site, 0).await;
        let tables = site.tables().await;
        let letters = tables.number("SELECT count(*) FROM dead_letter_events").await;
        assert!(letters > 1 && found["dead_letters"].as_i64() >= Some(letters), "{found}");
        let events = "SELECT CAST(sum(n_events) AS bigint) FROM session_events";
        assert_eq!(found["events"].as_i64(), Some(tables.number(events).await));
        assert_same(&before, &tables.contents().await);
        assert_eq!(tables.number("SELECT count(*) FROM runs").await, 1);
    })
    .await;
}

/// An end that waits is known to; what was written since the last look is not there yet.
#[tokio::test]
async fn what_was_not_loaded_yet_is_told() {
    on_both(async |site, _| {
        let last = line(10);
        site.write("logs/cowrie.json", lines(0..10) + last.get(..60).unwrap());
        delta(&site).await;
        assert_eq!(figures(&verify(&site, 0).await), [10, 0, 1, 0]);
        append(&site, "logs/cowrie.json", last.get(60..).unwrap());
        let found = verify(&site, 1).await;
        assert_eq!(figures(&found), [10, 0, 0, 1]);
        let place = site.path("logs/cowrie.json");
        let place = place.to_str().unwrap();
        let lack = json!({ "events": 1, "dead_letters": 0, "first_offset": lines(0..10).len() });
        let name = found["lacks"].as_object().unwrap().keys().next().unwrap();
        assert!(place.ends_with(name.as_str()), "{name}");
        assert_eq!(found["lacks"][name], lack);
        let listed = &found["listed"][0];
        assert_eq!((&listed["kind"], &listed["altered"]), (&json!("event"), &json!(false)));
        assert_eq!(listed["at"], "2026-04-29T10:00:10Z");
        delta(&site).await;
        assert_eq!(figures(&verify(&site, 0).await), [11, 0, 0, 0]);
    })
    .await;
}

/// An archive that is cut short waits for the rest of itself.
#[tokio::test]
async fn an_archive_that_waits_is_known_to() {
    on_both(async |site, _| {
        let whole = zip(&lines(0..400));
        site.write("logs/cowrie.json.1.gz", &whole[..whole.len() / 2]);
        delta(&site).await;
        let [events, letters, waiting, missing] = figures(&verify(&site, 0).await);
        assert!(events > 0 && waiting > 0, "{events} events, {waiting} wait");
        assert_eq!((letters, missing), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn what_was_taken_out_of_the_database_is_missed() {
    on_both(async |site, _| {
        site.write("logs/cowrie.json", lines(0..10) + "garbage\n" + &lines(10..20));
        delta(&site).await;
        assert_eq!(figures(&verify(&site, 0).await), [20, 1, 0, 0]);
        let tables = site.tables().await;
        tables.execute("DELETE FROM dead_letter_events").await;
        let found = verify(&site, 1).await;
        assert_eq!(figures(&found), [20, 0, 0, 1]);
        let listed = &found["listed"][0];
        assert_eq!(
            (&listed["kind"], &listed["reason"]),
            (&json!("dead_letter"), &json!("not_json"))
        );
        assert_eq!((&listed["offset"], &listed["length"]), (&json!(lines(0..10).len()), &json!(7)));
    })
    .await;
}

/// Somebody made another password of one, and lost a session.
#[tokio::test]
async fn what_was_altered_in_the_database_is_told() {
    on_both(async |site, engine| {
        site.write("logs/cowrie.json", lines(0..20));
        delta(&site).await;
        let tables = site.tables().await;
        let cast = if engine == Engine::Postgres { "json" } else { "text" };
        let change = format!(
            "UPDATE session_events SET events = CAST(replace(CAST(events AS text), \
             '\"password\":\"admin\"', '\"password\":\"admix\"') AS {cast}) \
             WHERE session_id = '00000abc0001'"
        );
        tables.execute(&change).await;
        let found = verify(&site, 1).await;
        assert_eq!(figures(&found), [19, 0, 0, 1]);
        let altered = json!({
            "kind": "event",
            "altered": true,
            "session": "00000abc0001",
            "at": "2026-04-29T10:00:07Z",
        });
        let listed = found["listed"].as_array().unwrap();
        let is_it = |missing: &&Value| missing["altered"] == true;
        let listed = listed.iter().find(is_it).unwrap();
        for (name, value) in altered.as_object().unwrap() {
            assert_eq!(&listed[name], value, "{name}");
        }
        tables.execute("DELETE FROM session_events WHERE session_id = '00000abc0002'").await;
        assert_eq!(figures(&verify(&site, 1).await), [14, 0, 0, 6]);

        let db = site.db();
        let words = ["verify", "logs", "--db", &db, "--limit", "2"];
        let said = site.program(Program::Loader, &words).ended().await.expect(1);
        said.prints(&["NOT all that the files hold", "MISSING", "6", "and 4 more", "altered"]);
    })
    .await;
}

/// Only the end of a file waits, and only while the file is as it was.
#[tokio::test]
async fn what_stands_before_an_end_that_waits_is_missed() {
    on_both(async |site, _| {
        site.write("logs/cowrie.json", "g1\ng2\ng3\n{\"eventid\":");
        site.delta(&["logs"]).ended().await.expect(3);
        assert_eq!(figures(&verify(&site, 0).await), [0, 3, 1, 0]);
        site.tables().await.execute("DELETE FROM dead_letter_events").await;
        assert_eq!(figures(&verify(&site, 1).await), [0, 0, 1, 3]);
        append(&site, "logs/cowrie.json", &lines(0..2));
        let [events, letters, waiting, missing] = figures(&verify(&site, 1).await);
        assert_eq!((events, letters, waiting), (0, 0, 0), "{missing} are missing");
    })
    .await;
}

/// A log that grows behind its waiting end while others are verified.
#[tokio::test]
async fn what_is_written_meanwhile_is_not_taken_for_waiting() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("logs/cowrie.json", lines(0..2) + line(2).get(..60).unwrap());
    delta(&site).await;
    let db = site.db();
    let words = ["verify", "-", "logs", "--db", &db];
    let mut child = site.program(Program::Loader, &words).start();
    // Standard input comes first, and is open.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    append(&site, "logs/cowrie.json", &(line(2).split_off(60) + &lines(3..6)));
    drop(child.stdin.take());
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stdout));
}

/// The documents of two sessions are each under the other's name; one cannot be read at all.
#[tokio::test]
async fn documents_of_others_and_broken_ones_are_told() {
    on_both(async |site, _| {
        site.write("logs/cowrie.json", lines(0..20));
        delta(&site).await;
        let tables = site.tables().await;
        let name = |from: &str, to: &str| {
            format!("UPDATE session_events SET session_id = '{to}' WHERE session_id = '{from}'; ")
        };
        let (one, other) = ("00000abc0001", "00000abc0002");
        let swap = [name(one, "x"), name(other, one), name("x", other)].concat();
        tables.execute(&swap).await;
        assert_eq!(figures(&verify(&site, 1).await), [10, 0, 0, 10]);
        let empty = "UPDATE session_events SET events = '[]' WHERE session_id = '00000abc0003'";
        tables.execute(empty).await;
        let found = verify(&site, 1).await;
        assert_eq!(figures(&found), [5, 0, 0, 15]);
        let listed = found["listed"].as_array().unwrap();
        let altered = listed.iter().filter(|missing| missing["altered"] == true);
        assert_eq!(altered.count(), 5);
    })
    .await;
}

/// Halves of a torn line, letters completed later and lines of several sizes are all accounted for.
#[tokio::test]
async fn healed_lines_are_proven() {
    on_both(async |site, _| {
        let torn = line(50);
        site.write("logs/cowrie.json", lines(0..50) + torn.get(..90).unwrap());
        delta(&site).await;
        fs::rename(site.path("logs/cowrie.json"), site.path("logs/cowrie.json.1")).unwrap();
        site.write("logs/cowrie.json", torn.get(90..).unwrap().to_owned() + &lines(51..80));
        assert_eq!(delta(&site).await["healed"], 1);
        assert_eq!(figures(&verify(&site, 0).await), [79, 2, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_not_proven() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("logs/cowrie.json", lines(0..10));
    site.bulk(&["logs", "--quiet"]).ended().await.expect(0);
    let hidden = site.write("logs/hidden.json", lines(10..20));
    fs::set_permissions(&hidden, Permissions::from_mode(0o000)).unwrap();
    let db = site.db();
    let words = ["verify", "logs", "--db", &db];
    let ended = site.program(Program::Loader, &words).without_privileges().ended().await;
    ended.expect(1).prints(&["NOT all", "FILES NOT READ", "hidden.json"]);
}

#[tokio::test]
async fn every_sensor_is_verified_in_its_database() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("a/cowrie.json", lines(0..50));
    site.write("b/cowrie.json", lines(50..75));
    let config = "[global]\ndb = \"shared.sqlite\"\n[[sensor]]\nname = \"a\"\nlogpath = \"a\"\n\
         [[sensor]]\nname = \"b\"\nlogpath = \"b\"\ndb = \"own.sqlite\"\n";
    site.write("sensors.toml", config);
    let run = async |words: &[&str]| {
        let all = [words, &["--config", "sensors.toml", "--format", "json"]].concat();
        site.program(Program::Loader, &all).ended().await
    };
    run(&["delta", "--all-sensors"]).await.expect(0);
    let ended = run(&["verify", "--all-sensors"]).await.expect(0);
    let told = |line: &str| {
        let document: Value = serde_json::from_str(line).unwrap();
        format!("{} {}", document["sensor"], document["events"])
    };
    assert_eq!(ended.stdout.lines().map(told).collect::<Vec<_>>(), ["\"a\" 50", "\"b\" 25"]);
    append(&site, "a/cowrie.json", &lines(75..76));
    assert_eq!(run(&["verify", "--all-sensors"]).await.expect(1).stdout.lines().count(), 2);
    run(&["verify", "--sensor", "b"]).await.expect(0);
    fs::remove_file(site.path("a/cowrie.json")).unwrap();
    let ended = run(&["verify", "--all-sensors", "--quiet"]).await.expect(1);
    ended.says(&["sensor `a`: there is no log to verify"]).prints(&["own.sqlite"]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("logs/cowrie.json", lines(0..10));
    fs::create_dir(site.path("empty")).unwrap();
    let db = site.db();
    for (words, said) in [
        (&["logs"][..], "there is no database"),
        (&[], "<PATH>..."),
        (&["logs", "--limit", "0"], "0 is not in"),
    ] {
        let words = [&["verify", "--db", &db], words].concat();
        site.program(Program::Loader, &words).ended().await.expect(2).says(&[said]);
    }
    site.bulk(&["logs", "--quiet"]).ended().await.expect(0);
    for (path, said) in [("nowhere", "nowhere"), ("empty", "there is no log to verify")] {
        let words = ["verify", path, "--db", &db];
        site.program(Program::Loader, &words).ended().await.expect(2).says(&[said]);
    }
}

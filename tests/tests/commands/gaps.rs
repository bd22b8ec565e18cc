//! `cowrie-loader gaps`: when events may be missing, on both engines.

use cowrie_tests::{Ended, Engine, Program, Site, log, sample};
use serde_json::{Value, json};

fn connect(sensor: &str, session: &str, time: &str) -> String {
    format!(
        "{{\"eventid\":\"cowrie.session.connect\",\"timestamp\":\"{time}\",\
         \"sensor\":\"{sensor}\",\"session\":\"{session}\",\"src_ip\":\"203.0.113.7\"}}"
    )
}

/// Two sensors: one with a session that lasts over another one, one with a day off.
async fn loaded(engine: Engine) -> Site {
    let site = Site::new(engine).await;
    let lines = [
        connect("north", "000000000001", "2026-04-01T00:00:00Z"),
        connect("north", "000000000002", "2026-04-01T01:00:00Z"),
        connect("north", "000000000001", "2026-04-03T00:00:00.5Z"),
        connect("north", "000000000003", "2026-04-03T20:00:00Z"),
        connect("south", "000000000004", "2026-04-01T00:00:00Z"),
        connect("south", "000000000005", "2026-04-02T12:00:00Z"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    site.write("cowrie.json", log(&lines));
    site.bulk(&["cowrie.json"]).ended().await.expect(0);
    site
}

async fn gaps(site: &Site, words: &[&str]) -> Ended {
    let db = site.db();
    let arguments = [&["gaps", "--db", &db], words].concat();
    site.program(Program::Loader, &arguments).ended().await
}

async fn document(site: &Site, words: &[&str]) -> Value {
    let ended = gaps(site, &[words, &["--format", "json"]].concat()).await.expect(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn silence(sensor: &str, from: &str, to: &str, seconds: f64) -> Value {
    json!({ "sensor": sensor, "from": from, "to": to, "seconds": seconds })
}

#[tokio::test]
async fn silences_are_told() {
    for engine in Engine::ALL {
        let site = loaded(engine).await;
        let found = document(&site, &[]).await;
        assert_eq!(found["schema"], "cowrie-loader.gaps/1");
        assert_eq!(found["gaps"], json!([]));
        let south = silence("south", "2026-04-01T00:00:00Z", "2026-04-02T12:00:00Z", 129_600.0);
        assert_eq!(found["silences"], json!([south]));
        let since: Vec<_> = found["silent_now"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| (&s["sensor"], &s["to"]))
            .collect();
        assert_eq!(since, [(&json!("north"), &Value::Null), (&json!("south"), &Value::Null)]);

        let found = document(&site, &["--silence", "19h", "--sensor", "north"]).await;
        let north = silence("north", "2026-04-03T00:00:00.500Z", "2026-04-03T20:00:00Z", 71_999.5);
        assert_eq!(found["silences"], json!([north]));
        let found = document(&site, &["--silence", "20h", "--sensor", "north"]).await;
        assert_eq!(found["silences"], json!([]), "half a second is missing");
        gaps(&site, &["--silence", "36500d"]).await.expect(0).prints(&[
            "No file's content went away.",
            "No sensor was without a session for 36500 d",
            "Every sensor had a session in the last 36500 d.",
        ]);
        let told = gaps(&site, &[]).await.expect(0);
        told.prints(&["2026-04-01 00:00:00", "1 d 12 h", "north", "now"]);
    }
}

#[tokio::test]
async fn gaps_in_files_are_told() {
    for engine in Engine::ALL {
        let site = loaded(engine).await;
        let insert = "INSERT INTO ingest_gaps (gap_id, source, sensor, kind, last_offset, \
                      last_event_at, noticed_at) VALUES ('g', '/var/log/cowrie.json', 'north', \
                      'emptied', 4711, '2026-04-03T20:00:00.000000+00:00', \
                      '2026-04-03T21:00:00.000000+00:00')";
        site.tables().await.execute(insert).await;
        let found = document(&site, &[]).await;
        let gap = json!({
            "id": "g",
            "source": "/var/log/cowrie.json",
            "sensor": "north",
            "kind": "emptied",
            "last_offset": 4711,
            "last_event_at": "2026-04-03T20:00:00Z",
            "next_event_at": null,
            "noticed_at": "2026-04-03T21:00:00Z",
            "ingest_id": null,
        });
        assert_eq!(found["gaps"], json!([gap]));
        assert_eq!(document(&site, &["--sensor", "south"]).await["gaps"], json!([]));
        let told = gaps(&site, &["--sensor", "north"]).await.expect(0);
        told.prints(&["Files whose content went away:", "/var/log/cowrie.json", "4711"]);
    }
}

#[tokio::test]
async fn the_log_of_a_real_sensor_has_no_silence_of_an_hour() {
    for engine in Engine::ALL {
        let site = Site::new(engine).await;
        site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
        site.bulk(&["cowrie.json"]).ended().await.expect(0);
        let found = document(&site, &["--silence", "1h"]).await;
        assert_eq!(found["silences"], json!([]));
        assert_eq!(found["silent_now"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let site = loaded(Engine::Sqlite).await;
    let unknown = gaps(&site, &["--sensor", "west"]).await.expect(2);
    unknown.says(&["the database knows no sensor `west`"]);
    gaps(&site, &["--silence", "soon"]).await.expect(2).says(&["as `90d`, `12h`, `30m` or `5s`"]);
}

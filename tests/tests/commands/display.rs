//! What monitoring and people see while a load runs.

use std::fs;

use cowrie_tests::{Engine, Site, sample};
use serde_json::Value;

async fn site_with_log() -> Site {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    site
}

#[tokio::test]
async fn status_files_are_json() {
    let site = site_with_log().await;
    site.write("other.json", "{}\n");
    let status = ["cowrie.json", "other.json", "--status-dir", "a/status", "--ingest-id", "run"];
    site.bulk(&status).ended().await.expect(3);
    let mut names: Vec<_> = fs::read_dir(site.path("a/status"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    assert_eq!(names, ["bulk_ingest.json", "status.json"]);
    let read = |name: &str| -> Value {
        let bytes = fs::read(site.path("a/status").join(name)).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    let phase = read("bulk_ingest.json");
    assert_eq!(phase["phase"], "bulk_ingest");
    assert_eq!(phase["ingest_id"], "run");
    assert_eq!(phase["metrics"]["events"], 62);
    assert_eq!(phase["dead_letter"]["total"], 1);
    assert!(phase["last_updated"].is_string());
    let all = read("status.json");
    assert_eq!(all["phases"]["bulk_ingest"]["metrics"], phase["metrics"]);
}

#[tokio::test]
async fn a_bar_is_drawn_beside_the_results() {
    let site = site_with_log().await;
    for progress in ["--progress=always", "--progress"] {
        let ended = site.bulk(&[progress, "cowrie.json", "--format", "json"]).ended().await;
        let ended = ended.expect(0).says(&["100%", "62 events, 0 rejects", "\x1b[2K"]);
        assert!(serde_json::from_str::<Value>(&ended.stdout).is_ok(), "{ended:#?}");
    }
    for progress in ["--progress=never", "--progress=auto"] {
        let ended = site.bulk(&["cowrie.json", progress]).ended().await.expect(0);
        assert!(!ended.stderr.contains("\x1b["), "{ended:#?}");
    }
}

#[tokio::test]
async fn messages_can_be_had_as_json_and_not_at_all() {
    let site = site_with_log().await;
    site.write("no-log.log", "no log\n".repeat(2_000));
    let bulk = ["cowrie.json", "no-log.log"];
    let ended = site.bulk(&[&bulk[..], &["--log-format", "json"]].concat()).ended().await;
    let ended = ended.expect(3).says(&["does not look like a Cowrie log"]);
    for line in ended.stderr.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    let ended = site.bulk(&[&bulk[..], &["--quiet"]].concat()).ended().await.expect(3);
    assert_eq!(ended.stderr, "");
}

/// File names and reasons come from strangers. [`Ended::expect`](cowrie_tests::Ended::expect)
/// looks at every character of both outputs.
#[tokio::test]
async fn names_of_files_do_not_speak_to_the_terminal() {
    let name = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}\n.json";
    let escaped = "\\u{1b}]0;owned\\u{7}\\u{1b}[2J\\u{202e}\\u{a}.json";
    let site = Site::new(Engine::Sqlite).await;
    site.write(name, "no log\n".repeat(2_000));
    let ended = site.bulk(&[name]).ended().await.expect(3).prints(&[escaped]).says(&["\\u{1b}]0"]);
    assert!(!ended.stdout.contains('\u{202e}') && !ended.stderr.contains('\u{202e}'), "{ended:#?}");
    let json = site.bulk(&[name, "--format", "json"]).ended().await.expect(3);
    let document: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(document["problems"][0]["file"], name);
    let ended = site.bulk(&["none\u{1b}[2J"]).ended().await.expect(2);
    ended.says(&["none\\u{1b}[2J"]);
}

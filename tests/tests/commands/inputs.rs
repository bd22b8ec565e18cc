//! What can be loaded: files of every compression, folders, patterns, standard input.

use std::io::Write as _;

use cowrie_tests::{Contents, Engine, Site, assert_same, sample};
use pbz2::Level;

use crate::damage::gzip;

/// Names of the five forms of one log; none of them tells the compression truly.
const FORMS: [&str; 5] = ["plain.gz", "gzip.json", "bzip2.json", "xz.json", "zstd.json"];

fn form(name: &str, bytes: &[u8]) -> Vec<u8> {
    match name {
        "gzip.json" => gzip(bytes),
        "bzip2.json" => pbz2::compress(bytes, Level::FASTEST),
        "xz.json" => {
            let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
            xz.write_all(bytes).unwrap();
            xz.finish().unwrap()
        }
        "zstd.json" => zstd::encode_all(bytes, 1).unwrap(),
        _ => bytes.to_vec(),
    }
}

fn log() -> Vec<u8> {
    sample("v1.5.3/cowrie.json")
}

/// The tables of the log, loaded in the plainest way.
async fn plainly_loaded(engine: Engine) -> Contents {
    let site = Site::new(engine).await;
    site.write("cowrie.json", log());
    site.bulk(&["cowrie.json"]).ended().await.expect(0).prints(&["594 new"]);
    site.tables().await.contents().await
}

#[tokio::test]
async fn every_compression_gives_the_same_tables() {
    for engine in Engine::ALL {
        let expected = plainly_loaded(engine).await;
        for name in FORMS {
            let site = Site::new(engine).await;
            site.write(name, form(name, &log()));
            site.bulk(&[name]).ended().await.expect(0).prints(&["594 new"]);
            assert_same(&expected, &site.tables().await.contents().await);
        }
    }
}

#[tokio::test]
async fn several_members_are_one_log() {
    let expected = plainly_loaded(Engine::Sqlite).await;
    let log = log();
    let middle = log.len() / 2;
    for name in FORMS {
        let site = Site::new(Engine::Sqlite).await;
        site.write(name, [form(name, &log[..middle]), form(name, &log[middle..])].concat());
        site.bulk(&[name]).ended().await.expect(0).prints(&["594 new"]);
        assert_same(&expected, &site.tables().await.contents().await);
    }
}

#[tokio::test]
async fn standard_input_is_a_log() {
    let expected = plainly_loaded(Engine::Sqlite).await;
    for name in FORMS {
        let site = Site::new(Engine::Sqlite).await;
        let run = site.bulk(&["-"]).with_input(&form(name, &log()));
        run.ended().await.expect(0).prints(&["594 new"]);
        assert_same(&expected, &site.tables().await.contents().await);
    }
    let site = Site::new(Engine::Sqlite).await;
    site.bulk(&["-"]).ended().await.expect(0).prints(&["0 new"]);
}

/// However the files are named, the same files are read, and each once.
#[tokio::test]
async fn folders_and_patterns_name_files() {
    let site = Site::new(Engine::Sqlite).await;
    for name in FORMS {
        site.write(&format!("logs/2026/{name}"), form(name, &log()));
    }
    site.write("logs/notes.txt", log());
    site.write("logs/.hidden.json", "Nor this.\n");
    let pretty: serde_json::Value =
        serde_json::from_slice(log().split(|b| *b == b'\n').next().unwrap()).unwrap();
    site.write("logs/2026/pretty.json", serde_json::to_vec_pretty(&pretty).unwrap());
    for (paths, n_files) in [
        (&["logs"][..], 6),
        (&["logs/2026/", "logs", "logs/2026/xz.json"], 6),
        (&["logs/*/*.json"], 5),
        (&["logs/2026/[px]*"], 3),
        (&["logs/????/zst?.json"], 1),
        (&["logs/notes.txt", "logs/2026/xz.json"], 2),
    ] {
        let files = format!("Loaded {n_files} file{} of ", if n_files == 1 { "" } else { "s" });
        let ended = site.bulk(paths).ended().await.expect(0);
        ended.prints(&[&files]);
    }
    let tables = site.tables().await;
    assert_eq!(tables.number("SELECT count(*) FROM raw_events").await, 594);
}

/// One login over midnight: whichever day is loaded first, it counts for the day it began on.
#[tokio::test]
async fn the_order_of_days_makes_no_difference() {
    let day = |time: &str| {
        format!(
            r#"{{"eventid":"cowrie.login.failed","session":"0123456789ab","src_ip":"203.0.113.7","username":"root","password":"x","timestamp":"{time}Z"}}"#
        ) + "\n"
    };
    let mut found = Vec::new();
    for order in [["1.json", "2.json"], ["2.json", "1.json"]] {
        let site = Site::new(Engine::Sqlite).await;
        site.write("1.json", day("2026-01-01T23:59:55"));
        site.write("2.json", day("2026-01-02T00:00:05"));
        for name in order {
            site.bulk(&[name]).ended().await.expect(0);
        }
        found.push(site.tables().await.contents().await);
    }
    assert_same(&found[0], &found[1]);
}

/// What turns out later leaves nothing behind of what was believed before.
#[tokio::test]
async fn what_was_believed_too_early_leaves_no_trace() {
    let event = |kind: &str, from: &str, time: &str, rest: &str| {
        format!(
            r#"{{"eventid":"cowrie.{kind}","session":"0123456789ab","sensor":"s","src_ip":"{from}","timestamp":"{time}Z"{rest}}}"#
        ) + "\n"
    };
    let (one, other) = ("81.2.69.142", "89.160.20.112");
    let shasum = "a".repeat(64);
    let download = format!(r#","shasum":"{shasum}","url":"http://192.0.2.1/x""#);
    let splits = [
        event("session.connect", one, "2025-01-01T00:00:10", "")
            + &event("session.file_download", other, "2025-01-01T01:00:20", &download),
        event("session.connect", other, "2025-01-01T01:00:00", ""),
    ];
    let moves = [
        event("login.failed", one, "2025-01-01T00:00:05", r#","username":"a","password":"b""#),
        event("session.connect", other, "2025-01-01T00:00:00", ""),
    ];
    let later = event("session.connect", one, "2025-02-01T00:00:00", "").replace("9ab", "9ac");
    for engine in Engine::ALL {
        for [early, late] in [&splits, &moves] {
            let mut found = Vec::new();
            for order in [[early, late, &later], [late, early, &later]] {
                let site = Site::new(engine).await;
                for (at, text) in order.iter().enumerate() {
                    let name = format!("{at}.json");
                    site.write(&name, text);
                    site.bulk(&[&name]).ended().await.expect(0);
                }
                found.push(site.tables().await.contents().await);
            }
            assert_same(&found[0], &found[1]);
        }
    }
}

/// A torn line is kept as a dead letter; when its whole comes, that is an event, and one only.
#[tokio::test]
async fn a_line_without_its_end_is_loaded_when_it_is_whole() {
    let site = Site::new(Engine::Sqlite).await;
    let log = log();
    site.write("cowrie.json", &log[..log.len() - 20]);
    let ended = site.bulk(&["cowrie.json"]).ended().await.expect(0);
    ended.prints(&["593 new, 0 known before, 1 rejected"]);
    site.write("cowrie.json", &log);
    let ended = site.bulk(&["cowrie.json"]).ended().await.expect(0);
    ended.prints(&["1 new, 593 known before, 0 rejected"]);
}

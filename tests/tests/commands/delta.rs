//! `cowrie-loader delta` over files as they are written, rotated, replaced and cut in real life.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use cowrie_tests::{Ended, Engine, Site, assert_same, sample};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// One line of a log; five of them are a session.
pub(crate) fn line(number: usize) -> String {
    let session = format!("{:012x}", 0xabc_0000 + number / 5);
    let (kind, rest) = match number % 5 {
        0 => ("session.connect", r#","src_port":4000,"dst_port":22,"protocol":"ssh""#.to_owned()),
        1 => ("login.failed", r#","username":"root","password":"123456""#.to_owned()),
        2 => ("login.success", r#","username":"root","password":"admin""#.to_owned()),
        3 => ("command.input", format!(r#","input":"uname -a; echo {number}""#)),
        _ => ("session.closed", r#","duration_ms":1500"#.to_owned()),
    };
    let (minute, second) = (number / 60 % 60, number % 60);
    let time = format!("2026-04-29T{:02}:{minute:02}:{second:02}.000000Z", 10 + number / 3600);
    format!(
        r#"{{"session":"{session}","src_ip":"1.128.3.{}","eventid":"cowrie.{kind}"{rest},"sensor":"s","timestamp":"{time}"}}"#,
        number / 5 % 200
    ) + "\n"
}

pub(crate) fn lines(numbers: std::ops::Range<usize>) -> String {
    numbers.map(line).collect()
}

pub(crate) fn append(site: &Site, name: &str, text: &str) {
    let file = OpenOptions::new().append(true).create(true).open(site.path(name));
    file.unwrap().write_all(text.as_bytes()).unwrap();
}

/// Writes into a file that stays the same one.
fn rewrite(site: &Site, name: &str, text: &str) {
    let file = OpenOptions::new().write(true).truncate(true).open(site.path(name));
    file.unwrap().write_all(text.as_bytes()).unwrap();
}

pub(crate) async fn delta(site: &Site) -> Value {
    let ended: Ended = site.delta(&["logs", "--format", "json"]).ended().await.expect(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

/// The tables are those of one load of all lines, and no letter is open.
pub(crate) async fn check(site: &Site, engine: Engine, all: &str) {
    let other = Site::new(engine).await;
    other.write("all.json", all);
    other.bulk(&["all.json", "--quiet"]).ended().await.expect(0);
    let tables = site.tables().await;
    let open = "SELECT count(*) FROM dead_letter_events WHERE NOT resolved";
    assert_eq!(tables.number(open).await, 0, "open dead letters");
    let (mut expected, mut found) =
        (other.tables().await.contents().await, tables.contents().await);
    expected.remove("dead_letter_events");
    found.remove("dead_letter_events");
    assert_same(&expected, &found);
}

pub(crate) async fn on_both<F: AsyncFn(Site, Engine)>(scenario: F) {
    for engine in Engine::ALL {
        let site = Site::new(engine).await;
        fs::create_dir(site.path("logs")).unwrap();
        scenario(site, engine).await;
    }
}

#[tokio::test]
async fn what_is_loaded_twice_or_under_two_names_is_there_once() {
    on_both(async |site, engine| {
        site.write("logs/cowrie.json", lines(0..100));
        delta(&site).await;
        site.bulk(&["logs", "--quiet"]).ended().await.expect(0);
        fs::rename(site.path("logs/cowrie.json"), site.path("logs/cowrie.json.1")).unwrap();
        let renamed = delta(&site).await;
        assert_eq!((&renamed["files"], &renamed["bytes"]), (&1.into(), &0.into()));
        fs::copy(site.path("logs/cowrie.json.1"), site.path("logs/copy.json")).unwrap();
        assert_eq!(delta(&site).await["duplicate_events"], 100);
        check(&site, engine, &lines(0..100)).await;
    })
    .await;
}

#[tokio::test]
async fn a_rotated_log_goes_on_in_a_new_file() {
    on_both(async |site, engine| {
        site.write("logs/cowrie.json", lines(0..100));
        delta(&site).await;
        let rotated = "logs/cowrie.json.2026-04-29";
        fs::rename(site.path("logs/cowrie.json"), site.path(rotated)).unwrap();
        append(&site, rotated, &lines(100..110));
        site.write("logs/cowrie.json", lines(110..140));
        let summary = delta(&site).await;
        assert_eq!((&summary["events"], &summary["new_events"]), (&40.into(), &40.into()));
        append(&site, "logs/cowrie.json", &lines(140..210));
        assert_eq!(delta(&site).await["events"], 70);
        check(&site, engine, &lines(0..210)).await;
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_replaced_by_a_longer_one_adds_what_is_new() {
    on_both(async |site, engine| {
        site.write("logs/cowrie.json", lines(0..200));
        delta(&site).await;
        site.write("logs/.cowrie.json.x7Yz", lines(0..220));
        fs::rename(site.path("logs/.cowrie.json.x7Yz"), site.path("logs/cowrie.json")).unwrap();
        let summary = delta(&site).await;
        assert_eq!((&summary["new_events"], &summary["lost_files"]), (&20.into(), &0.into()));
        check(&site, engine, &lines(0..220)).await;
    })
    .await;
}

#[tokio::test]
async fn a_log_that_is_copied_and_truncated_begins_anew() {
    on_both(async |site, engine| {
        site.write("logs/cowrie.json", lines(0..100));
        delta(&site).await;
        append(&site, "logs/cowrie.json", &lines(100..120));
        fs::copy(site.path("logs/cowrie.json"), site.path("logs/cowrie.json.1")).unwrap();
        rewrite(&site, "logs/cowrie.json", &lines(120..200));
        let summary = delta(&site).await;
        assert_eq!((&summary["new_events"], &summary["lost_files"]), (&100.into(), &0.into()));
        check(&site, engine, &lines(0..200)).await;
    })
    .await;
}

/// A restart of some releases of Cowrie empties the log.
#[tokio::test]
async fn a_log_that_is_emptied_is_begun_anew_and_the_gap_is_told() {
    on_both(async |site, engine| {
        site.write("logs/cowrie.json", lines(0..100));
        delta(&site).await;
        rewrite(&site, "logs/cowrie.json", &lines(105..200));
        assert_eq!(delta(&site).await["lost_files"], 1);
        assert_eq!(delta(&site).await["lost_files"], 0);
        let gap = "SELECT kind || ' ' || sensor || ' ' || last_offset FROM ingest_gaps";
        let offset = lines(0..100).len();
        assert_eq!(site.tables().await.lines(gap).await, [format!("emptied s {offset}")]);
        let db = site.db();
        let gaps = site.program(cowrie_tests::Program::Loader, &["gaps", "--db", &db]);
        gaps.ended().await.expect(0).prints(&["2026-04-29 10:01:39", "2026-04-29 10:01:45"]);
        check(&site, engine, &(lines(0..100) + &lines(105..200))).await;
    })
    .await;
}

/// In the middle of a file that stays as long as it was, neither its front nor its end tells.
#[tokio::test]
async fn a_log_that_is_edited_in_place_is_read_again() {
    for is_archive in [false, true] {
        on_both(async |site, engine| {
            let form = |text: &str| if is_archive { stored(text) } else { text.into() };
            let log = lines(0..300);
            site.write("logs/cowrie.json.1", form(&log));
            delta(&site).await;
            let edited = log.replace(
                "\"duration_ms\":1500,\"sensor\":\"s\",\"timestamp\":\"2026-04-29T10:02:29",
                "\"duration_ms\":1600,\"sensor\":\"s\",\"timestamp\":\"2026-04-29T10:02:29",
            );
            assert_ne!(edited, log);
            let before = fs::metadata(site.path("logs/cowrie.json.1")).unwrap();
            site.write("logs/cowrie.json.1", form(&edited));
            let file = OpenOptions::new().write(true).open(site.path("logs/cowrie.json.1"));
            file.unwrap().set_modified(before.modified().unwrap()).unwrap();
            assert_eq!(delta(&site).await["new_events"], 1);
            check(&site, engine, &(log + &edited)).await;
        })
        .await;
    }
}

/// An archive whose size does not depend on what is in it.
fn stored(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A copy that is written in several places at once leaves a hole for a while.
#[tokio::test]
async fn what_is_written_over_a_hole_at_the_end_is_read() {
    on_both(async |site, engine| {
        let hole = "\0".repeat(lines(10..30).len());
        site.write("logs/cowrie.json", lines(0..10) + &hole);
        assert_eq!(delta(&site).await["events"], 10);
        rewrite(&site, "logs/cowrie.json", &lines(0..30));
        assert_eq!(delta(&site).await["new_events"], 20);
        check(&site, engine, &lines(0..30)).await;
    })
    .await;
}

#[tokio::test]
async fn an_empty_file_is_no_event_and_fills_later() {
    on_both(async |site, engine| {
        site.write("logs/cowrie.json", "");
        delta(&site).await;
        append(&site, "logs/cowrie.json", &lines(0..11));
        delta(&site).await;
        check(&site, engine, &lines(0..11)).await;
    })
    .await;
}

#[tokio::test]
async fn archives_are_read_once() {
    on_both(async |site, engine| {
        site.write("logs/cowrie.json", lines(0..100));
        delta(&site).await;
        fs::remove_file(site.path("logs/cowrie.json")).unwrap();
        let archive = zip(&(lines(0..100) + &lines(100..150)));
        // It is still being copied when it is met first.
        site.write("logs/cowrie.json.1.gz", &archive[..archive.len() / 2]);
        assert_eq!(delta(&site).await["waiting_files"], 1);
        assert_eq!(delta(&site).await["unchanged_files"], 1);
        site.write("logs/cowrie.json.1.gz", &archive);
        delta(&site).await;
        let again = delta(&site).await;
        assert_eq!((&again["files"], &again["unchanged_files"]), (&0.into(), &1.into()));
        let moved = site.path("logs/cowrie.json.2.gz");
        fs::rename(site.path("logs/cowrie.json.1.gz"), moved).unwrap();
        assert_eq!(delta(&site).await["events"], 0);
        assert_eq!(delta(&site).await["unchanged_files"], 1);
        check(&site, engine, &lines(0..150)).await;
    })
    .await;
}

pub(crate) fn zip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Two loaders that look at the same files at the same time, again and again.
#[tokio::test]
async fn two_loaders_at_once_count_nothing_twice() {
    for engine in Engine::ALL {
        for round in 0..20 {
            let site = Site::new(engine).await;
            site.write("logs/cowrie.json", lines(0..60 + round));
            site.write("logs/cowrie.json.1", lines(30..120));
            let run = || site.delta(&["logs", "--batch-size", "7"]).ended();
            let (one, other) = tokio::join!(run(), run());
            one.expect(0);
            other.expect(0);
            check(&site, engine, &lines(0..120)).await;
        }
    }
}

/// A thousand files that did not change are looked at, and none of them is opened.
#[tokio::test]
async fn unchanged_files_are_not_opened() {
    let site = Site::new(Engine::Sqlite).await;
    for number in 0..1_000 {
        let name = format!("logs/cowrie.json.{number:04}");
        site.write(&name, lines(number * 5..number * 5 + 5));
    }
    delta(&site).await;
    let again = delta(&site).await;
    assert_eq!((&again["unchanged_files"], &again["files"]), (&1_000.into(), &0.into()));
    assert_eq!(again["bytes"], 0);
    check(&site, Engine::Sqlite, &lines(0..5_000)).await;
}

#[tokio::test]
async fn a_followed_log_is_read_while_it_is_written_and_rotated() {
    on_both(async |site, engine| {
        site.write("logs/cowrie.json", lines(0..20));
        let mut child = site.delta(&["logs", "--follow", "--interval", "1s"]).start();
        let tables = site.tables_when_there().await;
        events(&tables, 20).await;
        let rotated = site.path("logs/cowrie.json.2026-04-29");
        append(&site, "logs/cowrie.json", &lines(20..25));
        fs::rename(site.path("logs/cowrie.json"), rotated).unwrap();
        site.write("logs/cowrie.json", lines(25..40));
        events(&tables, 40).await;
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?)).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let ended = tokio::time::timeout(std::time::Duration::from_secs(30), child.wait()).await;
        assert_eq!(ended.unwrap().unwrap().code(), Some(143));
        check(&site, engine, &lines(0..40)).await;
    })
    .await;
}

/// Waits until so many events are stored.
async fn events(tables: &cowrie_tests::Tables, number: i64) {
    let count = "SELECT CAST(coalesce(sum(n_events), 0) AS bigint) FROM session_events";
    for _ in 0..600 {
        if tables.number_if_there(count).await == Some(number) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the events did not come");
}

#[tokio::test]
async fn every_sensor_of_the_configuration_is_loaded_into_its_database() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("a/cowrie.json", lines(0..50));
    site.write("b/cowrie.json", lines(50..75));
    let config = "[global]\ndb = \"shared.sqlite\"\n[[sensor]]\nname = \"a\"\nlogpath = \"a\"\n\
         [[sensor]]\nname = \"b\"\nlogpath = \"b\"\ndb = \"own.sqlite\"\n\
         [[sensor]]\nname = \"c\"\n";
    site.write("sensors.toml", config);
    let run = |arguments: &[&str]| {
        let all = [&["delta", "--config", "sensors.toml", "--format", "json"], arguments];
        site.program(cowrie_tests::Program::Loader, &all.concat()).ended()
    };
    let ended = run(&["--all-sensors"]).await.expect(0);
    let summaries: Vec<Value> =
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let counts: Vec<_> =
        summaries.iter().map(|s| (s["database"].as_str(), s["new_events"].as_i64())).collect();
    let expected = [(Some("shared.sqlite"), Some(50)), (Some("own.sqlite"), Some(25))];
    assert!(counts.iter().zip(expected).all(|((db, n), (name, number))| {
        db.is_some_and(|db| db.ends_with(name.unwrap())) && *n == number
    }));
    append(&site, "b/cowrie.json", &lines(75..80));
    let ended = run(&["--sensor", "b"]).await.expect(0);
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(summary["new_events"], 5);
}

/// Without a source, nothing is known, which is NULL and no empty object; what is known once stays,
/// whoever loads more.
#[tokio::test]
async fn what_is_known_of_a_session_outlives_later_loads() {
    on_both(async |site, _| {
        site.write("logs/cowrie.json", lines(0..7));
        delta(&site).await;
        let tables = site.tables().await;
        let without = "SELECT count(*) FROM session_summaries WHERE enrichment IS NULL \
                       AND snapshot_country IS NULL AND snapshot_asn IS NULL";
        site.write("other.json", lines(100..102));
        site.bulk(&["other.json", "--quiet", "--no-enable-asn-inventory"]).ended().await.expect(0);
        assert_eq!(tables.number(without).await, 1, "nobody was asked about it");
        let mmdb = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/mmdb");
        site.write("known.json", line(200).replace("1.128.3.40", "81.2.69.142"));
        let flag = ["known.json", "--quiet", "--mmdb-dir", mmdb.to_str().unwrap()];
        site.bulk(&flag).ended().await.expect(0);
        let known = "session_id = '00000abc0028'";
        let mark = "UPDATE session_summaries SET vt_flagged = true, dshield_flagged = true WHERE ";
        tables.execute(&format!("{mark}{known}")).await;
        let row = "SELECT snapshot_country || ' ' || CAST(enrichment AS text) || ' ' || \
                   CAST(vt_flagged AS text) || CAST(dshield_flagged AS text) \
                   FROM session_summaries WHERE ";
        let before = tables.lines(&format!("{row}{known}")).await;
        assert!(before[0].starts_with("GB {"), "{before:?}");
        append(&site, "logs/cowrie.json", &line(201).replace("1.128.3.40", "81.2.69.142"));
        assert_eq!(delta(&site).await["sessions_updated"], 1);
        assert_eq!(tables.lines(&format!("{row}{known}")).await, before);
    })
    .await;
}

/// What no list of kinds foresees, and the addresses and ids of other releases.
#[tokio::test]
async fn unknown_kinds_and_unusual_values_are_ordinary() {
    on_both(async |site, engine| {
        let event = |kind: &str, session: &str, rest: &str| {
            format!(
                r#"{{"eventid":"{kind}","session":"{session}","src_ip":"2001:db8::7"{rest},"sensor":"s","timestamp":"2026-04-29T10:00:00Z"}}"#
            ) + "\n"
        };
        let long = "0123456789abcdef0123456789abcdef";
        let log = event("cowrie.session.connect", long, r#","protocol":"telnet""#)
            + &event("cowrie.never.seen", long, r#","more":{"deep":[1,2.50]}"#)
            + &event(
                "cowrie.session.file_download",
                "0123abcd",
                r#","url":"tftp://[2001:db8::9]/x","shasum":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08""#,
            );
        site.write("logs/cowrie.json", &log);
        assert_eq!(delta(&site).await["new_events"], 3);
        let tables = site.tables().await;
        let sessions = "SELECT session_id || ' ' || source_ip FROM session_summaries \
                        ORDER BY session_id";
        let expected = [format!("{long} 2001:db8::7"), "0123abcd@s 2001:db8::7".to_owned()];
        assert_eq!(tables.lines(sessions).await, expected);
        let kept = "SELECT CAST(payload AS text) FROM raw_events \
                    WHERE event_type = 'cowrie.never.seen'";
        assert!(tables.lines(kept).await[0].contains("2.50"), "numbers stand as they were written");
        let url = "SELECT download_url FROM files";
        assert_eq!(tables.lines(url).await, ["tftp://[2001:db8::9]/x"]);
        check(&site, engine, &log).await;
    })
    .await;
}

/// A real log, read in pieces as they come.
#[tokio::test]
async fn a_real_log_that_grows_is_the_log_that_is_loaded_whole() {
    on_both(async |site, engine| {
        let log = sample("s-ipv6/cowrie.json");
        site.write("logs/cowrie.json", "");
        for piece in log.chunks(log.len() / 7) {
            append(&site, "logs/cowrie.json", &String::from_utf8_lossy(piece));
            delta(&site).await;
        }
        check(&site, engine, &String::from_utf8_lossy(&log)).await;
    })
    .await;
}

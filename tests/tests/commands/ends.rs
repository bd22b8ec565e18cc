//! Logs that begin or end in the middle of a line: what waits, what is joined, what is a letter.

use std::fs;

use crate::delta::{append, check, delta, line, lines, on_both, zip};

/// As the new file of a rotation in which nothing stands yet but the rest of a torn line.
#[tokio::test]
async fn a_log_of_one_line_that_is_no_event_waits_for_more() {
    on_both(async |site, engine| {
        let torn = line(50);
        site.write("logs/cowrie.json", lines(0..50) + torn.get(..90).unwrap());
        delta(&site).await;
        fs::rename(site.path("logs/cowrie.json"), site.path("logs/cowrie.json.1")).unwrap();
        site.write("logs/cowrie.json", torn.get(90..).unwrap());
        let summary = delta(&site).await;
        assert_eq!((&summary["waiting_files"], &summary["healed"]), (&1.into(), &0.into()));
        assert_eq!(delta(&site).await["unchanged_files"], 2);
        append(&site, "logs/cowrie.json", &lines(51..60));
        assert_eq!(delta(&site).await["healed"], 1);
        check(&site, engine, &lines(0..60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_log_of_one_line_that_stays_no_event_is_a_letter() {
    on_both(async |site, _| {
        site.write("logs/cowrie.json", "garbage\n");
        assert_eq!(delta(&site).await["waiting_files"], 1);
        site.delta(&["logs", "--settle", "0s"]).ended().await.expect(3);
        let letters = "SELECT reason || ' ' || length FROM dead_letter_events";
        assert_eq!(site.tables().await.lines(letters).await, ["not_json 7"]);
        assert_eq!(delta(&site).await["unchanged_files"], 1);
        append(&site, "logs/cowrie.json", &lines(0..5));
        assert_eq!(delta(&site).await["new_events"], 5);
    })
    .await;
}

#[tokio::test]
async fn a_half_written_line_waits_for_its_rest() {
    on_both(async |site, engine| {
        let last = line(10);
        site.write("logs/cowrie.json", lines(0..10) + last.get(..60).unwrap());
        let summary = delta(&site).await;
        assert_eq!((&summary["events"], &summary["waiting_files"]), (&10.into(), &1.into()));
        assert_eq!(delta(&site).await["unchanged_files"], 1);
        append(&site, "logs/cowrie.json", last.get(60..).unwrap());
        assert_eq!(delta(&site).await["events"], 1);
        let letters = "SELECT count(*) FROM dead_letter_events";
        assert_eq!(site.tables().await.number(letters).await, 0);
        check(&site, engine, &lines(0..11)).await;
    })
    .await;
}

/// `bulk` takes a file as whole; when it turns out not to be, the letter is settled.
#[tokio::test]
async fn a_letter_about_an_end_is_settled_when_the_line_is_completed() {
    for completes in ["bulk", "delta", "another file"] {
        on_both(async |site, engine| {
            let last = line(10);
            site.write("logs/cowrie.json", lines(0..10) + last.get(..60).unwrap());
            site.bulk(&["logs", "--quiet"]).ended().await.expect(0);
            let open = "SELECT count(*) FROM dead_letter_events WHERE NOT resolved";
            assert_eq!(site.tables().await.number(open).await, 1);
            if completes == "another file" {
                site.write("new", lines(0..11));
                fs::rename(site.path("new"), site.path("logs/cowrie.json")).unwrap();
            } else {
                append(&site, "logs/cowrie.json", last.get(60..).unwrap());
            }
            match completes {
                "bulk" => site.bulk(&["logs", "--quiet"]).ended().await.expect(0),
                _ => site.delta(&["logs"]).ended().await.expect(0),
            };
            check(&site, engine, &lines(0..11)).await;
        })
        .await;
    }
}

/// The head of the line is in the old file, the tail in the new one.
#[tokio::test]
async fn a_line_torn_by_a_rotation_is_healed() {
    for archive_first in [false, true] {
        on_both(async |site, engine| {
            let torn = line(50);
            site.write("logs/cowrie.json", lines(0..50) + torn.get(..90).unwrap());
            delta(&site).await;
            let rotated = "logs/cowrie.json.2026-04-29";
            if archive_first {
                // Both files are new to the loader, and the old one is not read yet.
                fs::rename(site.path("logs/cowrie.json"), site.path("old")).unwrap();
                site.write("logs/cowrie.json", torn.get(90..).unwrap().to_owned() + &lines(51..80));
                delta(&site).await;
                fs::copy(site.path("old"), site.path(rotated)).unwrap();
                site.delta(&["logs", "--settle", "0s"]).ended().await.expect(0);
            } else {
                fs::rename(site.path("logs/cowrie.json"), site.path(rotated)).unwrap();
                site.write("logs/cowrie.json", torn.get(90..).unwrap().to_owned() + &lines(51..80));
                assert_eq!(delta(&site).await["healed"], 1);
            }
            let resolutions = "SELECT DISTINCT resolution FROM dead_letter_events";
            assert_eq!(site.tables().await.lines(resolutions).await, ["healed"]);
            site.delta(&["logs", "--settle", "0s"]).ended().await.expect(0);
            site.bulk(&["logs", "--quiet"]).ended().await.expect(0);
            check(&site, engine, &lines(0..80)).await;
        })
        .await;
    }
}

/// The file between two torn ones comes last: until then no half has its other one.
#[tokio::test]
async fn halves_of_two_lines_are_no_event() {
    on_both(async |site, engine| {
        let (one, other) = (line(51), line(1_001));
        let halves = |line: &str| {
            let (head, tail) = line.split_at(90);
            (head.to_owned(), tail.to_owned())
        };
        let ((head, tail), (other_head, other_tail)) = (halves(&one), halves(&other));
        site.write("logs/cowrie.json.1", lines(0..51) + &head);
        site.write("logs/cowrie.json.3", other_tail + &lines(1_002..1_010));
        let settled = ["logs", "--settle", "0s"];
        site.delta(&settled).ended().await.expect(0);
        let open = "SELECT count(*) FROM dead_letter_events WHERE NOT resolved";
        assert_eq!(site.tables().await.number(open).await, 2);
        site.write("logs/cowrie.json.2", tail + &lines(52..1_001) + &other_head);
        site.delta(&settled).ended().await.expect(0);
        check(&site, engine, &lines(0..1_010)).await;
    })
    .await;
}

/// When nothing more comes, the end of a log is a letter, in an archive too.
#[tokio::test]
async fn what_waits_for_long_enough_is_a_letter() {
    for (name, is_archive) in [("logs/cowrie.json", false), ("logs/cowrie.json.1.gz", true)] {
        on_both(async |site, engine| {
            let (last, whole) = (line(10), lines(0..10));
            let log = whole.clone() + last.get(..60).unwrap();
            site.write(name, if is_archive { zip(&log) } else { log.into_bytes() });
            assert_eq!(delta(&site).await["waiting_files"], 1);
            site.delta(&["logs", "--settle", "0s"]).ended().await.expect(0);
            let letters = "SELECT reason || ' ' || length FROM dead_letter_events";
            assert_eq!(site.tables().await.lines(letters).await, ["torn 60"]);
            assert_eq!(delta(&site).await["unchanged_files"], 1);
            let log = whole + &last;
            site.write(name, if is_archive { zip(&log) } else { log.into_bytes() });
            delta(&site).await;
            if is_archive {
                let open = "SELECT count(*) FROM dead_letter_events WHERE NOT resolved";
                assert_eq!(site.tables().await.number(open).await, 1, "it is another archive");
            } else {
                check(&site, engine, &lines(0..11)).await;
            }
        })
        .await;
    }
}

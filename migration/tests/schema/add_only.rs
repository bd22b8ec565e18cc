//! What a session's network was at the time of the attack, and what sources said of it, stays.

use sea_orm::DatabaseConnection;

use crate::support::{NOON, add_asn, add_session, both, column, refused, run, try_run};

const SESSION: &str = "0123456789ab";
const ONCE: &str = "snapshot columns are written once";
const ADD_ONLY: &str = "session enrichment is add-only";

#[tokio::test]
async fn a_snapshot_is_written_once() {
    for test in both().await {
        let db = test.connection();
        add_asn(db, 64_500).await;
        add_asn(db, 64_501).await;
        add_session(db, SESSION).await;
        for (column, first, second) in [
            ("snapshot_asn", "64500", "64501"),
            ("snapshot_country", "'DE'", "'FR'"),
            ("snapshot_ip_type", "'tor'", "'vpn'"),
            ("snapshot_at", "'2026-03-29T12:00:00.000000+00:00'", "'2026-03-30T12:00:00+00:00'"),
            ("snapshot_basis", "'at_load'", "'backfilled'"),
        ] {
            let set = |value: &str| format!("UPDATE session_summaries SET {column} = {value}");
            run(db, &set(first)).await;
            run(db, &set(first)).await;
            run(db, &set(column)).await;
            refused(db, &set(second), ONCE).await;
            refused(db, &set("NULL"), ONCE).await;
            let upsert = format!(
                "INSERT INTO session_summaries \
                 (session_id, first_event_at, last_event_at, updated_at, {column}) \
                 VALUES ('{SESSION}', '{NOON}', '{NOON}', '{NOON}', {second}) \
                 ON CONFLICT (session_id) DO UPDATE SET event_count = 1, \
                 {column} = excluded.{column}"
            );
            refused(db, &upsert, ONCE).await;
        }
        run(db, "UPDATE session_summaries SET event_count = 7, sensor = 'a'").await;
        let kept = "SELECT snapshot_asn || ' ' || snapshot_country || ' ' || snapshot_ip_type \
                    || ' ' || snapshot_basis || ' ' || event_count FROM session_summaries";
        assert_eq!(column(db, kept).await, ["64500 DE tor at_load 7"]);
    }
}

/// Whether the enrichment of a session may go from one value to another.
async fn check(db: &DatabaseConnection, from: &str, to: &str, is_allowed: bool) {
    let sql = |value: &str| {
        if value.is_empty() { "NULL".to_owned() } else { format!("'{value}'") }
    };
    run(db, "DELETE FROM session_summaries").await;
    add_session(db, SESSION).await;
    run(db, &format!("UPDATE session_summaries SET enrichment = {}", sql(from))).await;
    let upsert = format!(
        "INSERT INTO session_summaries \
         (session_id, first_event_at, last_event_at, updated_at, enrichment) \
         VALUES ('{SESSION}', '{NOON}', '{NOON}', '{NOON}', {}) \
         ON CONFLICT (session_id) DO UPDATE SET enrichment = excluded.enrichment",
        sql(to)
    );
    for statement in [format!("UPDATE session_summaries SET enrichment = {}", sql(to)), upsert] {
        if is_allowed {
            run(db, &statement).await;
        } else {
            refused(db, &statement, ADD_ONLY).await;
        }
    }
}

const MAXMIND: &str = r#""maxmind":{"country":"DE","asn":64500,"latitude":1.0}"#;
const SAID: &str = r#""maxmind":{"status":"ok","fetched_at":"t1"}"#;

#[tokio::test]
async fn what_a_source_said_stays_as_it_is() {
    let said = format!(r#"{{{MAXMIND},"_meta":{{{SAID}}}}}"#);
    for test in both().await {
        let db = test.connection();
        check(db, "", &said, true).await;
        check(db, &said, &said, true).await;
        check(db, &said, "", false).await;
        // The same in other words: keys in another order, blanks, and a number without its point.
        let same = r#"{"_meta": {"maxmind": {"fetched_at": "t1", "status": "ok"}},
            "maxmind": {"asn": 64500, "latitude": 1, "country": "DE"}}"#;
        check(db, &said, same, true).await;
        for changed in [
            said.replace("DE", "FR"),
            said.replace("64500", "64501"),
            said.replace("64500", "\"64500\""),
            said.replace(r#","asn":64500"#, ""),
            said.replace(r#""asn""#, r#""extra":null,"asn""#),
            said.replace("t1", "t2"),
            said.replace("ok", "failed"),
            format!(r#"{{"_meta":{{{SAID}}}}}"#),
            format!("{{{MAXMIND}}}"),
            format!(r#"{{{MAXMIND},"_meta":{{"cymru":{{"status":"ok"}}}}}}"#),
        ] {
            check(db, &said, &changed, false).await;
        }
    }
}

#[tokio::test]
async fn what_is_missing_may_be_added() {
    let said = format!(r#"{{{MAXMIND},"_meta":{{{SAID}}}}}"#);
    for test in both().await {
        let db = test.connection();
        let added = format!(
            r#"{{{MAXMIND},"dshield":{{"attacks":3}},"_meta":{{{SAID},"dshield":{{"status":"ok"}}}}}}"#
        );
        check(db, &said, &added, true).await;
        check(db, &added, &said, false).await;
        for status in ["skipped", "failed", "quota"] {
            let tried = format!(
                r#"{{{MAXMIND},"_meta":{{{SAID},"dshield":{{"status":"{status}","reason":"x"}}}}}}"#
            );
            check(db, &tried, &added, true).await;
            check(db, &tried, &said, true).await;
            check(db, &tried, &tried.replace("\"x\"", "\"y\""), true).await;
        }
        let unknown =
            format!(r#"{{{MAXMIND},"_meta":{{{SAID},"spur":{{"status":"not_found"}}}}}}"#);
        check(db, &said, &unknown, true).await;
        check(db, &unknown, &unknown.replace("not_found", "failed"), false).await;
        check(db, &unknown, &said, false).await;
        // "Not found" is an answer too: no data may turn up for it later.
        let turned_up = unknown.replace(MAXMIND, &format!(r#"{MAXMIND},"spur":{{"as":1}}"#));
        check(db, &unknown, &turned_up, false).await;
        // Data of which nobody said where it came from is not protected.
        check(db, &format!("{{{MAXMIND}}}"), r#"{"cymru":{"asn":1}}"#, true).await;
    }
}

#[tokio::test]
async fn where_a_snapshot_came_from_stays_too() {
    let asn = r#""asn":{"source":"maxmind","basis":"at_load"}"#;
    let old = format!(r#"{{"_meta":{{"snapshot":{{{asn}}}}}}}"#);
    for test in both().await {
        let db = test.connection();
        let more = old.replace(asn, &format!(r#"{asn},"country":{{"source":"cymru"}}"#));
        check(db, &old, &more, true).await;
        check(db, &more, &old, false).await;
        check(db, &old, &old.replace("at_load", "backfilled"), false).await;
        check(db, &old, &format!("{{{MAXMIND}}}"), false).await;
        check(db, &old, r#"{"_meta":{"snapshot":{"country":{"source":"cymru"}}}}"#, false).await;
        let odd = r#"{"_meta":{"snapshot":"odd"}}"#;
        check(db, odd, odd, true).await;
        check(db, odd, &old, false).await;
        // A snapshot is not a source, even if it looks like one.
        let status = r#"{"_meta":{"snapshot":{"status":"ok"}},"snapshot":{"a":1}}"#;
        check(db, status, &status.replace(r#"{"a":1}"#, r#"{"a":2}"#), true).await;
    }
}

/// Names of sources are ours, yet one with a dot or a quote must not slip through a path.
#[tokio::test]
async fn odd_names_of_sources_are_protected() {
    for test in both().await {
        let db = test.connection();
        for name in ["of.tomorrow", "of tomorrow", "of[0]", "$"] {
            let said = format!(r#"{{"{name}":{{"a":1}},"_meta":{{"{name}":{{"status":"ok"}}}}}}"#);
            check(db, &said, &said.replace(":1", ":2"), false).await;
            check(db, &said, &said.replace(r#""ok""#, r#""ok","b":1"#), false).await;
        }
    }
}

/// A statement that names no protected column pays nothing and is never refused.
#[tokio::test]
async fn other_columns_are_free() {
    let said = format!(r#"{{{MAXMIND},"_meta":{{{SAID}}}}}"#);
    for test in both().await {
        let db = test.connection();
        add_session(db, SESSION).await;
        run(db, &format!("UPDATE session_summaries SET enrichment = '{said}'")).await;
        run(db, "UPDATE session_summaries SET event_count = 8, vt_flagged = true").await;
        assert_eq!(try_run(db, "DELETE FROM session_summaries").await.unwrap(), 1);
    }
}

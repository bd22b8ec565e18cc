//! What the columns of sessions and of the tables around them refuse.

use sea_orm::DatabaseConnection;

use crate::support::{
    NOON, add_asn, add_ip, add_session, both, bytes, column, refused, run, try_run, value,
};

/// Tries a value for a column of a session, alone.
async fn set(db: &DatabaseConnection, column: &str, sql: &str) -> Result<u64, sea_orm::DbErr> {
    add_session(db, "0123456789ab").await;
    let update = format!("UPDATE session_summaries SET {column} = {sql}");
    let outcome = try_run(db, &update).await;
    run(db, "DELETE FROM session_summaries").await;
    outcome
}

#[tokio::test]
async fn enrichment_is_null_or_says_something() {
    for test in both().await {
        for (enrichment, is_taken) in [
            ("NULL", true),
            (r#"'{"maxmind":{"country":"DE"}}'"#, true),
            (r#"'{"_meta":{"dshield":{"status":"failed"}}}'"#, true),
            (r#"'{"of_tomorrow":7}'"#, true),
            ("'null'", false),
            ("'{}'", false),
            ("'{ }'", false),
            ("'[]'", false),
            (r#"'["maxmind"]'"#, false),
            (r#"'"maxmind"'"#, false),
            ("'true'", false),
            ("'{'", false),
            (r#"'{"maxmind":null}'"#, false),
            (r#"'{"dshield":{}}'"#, false),
            (r#"'{"spur":[]}'"#, false),
            (r#"'{"spur":["VPN"]}'"#, false),
            (r#"'{"_meta":{}}'"#, false),
            (r#"'{"maxmind":{"country":"DE"},"cymru":"DE"}'"#, false),
        ] {
            let outcome = set(test.connection(), "enrichment", enrichment).await;
            assert_eq!(outcome.is_ok(), is_taken, "{enrichment}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn snapshots_take_known_words_only() {
    for test in both().await {
        for (column, sql, is_taken) in [
            ("snapshot_country", "'DE'", true),
            ("snapshot_country", "'XX'", false),
            ("snapshot_country", "'de'", false),
            ("snapshot_country", "''", false),
            ("snapshot_country", "'DEU'", false),
            ("snapshot_country", "'ÄÖ'", false),
            ("snapshot_basis", "'as_of_attack'", true),
            ("snapshot_basis", "'at_load'", true),
            ("snapshot_basis", "'backfilled'", true),
            ("snapshot_basis", "'guessed'", false),
        ] {
            let outcome = set(test.connection(), column, sql).await;
            assert_eq!(outcome.is_ok(), is_taken, "{column} = {sql}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn the_sensor_is_readable_under_its_legacy_name() {
    for test in both().await {
        let db = test.connection();
        add_session(db, "0123456789ab").await;
        run(db, "UPDATE session_summaries SET sensor = 'honeypot-a'").await;
        assert_eq!(value(db, "SELECT matcher FROM session_summaries").await, "honeypot-a");
        assert!(try_run(db, "UPDATE session_summaries SET matcher = 'b'").await.is_err());
    }
}

#[tokio::test]
async fn foreign_keys_refuse_orphans() {
    for test in both().await {
        let db = test.connection();
        let orphan = "foreign key";
        add_session(db, "0123456789ab").await;
        let ip = "UPDATE session_summaries SET source_ip = '192.0.2.1'";
        refused(db, ip, orphan).await;
        refused(db, "UPDATE session_summaries SET snapshot_asn = 64500", orphan).await;
        add_ip(db, "192.0.2.1", "NULL").await;
        run(db, ip).await;
        refused(db, "DELETE FROM ip_inventory", orphan).await;
        refused(db, "UPDATE ip_inventory SET current_asn = 64500", orphan).await;
        add_asn(db, 64_500).await;
        run(db, "UPDATE ip_inventory SET current_asn = 64500").await;
        refused(db, "DELETE FROM asn_inventory", orphan).await;
        for (ip, asn) in [("192.0.2.9", 64_500), ("192.0.2.1", 64_501)] {
            let sighting =
                format!("INSERT INTO ip_asn_history VALUES ('{ip}', {asn}, '{NOON}', 'cymru')");
            refused(db, &sighting, orphan).await;
        }
        let usage = format!(
            "INSERT INTO password_session_usage VALUES ('a', 0, 7, 'root', true, 1, '{NOON}')"
        );
        refused(db, &usage, orphan).await;
    }
}

#[tokio::test]
async fn findings_go_with_their_analysis() {
    for test in both().await {
        let db = test.connection();
        add_session(db, "0123456789ab").await;
        run(
            db,
            &format!(
                "INSERT INTO longtail_analysis (id, detector, parameters_hash, \
                 normaliser_version, scope, window_start, window_end, analysis_time) \
                 VALUES (1, 'd', 'p', 1, 'all', '{NOON}', '{NOON}', '{NOON}')"
            ),
        )
        .await;
        let finding = |kind: &str, severity: &str| {
            format!(
                "INSERT INTO longtail_detections (analysis_id, detection_type, detection_data, \
                 confidence_score, severity_score, timestamp) \
                 VALUES (1, '{kind}', '{{\"score\":1}}', 1, {severity}, '{NOON}')"
            )
        };
        refused(db, &finding("rare_thing", "0.5"), "check").await;
        refused(db, &finding("rare_command", "1.5"), "check").await;
        run(db, &finding("rare_command", "0.5")).await;
        let link = "INSERT INTO longtail_detection_sessions \
                    SELECT id, '0123456789ab' FROM longtail_detections";
        run(db, link).await;
        let checkpoint = format!(
            "INSERT INTO longtail_analysis_checkpoints (scope, parameters_hash, \
             normaliser_version, checkpoint_date, window_start, window_end, sessions_analyzed, \
             vocabulary_hash, digest, sketch, last_analysis_id, completed_at) VALUES ('all', 'p', \
             1, '2026-03-29', '{NOON}', '{NOON}', 1, 'v', 'd', {}, 1, '{NOON}')",
            bytes(db, "00")
        );
        run(db, &checkpoint).await;
        refused(db, &checkpoint, "unique").await;
        run(db, "DELETE FROM longtail_analysis").await;
        let left = "SELECT count(*) || ' links' FROM longtail_detection_sessions";
        assert_eq!(value(db, left).await, "0 links");
        let checkpoint = "SELECT coalesce(last_analysis_id, 0) || ' ' || checkpoint_date \
                          FROM longtail_analysis_checkpoints";
        assert_eq!(value(db, checkpoint).await, "0 2026-03-29");
    }
}

#[tokio::test]
async fn words_and_numbers_are_checked() {
    for test in both().await {
        let db = test.connection();
        for (asn, is_taken) in [("0", false), ("1", true), ("4294967295", true)] {
            let insert = format!(
                "INSERT INTO asn_inventory (asn_number, first_seen, last_seen) \
                 VALUES ({asn}, '{NOON}', '{NOON}')"
            );
            assert_eq!(try_run(db, &insert).await.is_ok(), is_taken, "AS{asn}");
        }
        refused(db, "UPDATE asn_inventory SET asn_number = 4294967296", "check").await;
        refused(db, "UPDATE asn_inventory SET organization_country = 'XX'", "check").await;
        let file = |direction: &str| {
            format!(
                "INSERT INTO files (session_id, shasum, direction, first_seen) \
                 VALUES ('a', 'b', '{direction}', '{NOON}')"
            )
        };
        refused(db, &file("sideways"), "check").await;
        run(db, &file("upload")).await;
        assert_eq!(value(db, "SELECT enrichment_status FROM files").await, "pending");
        let quota = format!("INSERT INTO provider_quota VALUES ('v', 'year', '{NOON}', 0)");
        refused(db, &quota, "").await;
        run(db, "INSERT INTO provider_pace (service) VALUES ('v')").await;
        refused(db, "INSERT INTO provider_pace (service) VALUES ('v')", "unique").await;
        let cached = |value: &str| {
            format!("INSERT INTO enrichment_cache VALUES ('v', 'k', '{value}', '{NOON}', '{NOON}')")
        };
        refused(db, &cached("null"), "check").await;
        refused(db, &cached("{}"), "check").await;
        run(db, &cached(r#"{"a":1}"#)).await;
    }
}

/// A number that the database hands out once is not handed out again.
#[tokio::test]
async fn numbers_of_rows_are_not_used_twice() {
    for test in both().await {
        let db = test.connection();
        let insert = |hash: &str| {
            format!(
                "INSERT INTO password_tracking (password_hash, password_text, first_seen, \
                 last_seen, times_seen, unique_sessions) \
                 VALUES ('{hash}', 'x', '{NOON}', '{NOON}', 1, 1)"
            )
        };
        run(db, &insert("a")).await;
        refused(db, &insert("a"), "unique").await;
        run(db, &insert("b")).await;
        run(db, "DELETE FROM password_tracking WHERE password_hash = 'b'").await;
        run(db, &insert("c")).await;
        let order = "SELECT password_hash FROM password_tracking WHERE id > 2";
        assert_eq!(column(db, order).await, ["c"]);
    }
}

/// Text of the session's key is compared byte by byte in both engines.
#[tokio::test]
async fn keys_sort_by_bytes() {
    for test in both().await {
        let db = test.connection();
        for id in ["b", "B", "a@x", "a", "ä", "Z"] {
            add_session(db, id).await;
        }
        let sorted = column(db, "SELECT session_id FROM session_summaries ORDER BY 1").await;
        assert_eq!(sorted, ["B", "Z", "a", "a@x", "b", "ä"], "{:?}", db.get_database_backend());
    }
}

//! What the tables of reading take: dead letters with their place, and gaps.

use cowrie_migration::{down, up};
use sea_orm::DatabaseConnection;

use crate::support::{NOON, both, bytes, column, refused, run, value};

async fn add_letter(db: &DatabaseConnection, content_id: &str) {
    let payload = bytes(db, "7b");
    let sql = format!(
        "INSERT INTO dead_letter_events \
         (content_id, source, source_offset, length, reason, payload, created_at) \
         VALUES ('{content_id}', 'a.json', 0, 1, 'truncated', {payload}, '{NOON}')"
    );
    run(db, &sql).await;
}

#[tokio::test]
async fn a_letter_is_resolved_in_one_of_three_ways() {
    for test in both().await {
        let db = test.connection();
        add_letter(db, "a").await;
        assert_eq!(column(db, "SELECT resolution FROM dead_letter_events").await, ["-"]);
        for way in ["completed", "healed", "replayed"] {
            let set = format!("UPDATE dead_letter_events SET resolution = '{way}', sensor = 's'");
            run(db, &set).await;
        }
        refused(db, "UPDATE dead_letter_events SET resolution = 'lost'", "check").await;
        run(db, &format!("UPDATE dead_letter_events SET beside_at = '{NOON}'")).await;
    }
}

#[tokio::test]
async fn a_gap_says_what_became_of_its_file() {
    for test in both().await {
        let db = test.connection();
        let insert = |id: &str, kind: &str| {
            format!(
                "INSERT INTO ingest_gaps (gap_id, source, kind, last_offset, noticed_at) \
                 VALUES ('{id}', 'a.json', '{kind}', 5000000000, '{NOON}')"
            )
        };
        run(db, &insert("1", "emptied")).await;
        run(db, &insert("2", "replaced")).await;
        refused(db, &insert("3", "renamed"), "check").await;
        refused(db, &insert("1", "emptied"), "unique").await;
        refused(db, "UPDATE ingest_gaps SET source = NULL", "null").await;
        refused(db, "UPDATE ingest_gaps SET noticed_at = NULL", "null").await;
    }
}

/// Letters are older than their places: going below v19 and back loses the places alone.
#[tokio::test]
async fn letters_survive_a_roll_back_of_their_places() {
    for test in both().await {
        let db = test.connection();
        add_letter(db, "a").await;
        run(db, "UPDATE dead_letter_events SET resolution = 'healed', resolved = true").await;
        down(db, 18).await.unwrap();
        assert_eq!(value(db, "SELECT content_id FROM dead_letter_events").await, "a");
        up(db, None).await.unwrap();
        assert_eq!(value(db, "SELECT resolution FROM dead_letter_events").await, "-");
        assert_eq!(value(db, "SELECT gap_id FROM ingest_gaps").await, "");
        refused(db, "UPDATE dead_letter_events SET resolution = 'lost'", "check").await;
    }
}

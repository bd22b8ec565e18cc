//! The usual questions about a campaign are answered by index, and most from the index alone.

use std::time::Duration;

use cowrie_schema::ColumnInfo;
use cowrie_testdb::Engine;
use cowrie_tests::scans_sessions;

use crate::answers::document;
use crate::site::Site;

/// How often the sessions are copied: enough that reading all of them is the dearer way.
const COPIES: u32 = 60;

/// The questions that need nothing but the index.
const FROM_INDEX_ALONE: [&str; 4] = [
    "A campaign in a country, counted",
    "Countries of a campaign, then and now",
    "Networks that host a campaign now",
    "A campaign by country",
];

const INDEX: &str = "ix_session_summaries_ssh_key_fingerprint_country_source_ip";

/// Of the copies, so many keep their key.
const COPIES_WITH_KEYS: u32 = 20;

/// Puts copies of all sessions under other ids beside them, most without keys, as in a database
/// where a campaign is a small part.
async fn grow(site: &Site) {
    let tables = cowrie_schema::tables();
    let sessions = tables.iter().find(|table| table.name == "session_summaries").unwrap();
    let is_stored = |column: &&ColumnInfo| column.rule.is_none();
    let columns = sessions.columns.iter().filter(is_stored).map(|column| column.name.as_str());
    let columns: Vec<&str> = columns.collect();
    let copied: Vec<String> = columns
        .iter()
        .map(|column| match *column {
            "session_id" => "session_id || '/' || i".to_owned(),
            "ssh_key_fingerprint" => {
                format!("CASE WHEN i <= {COPIES_WITH_KEYS} THEN ssh_key_fingerprint END")
            }
            column => column.to_owned(),
        })
        .collect();
    let (columns, copied) = (columns.join(", "), copied.join(", "));
    site.tables
        .execute(&format!(
            "INSERT INTO session_summaries ({columns}) \
             WITH RECURSIVE copies AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM copies \
             WHERE i < {COPIES}) SELECT {copied} FROM session_summaries CROSS JOIN copies"
        ))
        .await;
}

/// Without the map of what is visible to all, nothing is answered from an index alone. A server
/// that looks at the same table by itself can keep pages out of the map for a moment.
async fn vacuum(site: &Site) {
    let invisible = "SELECT CAST(relpages - relallvisible AS bigint) FROM pg_class \
         WHERE relname = 'session_summaries'";
    for _ in 0..50 {
        site.tables.execute("VACUUM (ANALYZE) session_summaries").await;
        if site.tables.number(invisible).await == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("pages of session_summaries stay out of the map of visible pages");
}

#[tokio::test]
async fn the_usual_questions_read_an_index_and_never_all_sessions() {
    for engine in Engine::ALL {
        let site = Site::loaded(engine).await;
        grow(&site).await;
        if engine == Engine::Postgres {
            vacuum(&site).await;
        }
        let mut n_shapes = 0;
        for question in document().iter().filter(|question| question.is_shape()) {
            let plan = site.tables.plan(&site.asked(question).await).await;
            let shown = format!("{engine:?}, `{}`:\n{plan}", question.title);
            assert!(plan.contains(INDEX), "{shown}");
            assert!(!scans_sessions(engine, &plan), "{shown}");
            let alone = match engine {
                Engine::Sqlite => "USING COVERING INDEX",
                Engine::Postgres => "Index Only Scan",
            };
            let is_alone = plan.lines().any(|line| line.contains(alone) && line.contains(INDEX));
            assert_eq!(is_alone, FROM_INDEX_ALONE.contains(&question.title.as_str()), "{shown}");
            n_shapes += 1;
        }
        assert_eq!(n_shapes, 6);
    }
}

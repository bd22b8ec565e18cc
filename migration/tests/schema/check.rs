//! Whether the entities tell of the migrated schema, and whether the check would notice.

use std::collections::BTreeSet;

use cowrie_migration::{down, up};
use cowrie_schema_check::differences;
use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ConnectOptions, Database};

use crate::support::run;

#[tokio::test]
async fn the_entities_tell_of_the_schema() {
    let mut tests = vec![TestDb::empty_with_pgvector().await];
    for engine in Engine::ALL {
        tests.push(TestDb::empty(engine).await);
    }
    for test in tests {
        let db = test.connection();
        up(db, None).await.unwrap();
        assert_eq!(differences(db).await.unwrap(), Vec::<String>::new(), "{}", test.url());
        down(db, 0).await.unwrap();
        assert!(differences(db).await.unwrap().len() > 200);
        up(db, None).await.unwrap();
        assert_eq!(differences(db).await.unwrap(), Vec::<String>::new(), "{}", test.url());
    }
}

/// Each kind of damage, with what the check says of it.
const DAMAGE: [(&str, &[&str]); 6] = [
    ("DROP INDEX ix_files_shasum", &["missing: index ix_files_shasum files (shasum)"]),
    (
        "CREATE INDEX mine ON files (filename) WHERE filename IS NOT NULL",
        &["unexpected: index mine files (filename) partial"],
    ),
    ("ALTER TABLE runs DROP COLUMN outcome", &["missing: column runs.outcome text null"]),
    ("ALTER TABLE runs ADD COLUMN mine date", &["unexpected: column runs.mine date null"]),
    (
        "DROP TABLE session_siblings",
        &[
            "missing: column session_siblings.family text not null",
            "missing: column session_siblings.session_id text not null",
            "missing: key session_siblings (family, session_id)",
        ],
    ),
    (
        "DROP VIEW raw_events",
        &[
            "missing: column raw_events.event_timestamp",
            "missing: column raw_events.event_type",
            "missing: column raw_events.id",
            "missing: column raw_events.part",
            "missing: column raw_events.payload",
            "missing: column raw_events.position",
            "missing: column raw_events.sensor",
            "missing: column raw_events.session_id",
        ],
    ),
];

const DAMAGE_IN_SQLITE: [(&str, &[&str]); 1] = [(
    "DROP TRIGGER session_summaries_snapshot_once",
    &["missing: trigger session_summaries_snapshot_once session_summaries"],
)];

const DAMAGE_IN_POSTGRES: [(&str, &[&str]); 7] = [
    (
        "DROP TRIGGER session_summaries_enrichment_add_only ON session_summaries",
        &["missing: trigger session_summaries_enrichment_add_only session_summaries"],
    ),
    (
        "ALTER TABLE session_summaries DISABLE TRIGGER session_summaries_snapshot_once",
        &["missing: trigger session_summaries_snapshot_once session_summaries"],
    ),
    (
        "ALTER TABLE files ALTER COLUMN file_size TYPE integer",
        &[
            "missing: column files.file_size bigint null",
            "unexpected: column files.file_size integer null",
        ],
    ),
    (
        "ALTER TABLE files ALTER COLUMN first_seen DROP NOT NULL",
        &[
            "missing: column files.first_seen timestamp with time zone not null",
            "unexpected: column files.first_seen timestamp with time zone null",
        ],
    ),
    (
        "ALTER TABLE ip_inventory ALTER COLUMN geo_country DROP EXPRESSION",
        &[
            "missing: column ip_inventory.geo_country text null generated",
            "unexpected: column ip_inventory.geo_country text null",
        ],
    ),
    (
        "ALTER TABLE ip_inventory DROP CONSTRAINT fk_ip_inventory_current_asn",
        &["missing: foreign key ip_inventory.current_asn to asn_inventory.asn_number \
             on delete NO ACTION"],
    ),
    (
        "ALTER TABLE longtail_analysis DROP CONSTRAINT uq_longtail_analysis_run",
        &["missing: key longtail_analysis (detector, normaliser_version, parameters_hash, \
             scope, window_end, window_start)"],
    ),
];

/// The damage is done one after the other, and each adds exactly its own lines.
#[tokio::test]
async fn a_broken_schema_is_noticed() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let db = test.connection();
        let of_engine: &[(&str, &[&str])] = match engine {
            Engine::Sqlite => &DAMAGE_IN_SQLITE,
            Engine::Postgres => &DAMAGE_IN_POSTGRES,
        };
        let mut expected = BTreeSet::new();
        for (statement, lines) in DAMAGE.iter().chain(of_engine) {
            run(db, statement).await;
            expected.extend(lines.iter().map(|line| (*line).to_owned()));
            let found: BTreeSet<String> = differences(db).await.unwrap().into_iter().collect();
            assert_eq!(found, expected, "{engine:?} {statement}");
        }
    }
}

#[tokio::test]
async fn orphans_are_noticed_in_sqlite() {
    let test = TestDb::migrated(Engine::Sqlite).await;
    let mut options = ConnectOptions::new(test.url());
    options.max_connections(1).map_sqlx_sqlite_opts(|options| options.foreign_keys(false));
    let careless = Database::connect(options).await.unwrap();
    run(&careless, "INSERT INTO longtail_detection_sessions VALUES (1, 's'), (2, 's')").await;
    let expected = [
        "foreign keys are not enforced on this connection",
        "2 rows of longtail_detection_sessions point to no row of longtail_detections",
        "2 rows of longtail_detection_sessions point to no row of session_summaries",
    ];
    assert_eq!(differences(&careless).await.unwrap(), expected);
    careless.close().await.unwrap();
    assert_eq!(differences(test.connection()).await.unwrap(), expected[1..]);
}

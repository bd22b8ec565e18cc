//! The steps up and down, on both engines.

use cowrie_migration::{MigrateError, NEWEST, Origin, Status, Vectors, down, plan, status, up};
use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ConnectOptions, Database, DatabaseConnection};

use crate::dump::dump;
use crate::support::{add_asn, add_ip, add_session, column, run, value};

const STEPS: [u32; 10] = [11, 12, 13, 14, 15, 16, 17, 18, 19, 20];

async fn state(db: &DatabaseConnection) -> Status {
    status(db).await.unwrap()
}

#[tokio::test]
async fn an_empty_database_is_told_so_and_left_empty() {
    for engine in Engine::ALL {
        let test = TestDb::empty(engine).await;
        let found = state(test.connection()).await;
        assert_eq!((found.version, found.newest, found.origin), (0, NEWEST, Origin::Empty));
        assert!(found.steps.iter().all(|step| !step.is_applied));
        let planned = plan(test.connection(), Some(13)).await.unwrap();
        assert_eq!(planned.iter().map(|step| step.0).collect::<Vec<_>>(), STEPS[..3]);
        assert!(!found.is_newer() && !found.is_current());
        assert_eq!(dump(test.connection()).await, Vec::<String>::new());
    }
}

/// Rolling back to a step gives the very tables that going up to it gave.
#[tokio::test]
async fn each_step_undoes_what_it_did() {
    for engine in Engine::ALL {
        let test = TestDb::empty(engine).await;
        let db = test.connection();
        let mut on_the_way_up = vec![(0, dump(db).await)];
        for step in STEPS {
            let reports = up(db, Some(step)).await.unwrap();
            assert_eq!(reports.iter().map(|r| r.number).collect::<Vec<_>>(), [step]);
            assert_eq!(state(db).await.version, step);
            on_the_way_up.push((step, dump(db).await));
        }
        assert!(state(db).await.is_current());
        let newest = on_the_way_up.pop().unwrap();
        for (step, expected) in on_the_way_up.iter().rev() {
            down(db, *step).await.unwrap();
            assert_eq!(state(db).await.version, *step);
            assert_eq!(&dump(db).await, expected, "{engine:?} v{step}");
        }
        let reports = up(db, None).await.unwrap();
        assert_eq!(reports.iter().map(|r| r.number).collect::<Vec<_>>(), STEPS);
        assert_eq!(dump(db).await, newest.1, "{engine:?}");
    }
}

#[tokio::test]
async fn rows_of_earlier_steps_survive_a_roll_back() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let db = test.connection();
        add_asn(db, 64_500).await;
        add_ip(db, "192.0.2.1", "NULL").await;
        add_session(db, "0123456789ab").await;
        let fill = "UPDATE session_summaries SET source_ip = '192.0.2.1', snapshot_asn = 64500, \
                    sensor = 'a', password_hash = 'x'";
        run(db, fill).await;
        down(db, 15).await.unwrap();
        assert_eq!(value(db, "SELECT session_id FROM session_summaries").await, "0123456789ab");
        up(db, None).await.unwrap();
        let matcher = "SELECT matcher FROM session_summaries WHERE source_ip IS NULL";
        assert_eq!(value(db, matcher).await, "a");
    }
}

#[tokio::test]
async fn nothing_to_do_is_done_at_once() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let db = test.connection();
        assert_eq!(up(db, None).await.unwrap(), []);
        assert_eq!(up(db, Some(12)).await.unwrap(), []);
        assert_eq!(down(db, NEWEST).await.unwrap(), []);
        assert!(state(db).await.is_current());
    }
}

#[tokio::test]
async fn a_version_that_is_not_ours_is_named() {
    for engine in Engine::ALL {
        let test = TestDb::empty(engine).await;
        let db = test.connection();
        for number in [0, 1, 10, 21] {
            let error = up(db, Some(number)).await.unwrap_err();
            assert!(matches!(error, MigrateError::UnknownVersion { .. }), "{error}");
        }
        let error = down(db, 5).await.unwrap_err();
        assert!(error.to_string().contains("no schema version 5"), "{error}");
    }
}

/// The table in the way is the last one that step v16 makes: the two before it must not stay.
#[tokio::test]
async fn a_failing_step_leaves_the_one_before_it() {
    for engine in Engine::ALL {
        let test = TestDb::empty(engine).await;
        let db = test.connection();
        up(db, Some(15)).await.unwrap();
        run(db, "CREATE TABLE ip_asn_history (in_the_way integer)").await;
        let before = dump(db).await;
        let error = up(db, None).await.unwrap_err();
        assert!(matches!(error, MigrateError::Step { number: 16, .. }), "{error:?}");
        assert_eq!(state(db).await.version, 15);
        assert_eq!(dump(db).await, before, "{engine:?}");
        run(db, "DROP TABLE ip_asn_history").await;
        assert_eq!(up(db, None).await.unwrap().len(), 5);
    }
}

/// A view of the operator's own holds a column that step v17 would drop.
#[tokio::test]
async fn a_failing_roll_back_leaves_its_step() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let db = test.connection();
        run(db, "CREATE VIEW mine AS SELECT command_signature FROM session_summaries").await;
        let error = down(db, 15).await.unwrap_err();
        assert!(matches!(error, MigrateError::Step { number: 17, .. }), "{error:?}");
        assert_eq!(state(db).await.version, 17, "the later ones were rolled back before");
        run(db, "DROP VIEW mine").await;
        assert_eq!(down(db, 15).await.unwrap().len(), 2);
        assert_eq!(up(db, None).await.unwrap().len(), 5);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_migrators_at_once_share_the_steps() {
    for engine in Engine::ALL {
        let test = TestDb::empty(engine).await;
        let other = Database::connect(test.url()).await.unwrap();
        let (mine, theirs) = tokio::join!(up(test.connection(), None), up(&other, None));
        let mut steps: Vec<u32> =
            mine.unwrap().iter().chain(&theirs.unwrap()).map(|report| report.number).collect();
        steps.sort_unstable();
        assert_eq!(steps, STEPS, "{engine:?}");
        assert!(state(&other).await.is_current());

        let (mine, theirs) = tokio::join!(down(test.connection(), 0), down(&other, 0));
        assert_eq!(mine.unwrap().len() + theirs.unwrap().len(), STEPS.len());
        assert_eq!(state(&other).await.origin, Origin::Empty);
        other.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_legacy_database_is_refused_and_not_changed() {
    for engine in Engine::ALL {
        for (statements, version) in [
            (
                vec![
                    "CREATE TABLE schema_state (key varchar(128) PRIMARY KEY, value varchar(256))",
                    "INSERT INTO schema_state VALUES ('schema_version', '16')",
                    "CREATE TABLE session_summaries (session_id varchar(64) PRIMARY KEY)",
                ],
                16,
            ),
            (vec!["CREATE TABLE session_summaries (session_id varchar(64) PRIMARY KEY)"], 0),
        ] {
            let test = TestDb::empty(engine).await;
            let db = test.connection();
            for statement in statements {
                run(db, statement).await;
            }
            let before = dump(db).await;
            let found = state(db).await;
            assert_eq!((found.origin, found.version), (Origin::Legacy, version));
            assert!(!found.is_newer());
            let planned = plan(db, None).await.unwrap_err();
            let refused =
                [up(db, None).await.unwrap_err(), down(db, 0).await.unwrap_err(), planned];
            for error in refused {
                let expected = format!("made by the legacy program at version {version}");
                assert!(error.to_string().contains(&expected), "{error}");
            }
            assert_eq!(dump(db).await, before);
        }
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_not_changed() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let db = test.connection();
        run(db, "INSERT INTO seaql_migrations VALUES ('m0021_tomorrow', 1)").await;
        run(db, "UPDATE schema_state SET value = '21' WHERE key = 'schema_version'").await;
        let found = state(db).await;
        assert!(found.is_newer());
        assert_eq!(found.version, 21);
        let planned = plan(db, None).await.unwrap_err();
        let refused = [up(db, None).await.unwrap_err(), down(db, 11).await.unwrap_err(), planned];
        for error in refused {
            assert!(matches!(error, MigrateError::Newer { found: 21, newest: 20 }), "{error}");
        }
    }
}

const VECTOR_TABLES: &str = "SELECT relname::text FROM pg_class \
    WHERE relname IN ('behavioral_vectors', 'command_sequence_vectors') ORDER BY 1";

#[tokio::test]
async fn without_pgvector_there_are_no_vector_tables() {
    let sqlite = TestDb::migrated(Engine::Sqlite).await;
    assert_eq!(state(sqlite.connection()).await.vectors, Vectors::NotPostgres);
    let postgres = TestDb::migrated(Engine::Postgres).await;
    assert_eq!(state(postgres.connection()).await.vectors, Vectors::ExtensionMissing);
    assert_eq!(column(postgres.connection(), VECTOR_TABLES).await, Vec::<String>::new());
}

#[tokio::test]
async fn with_pgvector_the_tables_come_with_their_step() {
    let test = TestDb::empty_with_pgvector().await;
    let db = test.connection();
    up(db, Some(13)).await.unwrap();
    assert_eq!(column(db, VECTOR_TABLES).await, Vec::<String>::new());
    up(db, None).await.unwrap();
    assert_eq!(state(db).await.vectors, Vectors::TablesPresent);
    let indexes = "SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%hnsw%' ORDER BY 1";
    let indexes = column(db, indexes).await.join("\n");
    assert!(indexes.contains("(behavioral_vector vector_l2_ops)"), "{indexes}");
    assert!(indexes.contains("(sequence_vector vector_cosine_ops)"), "{indexes}");
    down(db, 13).await.unwrap();
    assert_eq!(state(db).await.vectors, Vectors::TablesMissing);
    down(db, 0).await.unwrap();
}

/// A user who may not add the extension gets all but the vectors; once an administrator has
/// added it, migrating again brings them.
#[tokio::test]
async fn pgvector_may_come_later() {
    let test = TestDb::empty_with_pgvector().await;
    let admin = test.connection();
    let role = format!("limited_{}", value(admin, "SELECT current_database()::text").await);
    run(admin, &format!("CREATE ROLE \"{role}\"")).await;
    run(admin, &format!("GRANT CREATE, USAGE ON SCHEMA public TO \"{role}\"")).await;

    let mut options = ConnectOptions::new(test.url());
    options.max_connections(1);
    let limited = Database::connect(options).await.unwrap();
    run(&limited, &format!("SET ROLE \"{role}\"")).await;
    assert_eq!(up(&limited, None).await.unwrap().len(), STEPS.len());
    assert_eq!(state(&limited).await.vectors, Vectors::ExtensionMissing);

    run(admin, "CREATE EXTENSION vector").await;
    assert_eq!(state(&limited).await.vectors, Vectors::TablesMissing);
    assert_eq!(up(&limited, None).await.unwrap(), []);
    assert_eq!(state(&limited).await.vectors, Vectors::TablesPresent);

    limited.close().await.unwrap();
    run(admin, &format!("DROP OWNED BY \"{role}\"")).await;
    run(admin, &format!("DROP ROLE \"{role}\"")).await;
}

//! Every question is answered, and alike on both engines.

use cowrie_testdb::{Engine, TestDb};
use cowrie_tests::{QUERIES, Question, Row, Tables, questions};
use serde_json::Value;

use crate::site::Site;

/// Questions about what is filled by none of the programs that there are.
const WAITING: [&str; 9] = [
    "Networks with many addresses of one kind in a country",
    "Lists of stolen passwords, or guesses for one target",
    "Analyses by month",
    "Analyses, the newest window first",
    "Findings of an analysis by kind",
    "Rare commands of an analysis",
    "Outlier sessions of an analysis",
    "Sessions that had a rare command",
    "Findings about a session",
];

/// The questions of the document; one that cannot be read fails the test.
pub(crate) fn document() -> Vec<Question> {
    questions(QUERIES).unwrap_or_else(|misplaced| panic!("docs/queries.md, {misplaced}"))
}

/// The question with this title.
pub(crate) fn question(title: &str) -> Question {
    let found = document().into_iter().find(|question| question.title == title);
    found.unwrap_or_else(|| panic!("docs/queries.md does not ask `{title}`"))
}

#[tokio::test]
async fn every_question_has_the_same_answer_on_both_engines() {
    let sqlite = Site::filled(Engine::Sqlite).await;
    let postgres = Site::filled(Engine::Postgres).await;
    let mut n_asked = 0;
    for question in document().iter().filter(|question| question.sql(Engine::Sqlite).is_some()) {
        let [one, other] = [sqlite.answer(question).await, postgres.answer(question).await];
        assert!(!one.is_empty(), "`{}` finds nothing", question.title);
        check(&question.title, &one, &other);
        n_asked += 1;
    }
    assert!(n_asked > 40, "{n_asked} questions");
}

/// Each column of each question holds something in one row at least, or the test would not notice
/// a path in a document that leads nowhere.
#[tokio::test]
async fn every_column_is_known_somewhere() {
    let site = Site::filled(Engine::Sqlite).await;
    let mut unknown = Vec::new();
    for question in document().iter().filter(|question| question.sql(Engine::Sqlite).is_some()) {
        let rows = site.answer(question).await;
        for (column, _) in rows.iter().take(1).flatten() {
            let is_known = rows.iter().any(|row| row.get(column).is_some_and(|v| !v.is_null()));
            if !is_known {
                unknown.push(format!("`{column}` of `{}`", question.title));
            }
        }
    }
    assert_eq!(unknown, [""; 0], "never known");
}

/// What a load alone leaves: these questions wait for programs that are to come, and no others.
#[tokio::test]
async fn the_rest_is_answered_by_a_load_alone() {
    for engine in Engine::ALL {
        let site = Site::loaded(engine).await;
        let mut unanswered = Vec::new();
        for question in document().iter().filter(|question| question.sql(engine).is_some()) {
            if site.answer(question).await.is_empty() {
                unanswered.push(question.title.clone());
            }
        }
        assert_eq!(unanswered, WAITING, "{engine:?}");
    }
}

/// Questions about vectors, which pgvector keeps.
#[tokio::test]
async fn vectors_are_compared_where_there_are_any() {
    let db = TestDb::empty_with_pgvector().await;
    cowrie_migration::up(db.connection(), None).await.unwrap();
    let tables = Tables::at(db.url()).await;
    tables.execute(VECTORS).await;
    let value = |name: &str| if name == "session" { "a" } else { "7" }.to_owned();
    let document = document();
    let mut answers = Vec::new();
    for question in document.iter().filter(|question| question.sql_with_vectors().is_some()) {
        answers.push(tables.rows(&question.asked(&tables, value)).await);
    }
    let [alike, counted] = &answers[..] else { panic!("{answers:?}") };
    let near = |row: &Row| (row["session_id"].clone(), row["likeness"].as_f64().unwrap());
    let near: Vec<_> = alike.iter().map(near).collect();
    assert_eq!(near, [("b".into(), 1.0), ("c".into(), 0.0)]);
    assert_eq!([&counted[0]["sequences"], &counted[0]["behaviours"]], [3, 0]);
}

/// Two sequences in one direction, and one across.
const VECTORS: &str = "
    INSERT INTO longtail_analysis (id, detector, parameters_hash, normaliser_version, scope,
        window_start, window_end, analysis_time, total_events_analyzed, rare_command_count,
        anomalous_sequence_count, outlier_session_count, emerging_pattern_count,
        high_entropy_payload_count)
    VALUES (7, 'longtail-1', 'p', 1, 'all', '2024-12-01Z', '2025-01-01Z', '2025-01-01Z', 10,
        0, 0, 0, 0, 0);
    INSERT INTO command_sequence_vectors (analysis_id, fingerprint, session_id, command_sequence,
        sequence_vector, timestamp)
    SELECT 7, session_id, session_id, 'ls', CAST(array_cat(ARRAY[x, y], array_fill(0, ARRAY[126]))
        AS vector), '2024-12-02Z'
    FROM (VALUES ('a', 1, 0), ('b', 2, 0), ('c', 0, 1)) AS v (session_id, x, y);
";

#[track_caller]
fn check(title: &str, one: &[Row], other: &[Row]) {
    for (at, (one, other)) in one.iter().zip(other).enumerate() {
        let is_alike = one.len() == other.len()
            && one.iter().all(|(name, value)| other.get(name).is_some_and(|o| alike(value, o)));
        assert!(is_alike, "`{title}`, row {at}:\n{one:?}\n{other:?}");
    }
    assert_eq!(one.len(), other.len(), "`{title}`: rows");
}

/// Whether two values are equal, but for the last digit that a question rounds to.
fn alike(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 0.011,
        _ => one == other,
    }
}

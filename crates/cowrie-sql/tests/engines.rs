//! Transactions on both engines.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use cowrie_sql::{Cause, Found, Row, Rows, SqlError, SqliteFile, Transaction, Values};
use cowrie_testdb::{Engine, TestDb};

/// A database with one table of every type.
struct Place {
    db: TestDb,
    file: Option<SqliteFile>,
}

impl Place {
    async fn new(engine: Engine) -> Self {
        let db = TestDb::empty(engine).await;
        let file = (engine == Engine::Sqlite).then(|| {
            let path = db.url().trim_start_matches("sqlite://");
            let path = path.split('?').next().unwrap();
            SqliteFile::at(path.into(), Duration::from_secs(5))
        });
        let place = Self { db, file };
        let mut transaction = place.begin().await;
        transaction.execute("make a table", TABLE).await.unwrap();
        transaction.commit("make a table").await.unwrap();
        place
    }

    async fn begin(&self) -> Transaction {
        let begun = if let Some(file) = &self.file {
            Transaction::begin_sqlite(file, "BEGIN IMMEDIATE").await
        } else {
            let pool = self.db.connection().get_postgres_connection_pool();
            Transaction::begin_postgres(pool, "BEGIN").await
        };
        begun.unwrap()
    }

    async fn stored(&self) -> Vec<Thing> {
        let mut transaction = self.begin().await;
        let all = Rows::of_texts("one", ["x".to_owned()]);
        transaction.fetch("read", &all, QUESTION).await.unwrap()
    }
}

const TABLE: &str = "CREATE TABLE things (name text PRIMARY KEY, number bigint, part double precision, \
     is_so boolean NOT NULL, bytes bytea NOT NULL, at timestamptz, document json NOT NULL)";

const QUESTION: &str = "SELECT name, number, CAST(part * 4 AS bigint), is_so, bytes, at, \
     CAST(document AS text) FROM rows, things ORDER BY name";

type Fields = (String, Option<i64>, Option<i64>, bool, Vec<u8>, Option<DateTime<Utc>>, String);

#[derive(Debug, PartialEq)]
struct Thing(Fields);

impl Found for Thing {
    fn read(row: &Row<'_>) -> Result<Self, Cause> {
        let (name, number, quarters) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (is_so, bytes, at) = (row.get(3)?, row.get(4)?, row.get(5)?);
        Ok(Self((name, number, quarters, is_so, bytes, at, row.get(6)?)))
    }
}

const WORDS: [&str; 3] = ["plain", "tab\t new\nline\r back\\slash \\N", "é\u{e000}"];

fn rows(names: &[&str]) -> Rows {
    let n = names.len();
    let at = DateTime::from_timestamp_micros(1_777_456_800_000_001);
    let document = r#"["\u0041\\n", 1.50]"#.to_owned();
    Rows::new(vec![
        ("name", Values::Text(names.iter().map(|name| Some((*name).to_owned())).collect())),
        ("number", Values::Int((0..n).map(|at| (at > 0).then_some(-1)).collect())),
        ("part", Values::Real((0..n).map(|at| (at > 0).then_some(0.25)).collect())),
        ("is_so", Values::Bool((0..n).map(|at| at > 0).collect())),
        ("bytes", Values::Bytes((0..n).map(|at| vec![0xff; at]).collect())),
        ("at", Values::Time((0..n).map(|place| at.filter(|_| place > 0)).collect())),
        ("document", Values::Json(vec![Some(document); n].into_iter().collect())),
    ])
}

const CONFLICT: &str = "ON CONFLICT (name) DO UPDATE SET number = excluded.number";

const MERGE: &str = "INSERT INTO things SELECT name, number, part, is_so, bytes, at, document \
     FROM rows WHERE true ON CONFLICT (name) DO UPDATE SET number = excluded.number";

#[tokio::test]
async fn all_ways_of_writing_store_the_same_on_both_engines() {
    let mut all = Vec::new();
    for engine in Engine::ALL {
        for way in ["insert", "upsert", "run"] {
            let place = Place::new(engine).await;
            let mut transaction = place.begin().await;
            let rows = rows(&WORDS);
            match way {
                "insert" => transaction.insert("add", "things", &rows).await.unwrap(),
                "upsert" => transaction.upsert("merge", "things", &rows, CONFLICT).await.unwrap(),
                _ => transaction.run("merge", &rows, MERGE).await.unwrap(),
            }
            transaction.commit("commit").await.unwrap();
            all.push(place.stored().await);
        }
    }
    let first = all.first().unwrap();
    assert_eq!(first.iter().map(|thing| thing.0.0.as_str()).collect::<Vec<_>>(), WORDS);
    assert_eq!(first[1].0.1, Some(-1));
    assert!(all.iter().all(|stored| stored == first), "{all:#?}");
}

#[tokio::test]
async fn rows_that_are_there_become_what_the_conflict_says() {
    for engine in Engine::ALL {
        let place = Place::new(engine).await;
        let mut transaction = place.begin().await;
        transaction.insert("add", "things", &rows(&["a", "b"])).await.unwrap();
        transaction.upsert("merge", "things", &rows(&["c", "a"]), CONFLICT).await.unwrap();
        transaction.commit("commit").await.unwrap();
        let numbers = place.stored().await.into_iter().map(|thing| (thing.0.0, thing.0.1));
        let expected = [("a", Some(-1)), ("b", Some(-1)), ("c", None)];
        assert!(numbers.eq(expected.map(|(name, number)| (name.to_owned(), number))), "{engine:?}");
    }
}

/// A statement that fails is perhaps not waited for; nothing behind it may be done.
#[tokio::test]
async fn a_failure_takes_everything_back() {
    for engine in Engine::ALL {
        let place = Place::new(engine).await;
        let mut transaction = place.begin().await;
        let attempt = async {
            transaction.insert("add", "things", &rows(&["a", "b"])).await?;
            transaction.insert("add again", "things", &rows(&["c", "a"])).await?;
            transaction.insert("add more", "things", &rows(&["d"])).await?;
            transaction.commit("commit").await
        };
        let failure: SqlError = attempt.await.unwrap_err();
        assert_eq!(failure.doing, "add again", "{engine:?}: {failure:?}");
        assert!(!matches!(failure.source, Cause::Ended), "{engine:?}: {failure:?}");
        assert_eq!(place.stored().await, [], "{engine:?}");
    }
}

#[tokio::test]
async fn a_transaction_that_is_dropped_changes_nothing() {
    for engine in Engine::ALL {
        let place = Place::new(engine).await;
        let mut transaction = place.begin().await;
        transaction.insert("add", "things", &rows(&WORDS)).await.unwrap();
        drop(transaction);
        assert_eq!(place.stored().await, [], "{engine:?}");
    }
}

//! Dead letters, gaps and silences, on both engines.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed, helpers too"
)]

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_core::parse_time;
use cowrie_ledger::dead_letters::{self, Filter};
use cowrie_ledger::{gaps, knows_sensor, silences};
use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ConnectionTrait, DatabaseConnection};

async fn run(db: &DatabaseConnection, sql: &str) {
    db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("`{sql}`: {error}"));
}

/// The time on the day of all tests; seconds may have a fraction.
fn at(clock: &str) -> DateTime<Utc> {
    parse_time(&format!("2026-04-29T{clock}Z")).unwrap()
}

async fn add_session(db: &DatabaseConnection, sensor: &str, id: &str, from: &str, to: &str) {
    let time = |clock| cowrie_core::format_time(at(clock));
    let (from, to) = (time(from), time(to));
    let insert = "INSERT INTO session_summaries \
                  (session_id, sensor, first_event_at, last_event_at, updated_at)";
    run(db, &format!("{insert} SELECT '{id}', {sensor}, '{from}', '{to}', '{to}'")).await;
}

/// What is silent, as `sensor from-to`; `now` is 23:00.
async fn found(db: &DatabaseConnection, sensor: Option<&str>, least: TimeDelta) -> Vec<String> {
    let silences = silences(db, sensor, least, at("23:00:00")).await.unwrap();
    let clock = |time: DateTime<Utc>| time.format("%H:%M:%S%.f").to_string();
    let text = |silence: cowrie_ledger::Silence| {
        let to = silence.to.map_or_else(|| "now".to_owned(), clock);
        format!("{} {}-{to}", silence.sensor.unwrap_or_default(), clock(silence.from))
    };
    silences.into_iter().map(text).collect()
}

#[tokio::test]
async fn a_silence_is_what_no_session_covers() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let db = test.connection();
        // One that lasts covers those within it, and what begins behind them.
        add_session(db, "'a'", "1", "01:00:00", "06:00:00").await;
        add_session(db, "'a'", "2", "01:30:00", "02:00:00").await;
        add_session(db, "'a'", "3", "05:00:00", "07:00:00").await;
        add_session(db, "'a'", "4", "09:00:00", "09:00:00").await;
        add_session(db, "'a'", "5", "09:00:00", "22:30:00").await;
        add_session(db, "'b'", "6", "08:00:00", "20:00:00").await;
        add_session(db, "NULL", "7", "10:00:00", "10:00:00").await;
        add_session(db, "NULL", "8", "10:59:59.999999", "22:59:59").await;
        let hour = TimeDelta::hours(1);
        assert_eq!(found(db, None, hour).await, ["a 07:00:00-09:00:00", "b 20:00:00-now"]);
        assert_eq!(found(db, Some("b"), hour).await, ["b 20:00:00-now"]);
        let shorter = hour - TimeDelta::microseconds(1);
        assert_eq!(found(db, None, shorter).await[0], " 10:00:00-10:59:59.999999");
        let two = TimeDelta::hours(2);
        assert_eq!(found(db, Some("a"), two).await, ["a 07:00:00-09:00:00"], "as long as that");
        let longer = two + TimeDelta::microseconds(1);
        assert_eq!(found(db, Some("a"), longer).await, Vec::<String>::new());
        assert!(knows_sensor(db, "a").await.unwrap());
        assert!(!knows_sensor(db, "c").await.unwrap());
    }
}

#[tokio::test]
async fn gaps_come_in_the_order_in_which_they_were_noticed() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let db = test.connection();
        for (id, sensor, noticed) in [("1", "'a'", "02"), ("2", "'b'", "01"), ("3", "NULL", "03")] {
            let insert = "INSERT INTO ingest_gaps \
                          (gap_id, source, sensor, kind, last_offset, noticed_at)";
            let noticed = format!("2026-04-29T{noticed}:00:00.000000+00:00");
            run(db, &format!("{insert} SELECT '{id}', 'x', {sensor}, 'emptied', 7, '{noticed}'"))
                .await;
        }
        let ids = |gaps: Vec<cowrie_ledger::Gap>| {
            gaps.into_iter().map(|gap| gap.gap_id).collect::<Vec<_>>()
        };
        assert_eq!(ids(gaps(db, None).await.unwrap()), ["2", "1", "3"]);
        assert_eq!(ids(gaps(db, Some("a")).await.unwrap()), ["1"]);
        assert!(knows_sensor(db, "b").await.unwrap());
    }
}

async fn add_letter(db: &DatabaseConnection, id: u32, source: &str, reason: &str, resolved: bool) {
    let payload = if db.get_database_backend() == sea_orm::DbBackend::Postgres {
        r"'\x00ff'::bytea"
    } else {
        "x'00ff'"
    };
    let insert = "INSERT INTO dead_letter_events (content_id, source, source_offset, length, \
                  reason, payload, created_at, resolved)";
    let created = format!("2026-04-29T10:00:00.00000{id}+00:00");
    let rest = format!("'{id}', '{source}', 0, 2, '{reason}', {payload}, '{created}', {resolved}");
    run(db, &format!("{insert} SELECT {rest}")).await;
}

#[tokio::test]
async fn letters_are_listed_counted_and_purged() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let db = test.connection();
        add_letter(db, 1, "logs/a_1.json", "torn", false).await;
        add_letter(db, 2, "logs/A-1.json", "torn", true).await;
        add_letter(db, 3, "logs/a-1.json", "not_json", false).await;
        let all = Filter { include_resolved: true, limit: 9, ..Filter::default() };
        check(db, &all, &["1", "2", "3"]).await;
        check(db, &Filter { limit: 9, ..Filter::default() }, &["1", "3"]).await;
        check(db, &Filter { limit: 1, ..all.clone() }, &["1"]).await;
        let first = dead_letters::list(db, &Filter { limit: 1, ..all.clone() }).await.unwrap();
        check(db, &Filter { after: Some(first[0].id), ..all.clone() }, &["2", "3"]).await;
        check(db, &Filter { reason: Some("torn".to_owned()), ..all.clone() }, &["1", "2"]).await;
        for (source, expected) in [("a_1", &["1"][..]), ("a-1", &["3"]), ("%", &[]), ("", &["1"])] {
            let limit = if source.is_empty() { 1 } else { 9 };
            let filter = Filter { source: Some(source.to_owned()), limit, ..all.clone() };
            check(db, &filter, expected).await;
        }
        let written = Some(at("10:00:00.000002")..at("10:00:00.000003"));
        check(db, &Filter { written, ..all.clone() }, &["2"]).await;
        let counts = dead_letters::counts(db).await.unwrap();
        let counts: Vec<_> =
            counts.iter().map(|c| (c.reason.as_str(), c.letters, c.open)).collect();
        assert_eq!(counts, [("not_json", 1, 1), ("torn", 2, 1)]);
        let letter = dead_letters::get(db, &[first[0].id]).await.unwrap().remove(0);
        assert_eq!(letter.payload, [0, 0xff]);
        assert!(dead_letters::get(db, &[1_000]).await.unwrap().is_empty());

        let third = at("10:00:00.000003");
        assert_eq!(dead_letters::purge(db, third, false, true).await.unwrap(), 2);
        assert_eq!(dead_letters::purge(db, third, true, true).await.unwrap(), 1);
        check(db, &all, &["1", "2", "3"]).await;
        assert_eq!(dead_letters::purge(db, third, true, false).await.unwrap(), 1);
        check(db, &all, &["1", "3"]).await;
        assert_eq!(dead_letters::purge(db, third, false, false).await.unwrap(), 1);
        check(db, &all, &["3"]).await;
    }
}

/// The filter names these letters, by the last digit of when they were written.
async fn check(db: &DatabaseConnection, filter: &Filter, expected: &[&str]) {
    let found = dead_letters::list(db, filter).await.unwrap();
    let found: Vec<String> =
        found.iter().map(|entry| entry.created_at.timestamp_subsec_micros().to_string()).collect();
    assert_eq!(found, expected, "{filter:?}");
}

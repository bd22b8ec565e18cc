//! The ledger in both databases.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_enrichment::SourceName;
use cowrie_limits::{Grant, Ledger, MemoryLedger, Terms};
use cowrie_quota::DatabaseLedger;
use cowrie_schema::{provider_pace, provider_quota};
use cowrie_testdb::{Engine, TestDb};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use sea_orm::{ConnectionTrait as _, Database, EntityTrait, QueryOrder as _};
use tokio::task::JoinSet;

const SERVICE: SourceName = SourceName::VirusTotal;

const TERMS: Terms = Terms {
    spacing: Duration::from_millis(1_500),
    burst: 1,
    daily_quota: Some(50),
    horizon: Duration::from_mins(1),
};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn noon() -> DateTime<Utc> {
    time("2026-04-29T12:00:00Z")
}

fn wanted(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

/// One call of a ledger.
#[derive(Clone, Copy, Debug)]
enum Call {
    Reserve(u32),
    Pause(i64),
    Usage,
}

/// Each call, after so many milliseconds, which may be below zero.
type Calls = Vec<(i64, SourceName, Call)>;

fn calls() -> impl Strategy<Value = Calls> {
    let later = prop_oneof![
        8 => 0..20_000_i64,
        1 => Just(0),
        1 => 3_600_000..100_000_000_i64,
        1 => -4_000_000..0_i64,
    ];
    let service = prop::sample::select(vec![SERVICE, SourceName::GreyNoise]);
    let call = prop_oneof![
        8 => (1..9_u32).prop_map(Call::Reserve),
        1 => (0..90_000_i64).prop_map(Call::Pause),
        2 => Just(Call::Usage),
    ];
    prop::collection::vec((later, service, call), 1..40)
}

fn some_terms() -> impl Strategy<Value = Terms> {
    let quota = prop::option::of(0..30_u64);
    (1..20_000_u64, 1..4_u32, quota, 0..90_u64).prop_map(
        |(spacing, burst, daily_quota, horizon)| Terms {
            spacing: Duration::from_micros(spacing * 77),
            burst,
            daily_quota,
            horizon: Duration::from_secs(horizon),
        },
    )
}

/// What a ledger says to one call, as text that can be compared.
async fn said(
    ledger: &dyn Ledger,
    terms: &Terms,
    service: SourceName,
    call: Call,
    now: DateTime<Utc>,
) -> String {
    match call {
        Call::Reserve(n) => {
            format!("{:?}", ledger.reserve(service, terms, wanted(n), now).await.unwrap())
        }
        Call::Pause(millis) => {
            let until = now + TimeDelta::milliseconds(millis);
            format!("{:?}", ledger.pause(service, until).await.unwrap())
        }
        Call::Usage => format!("{:?}", ledger.usage(service, now).await.unwrap()),
    }
}

/// The first call to which the two ledgers say something else, if there is one.
async fn difference(db: &DatabaseLedger, terms: &Terms, calls: &Calls) -> Option<String> {
    let memory = MemoryLedger::default();
    let mut now = time("2026-04-29T23:50:00.123456Z");
    for (n, (later, service, call)) in calls.iter().enumerate() {
        now += TimeDelta::milliseconds(*later);
        let here = said(db, terms, *service, *call, now).await;
        let there = said(&memory, terms, *service, *call, now).await;
        if here != there {
            return Some(format!("call {n}, {call:?} at {now}: {here} instead of {there}"));
        }
    }
    None
}

#[test]
fn the_database_says_what_memory_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for engine in Engine::ALL {
        let test = runtime.block_on(TestDb::migrated(engine));
        let ledger = DatabaseLedger::new(test.connection().clone());
        let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(&(some_terms(), calls()), |(terms, calls)| {
            let found = runtime.block_on(async {
                for emptying in ["DELETE FROM provider_pace", "DELETE FROM provider_quota"] {
                    test.connection().execute_unprepared(emptying).await.unwrap();
                }
                difference(&ledger, &terms, &calls).await
            });
            found.map_or(Ok(()), |found| Err(TestCaseError::fail(found)))
        });
        assert!(outcome.is_ok(), "{engine:?}: {}", outcome.unwrap_err());
        runtime.block_on(async { drop(test) });
    }
}

/// Eight take what they can get at once, over connections of their own: together they get the
/// quota and no more, each request at a moment of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_never_exceed_the_quota() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let mut tasks = JoinSet::new();
        for n in 0..8 {
            let own = Database::connect(test.url()).await.unwrap();
            let ledger = DatabaseLedger::new(own.clone());
            tasks.spawn(async move {
                let terms = Terms { horizon: Duration::from_hours(1), ..TERMS };
                let mut moments = Vec::new();
                loop {
                    let grant = ledger.reserve(SERVICE, &terms, wanted(1 + n % 3), noon()).await;
                    match grant.unwrap() {
                        Grant::Slots { first, n } => {
                            moments.extend((0..n).map(|number| terms.slot(first, number)));
                        }
                        spent => {
                            assert_eq!(spent, Grant::Spent { until: time("2026-04-30T00:00:00Z") });
                            break;
                        }
                    }
                }
                own.close().await.unwrap();
                moments
            });
        }
        let mut moments: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        moments.sort_unstable();
        let expected: Vec<_> = (0..50).map(|number| TERMS.slot(noon(), number)).collect();
        assert_eq!(moments, expected, "{engine:?}");
        let usage = DatabaseLedger::new(test.connection().clone()).usage(SERVICE, noon()).await;
        let usage = usage.unwrap();
        assert_eq!((usage.used_today, usage.allowed), (50, Some(50)));
        assert_eq!(usage.next_at, Some(TERMS.slot(noon(), 50)));
    }
}

/// The services do not count against each other.
#[tokio::test]
async fn a_pause_holds_for_its_service_and_for_all_connections() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let one = DatabaseLedger::new(test.connection().clone());
        let own = Database::connect(test.url()).await.unwrap();
        let other = DatabaseLedger::new(own.clone());
        let until = noon() + TimeDelta::microseconds(90_000_001);
        one.pause(SERVICE, until).await.unwrap();
        one.pause(SERVICE, noon()).await.unwrap();
        let grant = other.reserve(SERVICE, &TERMS, wanted(1), noon()).await.unwrap();
        assert_eq!(grant, Grant::Paused { until });
        assert_eq!(other.usage(SERVICE, noon()).await.unwrap().paused_until, Some(until));
        let grant = other.reserve(SourceName::Spur, &TERMS, wanted(1), noon()).await.unwrap();
        assert_eq!(grant, Grant::Slots { first: noon(), n: 1 });
        let grant = other.reserve(SERVICE, &TERMS, wanted(1), until).await.unwrap();
        assert_eq!(grant, Grant::Slots { first: until, n: 1 });
        own.close().await.unwrap();
    }
}

/// 04-29 goes when 05-30 begins, and 04-30 when 05-31 does.
#[tokio::test]
async fn days_are_rows_and_go_after_thirty_days() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let db = test.connection();
        let ledger = DatabaseLedger::new(db.clone());
        for day in [0, 1, 30, 31] {
            let now = noon() + TimeDelta::days(day);
            ledger.reserve(SERVICE, &TERMS, wanted(2), now).await.unwrap();
        }
        // Another service and another window are none of its days.
        ledger.reserve(SourceName::Spur, &TERMS, wanted(1), noon()).await.unwrap();
        let week = "INSERT INTO provider_quota (service, period, window_start, used) \
                    VALUES ('virustotal', 'week', '2026-04-01T00:00:00.000000+00:00', 7)";
        db.execute_unprepared(week).await.unwrap();
        ledger.reserve(SERVICE, &TERMS, wanted(3), noon() + TimeDelta::days(32)).await.unwrap();

        let rows = provider_quota::Entity::find()
            .order_by_asc(provider_quota::Column::Service)
            .order_by_asc(provider_quota::Column::WindowStart)
            .all(db)
            .await
            .unwrap();
        let shown: Vec<_> = rows
            .iter()
            .map(|row| {
                let start = row.window_start.format("%m-%d").to_string();
                (row.service.as_str(), row.period.as_str(), start, row.used, row.allowed)
            })
            .collect();
        let day = |service, start: &str, used| (service, "day", start.to_owned(), used, Some(50));
        let expected = [
            day("spur", "04-29", 1),
            ("virustotal", "week", "04-01".to_owned(), 7, None),
            day("virustotal", "05-29", 2),
            day("virustotal", "05-30", 2),
            day("virustotal", "05-31", 3),
        ];
        assert_eq!(shown, expected, "{engine:?}");
        assert!(rows.iter().all(|row| row.blocked_until.is_none()));
        let pace = provider_pace::Entity::find_by_id("virustotal").one(db).await.unwrap().unwrap();
        let last = noon() + TimeDelta::days(32);
        assert_eq!(pace.granted_at, Some(last));
        assert_eq!(pace.next_at, Some(TERMS.slot(last, 3)));
        assert_eq!(pace.paused_until, None);
    }
}

#[tokio::test]
async fn the_text_of_a_time_is_in_its_one_form() {
    let test = TestDb::migrated(Engine::Sqlite).await;
    let db = test.connection();
    let ledger = DatabaseLedger::new(db.clone());
    ledger.reserve(SERVICE, &TERMS, wanted(2), noon()).await.unwrap();
    ledger.pause(SERVICE, noon()).await.unwrap();
    for (sql, expected) in [
        ("SELECT next_at AS t FROM provider_pace", "2026-04-29T12:00:03.000000+00:00"),
        ("SELECT granted_at AS t FROM provider_pace", "2026-04-29T12:00:00.000000+00:00"),
        ("SELECT paused_until AS t FROM provider_pace", "2026-04-29T12:00:00.000000+00:00"),
        ("SELECT window_start AS t FROM provider_quota", "2026-04-29T00:00:00.000000+00:00"),
    ] {
        let row =
            db.query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql));
        let text: String = row.await.unwrap().unwrap().try_get("", "t").unwrap();
        assert_eq!(text, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_database_without_the_tables_is_an_error_that_says_so() {
    for engine in Engine::ALL {
        let test = TestDb::empty(engine).await;
        let ledger: Arc<dyn Ledger> = Arc::new(DatabaseLedger::new(test.connection().clone()));
        let error = ledger.reserve(SERVICE, &TERMS, wanted(1), noon()).await.unwrap_err();
        assert_eq!(error.to_string(), "failed to count requests of `virustotal`");
        assert!(error.source.to_string().contains("provider_pace"), "{}", error.source);
        assert!(ledger.pause(SERVICE, noon()).await.is_err());
        assert!(ledger.usage(SERVICE, noon()).await.is_err());
    }
}

/// A task that is ended in the middle of a transaction holds up nobody and counts nothing.
#[tokio::test]
async fn a_call_that_is_given_up_leaves_no_lock_behind() {
    for engine in Engine::ALL {
        let test = TestDb::migrated(engine).await;
        let ledger = DatabaseLedger::new(test.connection().clone());
        for polls in 1..40_u64 {
            let call = ledger.reserve(SERVICE, &TERMS, wanted(1), noon());
            let _ended = tokio::time::timeout(Duration::from_micros(polls * 50), call).await;
        }
        let later = noon() + TimeDelta::days(1);
        let grant = ledger.reserve(SERVICE, &TERMS, wanted(1), later).await.unwrap();
        assert_eq!(grant, Grant::Slots { first: later, n: 1 });
    }
}

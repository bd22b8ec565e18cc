//! Ended in the middle: what was committed stays, the next run does the rest, and nobody can tell.

use std::process::ExitStatus;
use std::time::Duration;

use cowrie_tests::{Contents, Engine, Run, Site, Tables, assert_same, enlarged, sample};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncWriteExt as _;

const LARGE: usize = 60_000_000;
const SMALLER: usize = 8_000_000;

/// Small batches, so that a signal comes between many of them.
const BULK: [&str; 4] = ["cowrie.json", "--batch-size", "1000", "--quiet"];

async fn site_with(engine: Engine, n_bytes: usize) -> Site {
    let site = Site::new(engine).await;
    site.write("cowrie.json", enlarged(&sample("s-ipv6/cowrie.json"), n_bytes));
    site
}

/// The tables of a load that nobody disturbed.
async fn undisturbed(engine: Engine, n_bytes: usize) -> Contents {
    let site = site_with(engine, n_bytes).await;
    site.bulk(&BULK).ended().await.expect(0);
    site.tables().await.contents().await
}

/// Begins a run and sends it a signal when so many events are committed; gives how it ended.
async fn disturbed(site: &Site, run: Run<'_>, signal: Signal, after: Moment) -> ExitStatus {
    let mut child = run.start();
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?)).unwrap();
    after.come(site).await;
    kill_process(pid, signal).unwrap();
    let ended = tokio::time::timeout(Duration::from_mins(1), child.wait()).await;
    ended.expect("a run ends when it is told to").unwrap()
}

/// When a signal is sent.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So long after the start.
    Time(Duration),
    /// As soon as so many events are committed.
    Events(i64),
}

impl Moment {
    async fn come(self, site: &Site) {
        let pause = Duration::from_millis(5);
        match self {
            Self::Time(duration) => tokio::time::sleep(duration).await,
            Self::Events(n_events) => {
                while !site.has_database() {
                    tokio::time::sleep(pause).await;
                }
                let tables = site.tables().await;
                while committed(&tables).await < n_events {
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

/// The number of events in a database that may not have its tables yet.
async fn committed(tables: &Tables) -> i64 {
    let events = "SELECT CAST(coalesce(sum(n_events), 0) AS bigint) FROM session_events";
    tables.number_if_there(events).await.unwrap_or(0)
}

#[tokio::test]
async fn a_run_that_is_asked_to_stop_commits_and_says_so() {
    let site = site_with(Engine::Sqlite, LARGE).await;
    let ended = disturbed(&site, site.bulk(&BULK), Signal::TERM, Moment::Events(3_000)).await;
    assert_eq!(ended.code(), Some(143));
    let tables = site.tables().await;
    let n_events = committed(&tables).await;
    let run = "SELECT outcome || ' ' || exit_code || ' ' || (counters ->> 'new_events') FROM runs";
    assert_eq!(tables.lines(run).await, [format!("stopped 143 {n_events}")]);
    assert!(n_events < 100_000, "stopped in the middle, not after {n_events} events");

    site.bulk(&BULK).ended().await.expect(0);
    assert_same(&undisturbed(Engine::Sqlite, LARGE).await, &tables.contents().await);
}

/// What comes through a pipe is committed although the pipe stays open, and a stop is heard.
#[tokio::test]
async fn a_silent_pipe_holds_nothing_back() {
    let site = Site::new(Engine::Sqlite).await;
    let mut child = site.bulk(&["-", "--quiet"]).start();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&sample("v2.4.0/cowrie.json")).await.unwrap();
    pipe.flush().await.unwrap();
    Moment::Events(62).come(&site).await;
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?)).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(30), child.wait()).await;
    assert_eq!(ended.expect("it is told to stop").unwrap().code(), Some(143));
    drop(pipe);
}

/// Another program holds the database and does not let go.
#[tokio::test]
async fn a_run_that_waits_for_the_database_can_be_stopped() {
    for (engine, hold) in [(Engine::Sqlite, "BEGIN IMMEDIATE"), (Engine::Postgres, HOLD)] {
        let site = site_with(engine, 1).await;
        site.bulk(&["cowrie.json"]).ended().await.expect(0);
        let tables = site.tables().await;
        let mut child = site.bulk(&["-", "--quiet"]).start();
        while tables.number("SELECT count(*) FROM runs WHERE finished_at IS NULL").await == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tables.execute(hold).await;
        let mut pipe = child.stdin.take().unwrap();
        pipe.write_all(&sample("v2.4.0/cowrie.json")).await.unwrap();
        drop(pipe);
        let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?)).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(30), child.wait()).await;
        assert_eq!(ended.expect("it is told to stop").unwrap().code(), Some(143), "{engine:?}");
        tables.execute("ROLLBACK").await;
    }
}

/// Another program holds the database before the run has left a trace in it.
#[tokio::test]
async fn a_run_that_waits_to_begin_can_be_stopped() {
    let site = site_with(Engine::Sqlite, 1).await;
    site.bulk(&["cowrie.json"]).ended().await.expect(0);
    let tables = site.tables().await;
    tables.execute("BEGIN IMMEDIATE").await;
    let mut child = site.bulk(&["cowrie.json", "--quiet"]).start();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?)).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(30), child.wait()).await;
    assert_eq!(ended.expect("it is told to stop").unwrap().code(), Some(143));
    tables.execute("ROLLBACK").await;
}

/// As a loader holds a PostgreSQL database.
const HOLD: &str = "BEGIN; SELECT pg_advisory_xact_lock(x'636f777269650001'::bigint)";

/// SQLite would go on writing into a file that has no name any more.
#[tokio::test]
async fn a_database_that_is_removed_meanwhile_is_no_success() {
    let site = site_with(Engine::Sqlite, LARGE).await;
    let mut child = site.bulk(&BULK).start();
    Moment::Events(1_000).come(&site).await;
    std::fs::remove_file(site.sqlite_file()).unwrap();
    let ended = tokio::time::timeout(Duration::from_mins(1), child.wait()).await;
    assert_eq!(ended.expect("it ends").unwrap().code(), Some(3));
}

#[tokio::test]
async fn an_interrupted_run_says_so_too() {
    let site = site_with(Engine::Sqlite, SMALLER).await;
    let ended = disturbed(&site, site.bulk(&BULK), Signal::INT, Moment::Events(1)).await;
    assert_eq!(ended.code(), Some(130));
}

#[tokio::test]
async fn a_killed_run_leaves_nothing_half_done_on_sqlite() {
    killed(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_killed_run_leaves_nothing_half_done_on_postgres() {
    killed(Engine::Postgres).await;
}

async fn killed(engine: Engine) {
    let site = site_with(engine, SMALLER).await;
    for moment in [
        Moment::Time(Duration::from_millis(3)),
        Moment::Time(Duration::from_millis(30)),
        Moment::Events(1),
        Moment::Events(3_000),
        Moment::Events(7_000),
    ] {
        let ended = disturbed(&site, site.bulk(&BULK), Signal::KILL, moment).await;
        assert_eq!(ended.code(), None, "{moment:?} came too late");
    }
    site.bulk(&BULK).ended().await.expect(0);
    let contents = site.tables().await.contents().await;
    assert_same(&undisturbed(engine, SMALLER).await, &contents);
}

#[tokio::test]
async fn a_hundred_kills_change_nothing_on_sqlite() {
    killed_a_hundred_times(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_hundred_kills_change_nothing_on_postgres() {
    killed_a_hundred_times(Engine::Postgres).await;
}

const DELTA: [&str; 3] = ["cowrie.json", "--batch-size", "50"];

/// `delta` is killed at moments spread over its run, and goes on where it was, until one run ends
/// by itself; then another database is begun, until there were a hundred kills.
#[expect(clippy::print_stdout, reason = "how many kills hit a transaction is a figure to read")]
async fn killed_a_hundred_times(engine: Engine) {
    let whole = site_with(engine, 400_000).await;
    let started = std::time::Instant::now();
    whole.delta(&DELTA).ended().await.expect(0);
    let longest = started.elapsed();
    let expected = whole.tables().await.contents().await;
    let (mut n_runs, mut n_kills, mut n_writing) = (0, 0, 0);
    while n_kills < 100 {
        let site = site_with(engine, 400_000).await;
        loop {
            // The van der Corput sequence spreads moments evenly, however many. They are early, so
            // that many kills come before the end.
            let part = f64::from(u32::reverse_bits(n_runs)) / f64::from(u32::MAX);
            n_runs += 1_u32;
            let run = site.delta(&DELTA);
            let mut child = run.start();
            let ended = tokio::time::timeout(longest.mul_f64(part / 4.0), child.wait()).await;
            if let Ok(status) = ended {
                assert_eq!(status.unwrap().code(), Some(0));
                break;
            }
            let pid = child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?)).unwrap();
            kill_process(pid, Signal::STOP).unwrap();
            n_writing += u32::from(site.is_being_written().await);
            kill_process(pid, Signal::KILL).unwrap();
            child.wait().await.unwrap();
            n_kills += 1;
        }
        let tables = site.tables().await;
        assert_same(&expected, &tables.contents().await);
    }
    println!("{engine:?}: {n_kills} kills, {n_writing} of them inside a transaction");
    assert!(n_writing > 0, "no kill fell inside a transaction");
}

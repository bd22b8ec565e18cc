//! What the loader stands on breaks: it says so, keeps what was committed, and the next run does
//! the rest.

use std::time::Duration;

use cowrie_tests::{Contents, Engine, Site, assert_same};

use crate::delta::lines;

/// The tables of so many lines, loaded while nothing happens.
async fn undisturbed(engine: Engine, n_lines: usize) -> Contents {
    let site = Site::new(engine).await;
    site.write("logs/cowrie.json", lines(0..n_lines));
    site.bulk(&["logs", "--quiet"]).ended().await.expect(0);
    site.tables().await.contents().await
}

/// In the middle of a load nothing can be written any more, and later it can again.
#[tokio::test]
async fn a_disk_that_takes_no_more_ends_a_run_and_loses_nothing() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("logs/cowrie.json", lines(0..20_000));
    let run = site.delta(&["logs", "--batch-size", "500"]).with_largest_file(6 << 20);
    run.ended().await.expect(3).says(&["error: failed to store a batch"]);
    let stored = "SELECT CAST(coalesce(sum(n_events), 0) AS bigint) FROM session_events";
    let n_events = site.tables().await.number(stored).await;
    assert!(n_events > 0 && n_events < 20_000, "{n_events} events");

    site.delta(&["logs"]).ended().await.expect(0);
    let tables = site.tables().await;
    assert_same(&undisturbed(Engine::Sqlite, 20_000).await, &tables.contents().await);
}

/// The disk is full before anything was committed, however much was merged by then.
#[tokio::test]
async fn a_run_that_committed_nothing_says_so() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("logs/cowrie.json", lines(0..20_000));
    let run = site.delta(&["logs"]).with_largest_file(4 << 20);
    run.ended().await.expect(4).says(&["error: failed to store a batch"]);
    let stored = "SELECT CAST(coalesce(sum(n_events), 0) AS bigint) FROM session_events";
    assert_eq!(site.tables().await.number(stored).await, 0);
}

/// The server ends its connections again and again, as when it is restarted.
#[tokio::test]
async fn a_server_that_goes_away_ends_a_run_and_loses_nothing() {
    let site = Site::new(Engine::Postgres).await;
    site.write("logs/cowrie.json", lines(0..6_000));
    let tables = site.tables().await;
    let stored = "SELECT CAST(coalesce(sum(n_events), 0) AS bigint) FROM session_events";
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let mut n_ended = 0;
    for step in 1..=4 {
        let run = site.delta(&["logs", "--batch-size", "100"]);
        let child = run.start();
        while tables.number(stored).await < step * 1_000 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tables.execute(end).await;
        let ended = child.wait_with_output().await.unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        if ended.status.code() != Some(0) {
            assert_eq!(ended.status.code(), Some(3), "{said}");
            assert!(said.contains("error: failed to"), "{said}");
            n_ended += 1;
        }
    }
    assert!(n_ended > 0, "no connection was in use");
    site.delta(&["logs"]).ended().await.expect(0);
    assert_same(&undisturbed(Engine::Postgres, 6_000).await, &tables.contents().await);
}

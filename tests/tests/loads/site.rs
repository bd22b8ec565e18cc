//! Loads logs into the database of a test, with a clock that stands still.

use std::path::{Path, PathBuf};

use chrono::DateTime;
use cowrie_client_maxmind::{MaxMind, MaxMindOptions};
use cowrie_core::FixedClock;
use cowrie_enrichment::{Disabled, OfflineSource, SourceName};
use cowrie_ingest::{
    FileProblem, LoadOptions, NetNew, Observer, Progress, ReadOptions, Summary, load, plan_whole,
};
use cowrie_logfind::{FindOptions, find};
use cowrie_store::Store;
use cowrie_testdb::TestDb;
use tokio_util::sync::CancellationToken;

/// How a load of a test is to differ from an ordinary one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How {
    pub(crate) with_mmdb: bool,
    pub(crate) batch_events: usize,
    pub(crate) dry_run: bool,
}

/// An ordinary load, with the example databases.
pub(crate) const PLAIN: How = How { with_mmdb: true, batch_events: 20_000, dry_run: false };

pub(crate) struct Silent;

impl Observer for Silent {
    fn progress(&self, _progress: &Progress) {}
    fn problem(&self, _problem: &FileProblem) {}
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The logs of the tests, and the example.
pub(crate) fn logs(names: &[&str]) -> Vec<String> {
    let path = |name: &&str| match *name {
        "example" => root().join("examples/logs"),
        name => root().join("tests/data/cowrie").join(name),
    };
    names.iter().map(|name| path(name).to_string_lossy().into_owned()).collect()
}

pub(crate) fn mmdb() -> Box<dyn OfflineSource> {
    let folder = root().join("examples/mmdb");
    let keep_open = 4.try_into().unwrap();
    Box::new(MaxMind::open_dir(&folder, MaxMindOptions { keep_open }))
}

/// A clock that stands still.
pub(crate) fn fixed_clock() -> FixedClock {
    FixedClock(DateTime::from_timestamp(1_790_000_000, 0).unwrap())
}

/// Loads what `paths` name.
pub(crate) async fn load_into(db: &TestDb, paths: &[String], how: How) -> Summary {
    let source: Box<dyn OfflineSource> = if how.with_mmdb {
        mmdb()
    } else {
        Box::new(Disabled::not_configured(SourceName::MaxMind))
    };
    load_asking(db, paths, how, source.as_ref()).await
}

/// Loads what `paths` name, and asks this source.
pub(crate) async fn load_asking(
    db: &TestDb,
    paths: &[String],
    how: How,
    source: &dyn OfflineSource,
) -> Summary {
    let store = Store::over(db.connection().clone()).await.unwrap();
    let options = LoadOptions {
        ingest_id: "test".to_owned(),
        dry_run: how.dry_run,
        read: ReadOptions { batch_events: how.batch_events, ..ReadOptions::STANDARD },
        transaction_events: 3 * how.batch_events as u64,
    };
    let net_new = NetNew { source, is_wanted: &|_| true };
    let sources = find(paths, FindOptions { ignore_missing: false }).unwrap().sources;
    let clock = fixed_clock();
    let stop = CancellationToken::new();
    let plan = plan_whole(sources, &store.cursors().await.unwrap());
    load(&store, plan, &net_new, &options, &clock, &stop, &Silent).await.unwrap()
}

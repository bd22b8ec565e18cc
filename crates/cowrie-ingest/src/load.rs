//! Loads sources into a store: the reader reads ahead, one batch at a time is merged.

use std::collections::HashSet;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use cowrie_core::Clock;
use cowrie_store::{Changes, Store, StoreError, Writing};
use futures_util::future::{MaybeDone, maybe_done};
use tokio::task::JoinError;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::batch::Batch;
use crate::batches::{Batches, LONGEST_WAIT};
use crate::enrich::NetNew;
use crate::heal::Halves;
use crate::merge::{Families, merge};
use crate::plan::Plan;
use crate::reader::ReadOptions;
use crate::summary::{FileProblem, Progress, Summary};

/// A transaction ends when it has been open for so long: other writers wait for it.
const LONGEST_TRANSACTION: Duration = Duration::from_secs(10);

/// Events that commit together, unless something else is asked for.
pub const TRANSACTION_EVENTS: u32 = 240_000;

/// Whoever waits for a SQLite file looks ten times a second whether it is free; between two long
/// transactions it is, for long enough to be seen.
const TURN: Duration = Duration::from_millis(110);

/// How long a transaction stays open for a next batch to come.
const GRACE: Duration = Duration::from_millis(50);

/// What is loaded, and how.
#[derive(Debug)]
pub struct LoadOptions {
    /// Names the run in the rows that it writes.
    pub ingest_id: String,
    /// Do everything, then take it all back.
    ///
    /// The whole load is then one transaction, during which nobody else can write.
    pub dry_run: bool,
    /// How input is read.
    pub read: ReadOptions,
    /// Batches commit together until they hold so many events: a page that several of them touch
    /// is then written once for all.
    pub transaction_events: u64,
}

/// Who is told how far a load is.
pub trait Observer: Send + Sync {
    /// Called after each batch, which may be taken back yet.
    fn progress(&self, progress: &Progress);

    /// Called when everything up to here is committed.
    fn committed(&self, _progress: &Progress) {}

    /// Called for each file that could not be read, or not to its end.
    fn problem(&self, problem: &FileProblem);
}

/// Why a load ended early; what was committed before stays.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The database failed.
    #[error("failed to store a batch")]
    Store(#[from] StoreError),
    /// A thread that reads, or that folds what was read, ended in a panic.
    #[error("failed to read the input")]
    Reader(#[source] JoinError),
}

/// Loads what is planned, in order. A batch's events, sessions, dead letters and cursors commit
/// together, and those of several batches while one follows the other without a pause.
///
/// A cancelled `stop` ends the load after the batch at hand, which is committed. What was read
/// from a source that then falls silent, such as a pipe, is committed after a second.
///
/// # Errors
///
/// When the database fails. Content and files never end a load: they are in the summary.
pub async fn load(
    store: &Store,
    plan: Plan,
    net_new: &NetNew<'_>,
    options: &LoadOptions,
    clock: &dyn Clock,
    stop: &CancellationToken,
    observer: &dyn Observer,
) -> Result<Summary, LoadError> {
    let started = Instant::now();
    let unchanged_files = plan.unchanged;
    let mut batches = Batches::of(plan.inputs, options.read, stop);
    let mut loader = Loader::new(store, net_new, options, clock);
    loader.summary.unchanged_files = unchanged_files;
    let mut progress = Progress::default();
    let mut next = next_folded(&mut batches).await?;
    while let Some(folded) = next {
        progress.bytes_on_disk += folded.batch.bytes_on_disk;
        folded.batch.problems.iter().for_each(|problem| observer.problem(problem));
        // One batch is folded while the one before it is stored.
        let mut following = pin!(maybe_done(next_folded(&mut batches)));
        let is_stored = beside(following.as_mut(), Box::pin(loader.batch(folded, stop))).await?;
        if is_stored {
            progress.events = loader.summary.events;
            progress.rejected = loader.summary.rejected;
            observer.progress(&progress);
        }
        let is_over = loader.is_due() || stop.is_cancelled();
        let is_over = is_over || timeout(GRACE, following.as_mut()).await.is_err();
        if is_over && loader.commit().await? {
            observer.committed(&progress);
        }
        following.as_mut().await;
        let following = following.take_output().transpose()?.flatten();
        next = following.filter(|_| is_stored);
    }
    if loader.commit().await? {
        observer.committed(&progress);
    }
    batches.end().await.map_err(LoadError::Reader)?;
    let mut summary = loader.summary;
    summary.stopped = stop.is_cancelled();
    summary.end(started.elapsed());
    Ok(summary)
}

/// Does `work` while `other` goes on, without waiting for it.
async fn beside<F: Future, W: Future>(mut other: Pin<&mut MaybeDone<F>>, work: W) -> W::Output {
    let mut work = pin!(work);
    poll_fn(|context| {
        let _later = other.as_mut().poll(context);
        work.as_mut().poll(context)
    })
    .await
}

/// A batch whose events are folded into sessions, as if the tables held none of theirs.
#[derive(Debug)]
pub(crate) struct Folded {
    batch: Batch,
    families: Families,
    n_events: u64,
}

impl Folded {
    pub(crate) fn of(mut batch: Batch) -> Self {
        let events = std::mem::take(&mut batch.events);
        let n_events = events.len() as u64;
        let mut families = Families::default();
        families.extend(events.into_iter().map(|placed| placed.event));
        families.fold();
        Self { batch, families, n_events }
    }
}

async fn next_folded(batches: &mut Batches<'_>) -> Result<Option<Folded>, LoadError> {
    let Some(batch) = batches.next().await else { return Ok(None) };
    let folded = tokio::task::spawn_blocking(|| Folded::of(batch)).await;
    folded.map(Some).map_err(LoadError::Reader)
}

/// Begins a transaction, not before a time.
async fn begin_after(store: &Store, time: Option<Instant>) -> Result<Open, StoreError> {
    if let Some(time) = time {
        sleep_until(time.into()).await;
    }
    store.begin_writing().await.map(Open::new)
}

/// Comes when a stop was asked for so long ago.
async fn stopped_for(stop: &CancellationToken, wait: Duration) {
    stop.cancelled().await;
    sleep(wait).await;
}

/// A transaction, and what it holds.
pub(crate) struct Open {
    pub(crate) writing: Writing,
    n_events: u64,
    began: Instant,
}

impl Open {
    fn new(writing: Writing) -> Self {
        Self { writing, n_events: 0, began: Instant::now() }
    }
}

pub(crate) struct Loader<'a> {
    store: &'a Store,
    net_new: &'a NetNew<'a>,
    options: &'a LoadOptions,
    clock: &'a dyn Clock,
    pub(crate) summary: Summary,
    /// The transaction of the batches since the last commit.
    open: Option<Open>,
    /// Until when others may begin one.
    others_turn: Option<Instant>,
    halves: Halves,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(
        store: &'a Store,
        net_new: &'a NetNew<'a>,
        options: &'a LoadOptions,
        clock: &'a dyn Clock,
    ) -> Self {
        let (summary, halves) = (Summary::default(), Halves::default());
        Self { store, net_new, options, clock, summary, open: None, others_turn: None, halves }
    }

    /// Whether the batches since the last commit are to be committed.
    fn is_due(&self) -> bool {
        let most = self.options.transaction_events;
        let is_long =
            |open: &Open| open.n_events >= most || open.began.elapsed() >= LONGEST_TRANSACTION;
        self.open.as_ref().is_some_and(is_long)
    }

    /// Makes the batches since the last commit last, and says whether there were any; those of a
    /// dry run go with the loader.
    pub(crate) async fn commit(&mut self) -> Result<bool, StoreError> {
        let Some(open) = self.open.take_if(|_| !self.options.dry_run) else { return Ok(false) };
        let was_long = open.began.elapsed() >= 10 * TURN;
        open.writing.commit().await?;
        let is_rude = was_long && !self.store.queues_writers();
        self.others_turn = is_rude.then(|| Instant::now() + TURN);
        Ok(true)
    }

    /// Stores a batch; `false` when a stop came while another program was writing.
    async fn batch(&mut self, batch: Folded, stop: &CancellationToken) -> Result<bool, StoreError> {
        let Some(open) = self.begin(stop).await? else { return Ok(false) };
        self.store_batch(open, batch).await?;
        Ok(true)
    }

    /// The transaction for a batch: the one that is open, or a new one; `None` when a stop came
    /// while another program was writing.
    pub(crate) async fn begin(
        &mut self,
        stop: &CancellationToken,
    ) -> Result<Option<Open>, StoreError> {
        if let Some(open) = self.open.take() {
            return Ok(Some(open));
        }
        tokio::select! {
            biased;
            begun = begin_after(self.store, self.others_turn) => begun.map(Some),
            () = stopped_for(stop, LONGEST_WAIT) => Ok(None),
        }
    }

    /// Stores a batch in a transaction, which stays open.
    pub(crate) async fn store_batch(
        &mut self,
        mut open: Open,
        folded: Folded,
    ) -> Result<(), StoreError> {
        let Folded { mut batch, mut families, n_events } = folded;
        let healed = self.halves.heal(&mut batch, &mut open.writing).await?;
        families.extend(std::mem::take(&mut batch.events).into_iter().map(|placed| placed.event));
        families.fold();
        let (n_events, rejected) = (n_events + healed, batch.rejected);
        let new_events = self.merge(&mut open.writing, batch, families).await?;
        open.n_events += n_events;
        self.open = Some(open);
        self.summary.healed += healed;
        self.summary.events += n_events;
        self.summary.new_events += new_events;
        self.summary.duplicate_events += n_events - new_events;
        self.summary.rejected += rejected;
        Ok(())
    }

    /// Merges a batch in its transaction; gives the number of events that are new.
    async fn merge(
        &mut self,
        writing: &mut Writing,
        batch: Batch,
        families: Families,
    ) -> Result<u64, StoreError> {
        let Batch { mut letters, settled, cursors, lost, .. } = batch;
        let mut seen = HashSet::new();
        letters.retain(|letter| seen.insert(letter.content_id.clone()));
        let known = writing.read().events_of(&families.names()).await?;
        let mut merged = merge(families, known);
        let now = self.clock.now();
        let enriched = self.net_new.enrich(writing, &mut merged.changes, now).await?;
        let changes = Changes {
            ingest_id: &self.options.ingest_id,
            now,
            sessions: &merged.changes,
            addresses: &enriched.addresses,
            dead_letters: &letters,
            settled: &settled,
            cursors: &cursors,
            lost: &lost,
        };
        writing.apply(&changes).await?;
        let summary = &mut self.summary;
        summary.files += batch.files;
        summary.waiting_files += batch.waiting_files;
        summary.lost_files += lost.len() as u64;
        summary.bytes += batch.bytes;
        summary.problems.extend(batch.problems);
        summary.addresses_new += enriched.n_new;
        summary.snapshot_before_earliest += enriched.n_before_earliest;
        for change in merged.changes.iter().filter(|change| has_summary(change)) {
            let is_new = change.before.is_none();
            summary.sessions_new += u64::from(is_new);
            summary.sessions_updated += u64::from(!is_new);
        }
        // To take so many small things apart is work, and nobody has to wait for it.
        drop(tokio::task::spawn_blocking(|| drop(merged.changes)));
        Ok(merged.new_events)
    }
}

/// Whether the change leaves a session behind, and not only events without one.
fn has_summary(change: &cowrie_store::SessionChange) -> bool {
    change.after.as_ref().is_some_and(|session| session.summary.is_some())
}

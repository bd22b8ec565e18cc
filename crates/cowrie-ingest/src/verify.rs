//! Proves that what stands in files is in the database.

mod verified;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cowrie_core::EventId;
use cowrie_logfind::FileStat;
use cowrie_parse::Event;
use cowrie_session::family_of;
use cowrie_store::{Cursor, Reading, Store, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::batch::{Batch, Placed};
use crate::batches::Batches;
use crate::input::Input;
use crate::load::{LoadError, Observer};
use crate::plan::{Plan, is_as_it_was, is_waiting};
use crate::reader::ReadOptions;
use crate::summary::Progress;

pub use verified::{Lack, Missing, Verified, What};

/// How files are verified.
#[derive(Clone, Copy, Debug)]
pub struct VerifyOptions {
    /// How they are read; other limits than those of the load make other dead letters.
    pub read: ReadOptions,
    /// How many of the things that are missing are listed.
    pub most_listed: usize,
}

/// Reads what is planned, and looks for each event and each dead letter in the database; writes
/// nothing.
///
/// An event counts as found when the content that is stored under its id makes that id again.
///
/// # Errors
///
/// When the database fails.
pub async fn verify(
    store: &Store,
    plan: Plan,
    options: VerifyOptions,
    stop: &CancellationToken,
    observer: &dyn Observer,
) -> Result<Verified, LoadError> {
    let started = Instant::now();
    let n_inputs = plan.inputs.len() as u64;
    let waiting = plan.inputs.iter().filter_map(WaitingEnd::of).collect();
    let mut verifier = Verifier { store, options, waiting, verified: Verified::default() };
    let mut batches = Batches::of(plan.inputs, options.read, stop);
    let mut progress = Progress::default();
    while let Some(batch) = batches.next().await {
        progress.bytes_on_disk += batch.bytes_on_disk;
        progress.events += batch.events.len() as u64;
        progress.rejected += batch.rejected;
        batch.problems.iter().for_each(|problem| observer.problem(problem));
        verifier.batch(batch).await?;
        observer.progress(&progress);
    }
    batches.end().await.map_err(LoadError::Reader)?;
    let mut verified = verifier.verified;
    verified.unread_files += n_inputs.saturating_sub(verified.files);
    verified.stopped = stop.is_cancelled();
    verified.elapsed_seconds = rounded(started.elapsed());
    Ok(verified)
}

/// The end of a file that waits for its rest, as the database knows it.
struct WaitingEnd {
    path: PathBuf,
    cursor: Cursor,
    /// Where it begins.
    from: u64,
}

impl WaitingEnd {
    fn of(input: &Input) -> Option<(String, Self)> {
        let cursor = input.known.as_ref().filter(|cursor| is_waiting(cursor))?.clone();
        let path = input.source.path().to_owned();
        let waiting = cursor.memory.waiting_bytes;
        let is_archive = cursor.front.is_some() && cursor.check.is_none();
        // The cursor of an archive is behind what waits; in a plain log that is the last thing,
        // with the end of its line if it has one.
        let from = if is_archive {
            cursor.offset.saturating_sub(waiting)
        } else {
            cursor.file_size.saturating_sub(waiting + 1)
        };
        Some((path.to_str()?.to_owned(), Self { path, cursor, from }))
    }

    /// Whether something there is what waits: the file is as it was when the cursor was written.
    fn is(&self, offset: u64) -> bool {
        let is_same = |stat: FileStat| is_as_it_was(&self.cursor, &stat);
        offset >= self.from && FileStat::of(&self.path).is_ok_and(is_same)
    }
}

struct Verifier<'a> {
    store: &'a Store,
    options: VerifyOptions,
    /// The ends that wait for their rest, by their files.
    waiting: HashMap<String, WaitingEnd>,
    verified: Verified,
}

impl Verifier<'_> {
    async fn batch(&mut self, batch: Batch) -> Result<(), StoreError> {
        let Batch { events, letters, .. } = batch;
        self.verified.files += batch.files;
        self.verified.bytes += batch.bytes;
        self.verified.unread_files += batch.shrunk_files;
        self.verified.problems.extend(batch.problems);
        let mut reading = self.store.begin_reading().await?;
        let families = events.iter().map(|placed| family_of(&placed.event)).collect();
        let wanted = events.iter().map(|placed| placed.event.id).collect();
        let known = known_events(&mut reading, families, &wanted).await?;
        let names = letters.iter().map(|letter| letter.content_id.clone()).collect();
        let known_letters = reading.letters_among(names, false).await?;
        for Placed { event, source, offset } in events {
            let altered = match known.get(&family_of(&event)) {
                Some(Known::Events(events)) => match events.get(&event.id) {
                    Some(true) => {
                        self.verified.events += 1;
                        continue;
                    }
                    found => found.is_some(),
                },
                Some(Known::Unreadable) => true,
                None => false,
            };
            let what = What::Event {
                event_id: event.id.to_string(),
                at: event.at,
                session: event.session,
                altered,
            };
            self.missing(Missing { file: source.to_string(), offset, what });
        }
        for letter in letters {
            if known_letters.contains(&letter.content_id) {
                self.verified.dead_letters += 1;
            } else {
                self.missing(Missing::from(letter));
            }
        }
        Ok(())
    }

    /// Counts what is missing, unless it is known to wait.
    fn missing(&mut self, missing: Missing) {
        let verified = &mut self.verified;
        if self.waiting.get(&missing.file).is_some_and(|end| end.is(missing.offset)) {
            verified.waiting += 1;
            return;
        }
        verified.missing += 1;
        let lack = verified.lacks.entry(missing.file.clone());
        let lack =
            lack.or_insert(Lack { events: 0, dead_letters: 0, first_offset: missing.offset });
        lack.first_offset = lack.first_offset.min(missing.offset);
        match missing.what {
            What::Event { .. } => lack.events += 1,
            What::DeadLetter { .. } => lack.dead_letters += 1,
        }
        if verified.listed.len() < self.options.most_listed {
            verified.listed.push(missing);
        }
    }
}

/// What the tables hold of a family.
enum Known {
    /// Those of the wanted events that they hold, and whether what is stored still makes the id.
    Events(HashMap<EventId, bool>),
    /// One of its documents cannot be read.
    Unreadable,
}

impl Known {
    fn of(events: &[Event], wanted: &BTreeSet<EventId>) -> Self {
        let mut known: HashMap<EventId, bool> = HashMap::new();
        for event in events.iter().filter(|event| wanted.contains(&event.id)) {
            *known.entry(event.id).or_default() |= event.is_intact();
        }
        Self::Events(known)
    }
}

/// What the tables hold of each family; those of which they hold nothing are left out.
async fn known_events(
    reading: &mut Reading,
    families: BTreeSet<String>,
    wanted: &BTreeSet<EventId>,
) -> Result<BTreeMap<String, Known>, StoreError> {
    let mut known = BTreeMap::new();
    match reading.events_of(&families).await {
        // One by one, it turns out which cannot be read.
        Err(StoreError::Document { session_id, part, .. }) if families.len() == 1 => {
            warn!(session.id = session_id, "part {part} of the session cannot be read");
            known.extend(families.into_iter().map(|family| (family, Known::Unreadable)));
        }
        Err(StoreError::Document { .. }) => {
            for family in families {
                let alone = BTreeSet::from([family]);
                known.extend(Box::pin(known_events(reading, alone, wanted)).await?);
            }
        }
        found => {
            let found = found?.into_iter();
            known.extend(found.map(|(family, events)| (family, Known::of(&events, wanted))));
        }
    }
    Ok(known)
}

/// Seconds, to the millisecond.
fn rounded(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1e3).round() / 1e3
}

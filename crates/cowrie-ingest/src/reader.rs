//! Reads files into batches, on a thread of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cowrie_logfile::{Damage, Limits, LogReader, ReadLogError, Record, RecordKind, Source};
use cowrie_store::DeadLetter;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::batch::Batch;
use crate::letters;
use crate::summary::FileProblem;

/// While a file has given no event, so many of its pieces become letters of their own; the rest
/// of them, up to its first event, are one.
const MOST_LETTERS_OF_NO_LOG: u64 = 1_000;

/// How input is read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// Bounds on a file's content.
    pub limits: Limits,
    /// Events per transaction, at most.
    pub batch_events: usize,
    /// Bytes of events per transaction, about.
    pub batch_bytes: usize,
}

impl ReadOptions {
    /// What suits a small server: with ordinary sessions a loader stays below 256 MiB. A session of
    /// a hundred megabytes is held whole while it is merged, several times over.
    pub const STANDARD: Self =
        Self { limits: Limits::STANDARD, batch_events: 20_000, batch_bytes: 16 << 20 };
}

/// The batch that is being filled. Whoever finds it waiting for too long may take it.
#[derive(Debug, Default)]
pub(crate) struct Filling(Mutex<Batch>);

impl Filling {
    pub(crate) fn take(&self) -> Batch {
        std::mem::take(&mut *self.lock())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Batch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The receiver is gone, or a stop was asked for: there is nobody left to read for.
struct Stopped;

/// Reads every source, in order, until the end or until nobody wants more.
pub(crate) fn read_all(
    sources: &[Source],
    options: ReadOptions,
    filling: &Filling,
    batches: &Sender<Batch>,
    stop: &CancellationToken,
) {
    let mut reader = Reader { options, filling, batches, stop, too_long: None };
    let read = sources.iter().try_for_each(|source| reader.source(source));
    if read.is_ok() || stop.is_cancelled() {
        // A receiver that is gone has its reason and says it.
        let _gone = reader.flush().is_err();
    }
}

struct Reader<'a> {
    options: ReadOptions,
    filling: &'a Filling,
    batches: &'a Sender<Batch>,
    stop: &'a CancellationToken,
    /// The record before, of which nobody knows yet how long it really was.
    too_long: Option<DeadLetter>,
}

/// What a file has come to so far.
#[derive(Default)]
struct Tally {
    n_events: u64,
    n_rejects: u64,
    first_reject: Option<String>,
    /// Where the pieces begin that are no letters of their own, and how many they are.
    unkept: Option<(u64, u64)>,
    has_problem: bool,
    /// Bytes of the file that are counted.
    on_disk: u64,
    /// Bytes of what was in it that are counted.
    inflated: u64,
}

/// What a record turned out to be.
enum Taken {
    Event { offset: u64 },
    Reject { letter: DeadLetter, shown: String, is_front: bool },
}

impl Reader<'_> {
    fn source(&mut self, source: &Source) -> Result<(), Stopped> {
        let name = source.path().to_string_lossy().into_owned();
        match cowrie_logfile::open(source, self.options.limits) {
            Ok(mut log) => self.log(&name, source.size(), &mut log),
            Err(error) => {
                self.problem(&name, describe(&error));
                Ok(())
            }
        }
    }

    fn log(&mut self, name: &str, size: Option<u64>, log: &mut LogReader) -> Result<(), Stopped> {
        self.filling.lock().files += 1;
        let mut tally = Tally::default();
        let mut is_at_end = false;
        while !is_at_end {
            let too_long = self.too_long.take();
            match log.next() {
                Ok(None) => is_at_end = true,
                Ok(Some(record)) => {
                    let taken = self.record(name, record);
                    self.tally(name, log, taken, &mut tally);
                }
                Err(error) => self.damage(name, log, &error, &mut tally),
            }
            if let Some(letter) = too_long {
                let length = log.skipped_to().saturating_sub(letter.offset);
                self.filling.lock().add_letter(letters::of_front(letter, length));
            }
            self.count(log, &mut tally);
            self.flush_when_full()?;
        }
        self.end_of_no_log(name, log, log.offset(), &mut tally);
        if !tally.has_problem && size.is_some_and(|size| log.compressed_offset() < size) {
            self.problem(name, "became shorter while it was read".to_owned());
            tally.has_problem = true;
        }
        self.tell_of_rejects(name, &tally);
        Ok(())
    }

    /// Takes in one record.
    fn record(&self, name: &str, record: Record<'_>) -> Taken {
        let Record { offset, bytes, kind } = record;
        let (reason, detail) = match kind {
            RecordKind::Object => match cowrie_parse::parse(bytes) {
                Ok(event) => {
                    self.filling.lock().add_event(event);
                    return Taken::Event { offset };
                }
                Err(reject) => (reject.code(), describe(&reject)),
            },
            RecordKind::NotJson(Damage { at, what }) => {
                ("not_json", format!("not JSON: {what} at byte {at}"))
            }
            RecordKind::TooLong => {
                let most = self.options.limits.max_record_bytes;
                ("too_long", format!("longer than {most} bytes; its front is kept"))
            }
            RecordKind::Torn => ("torn", "the log ends in the middle of it".to_owned()),
        };
        let shown = format!("at byte {offset}: {detail}");
        let letter = letters::of_content(name, offset, bytes, reason, detail);
        Taken::Reject { letter, shown, is_front: kind == RecordKind::TooLong }
    }

    /// Counts a record, and keeps it when it is no event.
    fn tally(&mut self, name: &str, log: &LogReader, taken: Taken, tally: &mut Tally) {
        let (letter, shown, is_front) = match taken {
            Taken::Event { offset } => {
                self.end_of_no_log(name, log, offset, tally);
                tally.n_events += 1;
                return;
            }
            Taken::Reject { letter, shown, is_front } => (letter, shown, is_front),
        };
        tally.n_rejects += 1;
        tally.first_reject.get_or_insert(shown);
        self.filling.lock().rejected += 1;
        if tally.n_events == 0 && tally.n_rejects > MOST_LETTERS_OF_NO_LOG {
            let (_, count) = tally.unkept.get_or_insert((letter.offset, 0));
            *count += 1;
        } else if is_front {
            self.too_long = Some(letter);
        } else {
            self.filling.lock().add_letter(letter);
        }
    }

    /// Ends, at `end`, the stretch of a file that gave no event and no more letters.
    fn end_of_no_log(&self, name: &str, log: &LogReader, end: u64, tally: &mut Tally) {
        let Some((from, count)) = tally.unkept.take() else { return };
        let most = MOST_LETTERS_OF_NO_LOG;
        let detail = format!("{count} more pieces without an event, behind {most} that are kept");
        let stretch = (from, end.saturating_sub(from));
        let letter = letters::of_place(name, stretch, "not_a_log", detail, log.front());
        self.filling.lock().add_letter(letter);
        let problem = format!(
            "does not look like a Cowrie log: no event among its first {} lines; all behind the \
             first {most} are one dead letter",
            most + count
        );
        self.problem(name, problem);
        tally.has_problem = true;
    }

    /// Keeps that the file could not be read any further.
    fn damage(&self, name: &str, log: &LogReader, error: &ReadLogError, tally: &mut Tally) {
        let reason = match error {
            ReadLogError::Read { .. } => "unreadable_file",
            ReadLogError::Damaged { .. } => "damaged_file",
            ReadLogError::TooBig { .. } | ReadLogError::TooDense { .. } => "too_big",
        };
        let detail = describe(error);
        let place = (log.offset(), 0);
        let letter = letters::of_place(name, place, reason, detail.clone(), log.front());
        let mut batch = self.filling.lock();
        batch.rejected += 1;
        batch.add_letter(letter);
        drop(batch);
        self.problem(name, detail);
        tally.has_problem = true;
    }

    /// Names a file of which pieces were rejected; one without any event is a problem.
    fn tell_of_rejects(&self, name: &str, tally: &Tally) {
        let Some(first) = &tally.first_reject else { return };
        let Tally { n_events, n_rejects, .. } = tally;
        if *n_events == 0 && !tally.has_problem {
            let problem =
                format!("holds no Cowrie event; dead letters: {n_rejects}, first {first}");
            self.problem(name, problem);
        } else {
            warn!(
                file.path = name,
                "not everything is an event; dead letters: {n_rejects}, first {first}"
            );
        }
    }

    /// Counts the bytes read since the last time, of the file and of what was in it.
    fn count(&self, log: &LogReader, tally: &mut Tally) {
        let (on_disk, inflated) = (log.compressed_offset(), log.offset());
        let mut batch = self.filling.lock();
        batch.bytes_on_disk += on_disk.saturating_sub(tally.on_disk);
        batch.bytes += inflated.saturating_sub(tally.inflated);
        (tally.on_disk, tally.inflated) = (on_disk, inflated);
    }

    fn problem(&self, name: &str, problem: String) {
        self.filling.lock().problems.push(FileProblem { file: name.to_owned(), problem });
    }

    fn flush_when_full(&self) -> Result<(), Stopped> {
        let ReadOptions { batch_events, batch_bytes, .. } = self.options;
        if self.filling.lock().is_full(batch_events, batch_bytes) {
            return self.flush();
        }
        if self.stop.is_cancelled() { Err(Stopped) } else { Ok(()) }
    }

    fn flush(&self) -> Result<(), Stopped> {
        let batch = self.filling.take();
        if !batch.is_empty() && self.batches.blocking_send(batch).is_err() {
            return Err(Stopped);
        }
        if self.stop.is_cancelled() { Err(Stopped) } else { Ok(()) }
    }
}

/// An error and everything behind it, on one line.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

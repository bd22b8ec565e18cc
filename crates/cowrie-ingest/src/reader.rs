//! Reads files into batches, on a thread of its own.

mod ends;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use cowrie_logfile::{Damage, Limits, LogReader, OpenLogError, Record, RecordKind};
use cowrie_store::{DeadLetter, TORN};
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::batch::{Batch, Placed};
use crate::input::{From, Input};
use crate::plan::mark_of;
use crate::summary::FileProblem;
use crate::tally::Tally;
use crate::{letters, place};

/// While a file has given no event, so many of its pieces become letters of their own; the rest
/// of them, up to its first event, are one.
const MOST_LETTERS_OF_NO_LOG: u64 = 1_000;

/// How input is read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// Bounds on a file's content.
    pub limits: Limits,
    /// Events that are merged at a time, at most.
    pub batch_events: usize,
    /// Bytes of events that are merged at a time, about.
    pub batch_bytes: usize,
}

impl ReadOptions {
    /// What suits a small server: with ordinary sessions a loader stays below 256 MiB. A session of
    /// a hundred megabytes is held whole while it is merged, several times over.
    pub const STANDARD: Self =
        Self { limits: Limits::STANDARD, batch_events: 15_000, batch_bytes: 12 << 20 };
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
    inputs: &[Input],
    options: ReadOptions,
    filling: &Filling,
    batches: &Sender<Batch>,
    stop: &CancellationToken,
) {
    let mut reader = Reader { options, filling, batches, stop, too_long: None };
    let read = inputs.iter().try_for_each(|input| reader.input(input));
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

/// What a record turned out to be.
enum Taken {
    Event { offset: u64, at: DateTime<Utc>, sensor: Option<String> },
    Reject { letter: DeadLetter, shown: String, kind: RecordKind },
}

impl Reader<'_> {
    fn input(&mut self, input: &Input) -> Result<(), Stopped> {
        let name: Arc<str> = input.source.path().to_string_lossy().into();
        let opened = match open(input, self.options.limits) {
            Ok(log) => log,
            Err(error) => {
                self.problem(&name, describe(&error));
                return Ok(());
            }
        };
        let mut log = if input.may_grow { opened.growing() } else { opened };
        let mut tally = Tally::new(input, &log);
        self.filling.lock().lost.extend(input.lost.clone());
        if let (From::Nowhere, Some(known)) = (input.from, &input.known) {
            self.filling.lock().cursors.extend(place::moved(known, &log));
            return self.check_stop();
        }
        let read = self.log(&name, input.source.size(), &mut log, &mut tally);
        self.keep_place(&log, &tally);
        read
    }

    fn log(
        &mut self,
        name: &Arc<str>,
        size: Option<u64>,
        log: &mut LogReader,
        tally: &mut Tally<'_>,
    ) -> Result<(), Stopped> {
        self.filling.lock().files += 1;
        let mut is_at_end = false;
        while !is_at_end {
            let too_long = self.too_long.take();
            match log.next() {
                Ok(None) => is_at_end = true,
                Ok(Some(record)) => {
                    let taken = self.record(name, record);
                    self.tally(name, log, taken, tally);
                }
                Err(error) => self.damage(name, log, &error, tally),
            }
            if let Some(letter) = too_long {
                self.end_of_too_long(log, letter, tally);
            }
            self.count(log, tally);
            if self.is_batch_full() {
                self.keep_place(log, tally);
                self.flush()?;
            }
            self.check_stop()?;
        }
        self.end_of_no_log(name, log, log.offset(), tally);
        self.end_of_head(log, tally, None);
        tally.is_read = true;
        if !tally.has_problem && size.is_some_and(|size| log.compressed_offset() < size) {
            self.problem(name, "became shorter while it was read".to_owned());
            self.filling.lock().shrunk_files += 1;
            tally.has_problem = true;
        }
        self.settle(log, tally);
        self.tell_of_rejects(name, tally);
        Ok(())
    }

    /// Takes in one record.
    fn record(&self, name: &Arc<str>, record: Record<'_>) -> Taken {
        let Record { offset, bytes, kind } = record;
        let (reason, detail) = match kind {
            RecordKind::Object => match cowrie_parse::parse(bytes) {
                Ok(event) => {
                    let (at, sensor) = (event.at, event.sensor.clone());
                    let source = Arc::clone(name);
                    let mut batch = self.filling.lock();
                    batch.settled.extend(letters::once_rejected(bytes));
                    batch.add_event(Placed { event, source, offset });
                    return Taken::Event { offset, at, sensor };
                }
                Err(reject) => (reject.code(), describe(&reject)),
            },
            RecordKind::NotJson(Damage { at, what }) => {
                ("not_json", format!("not JSON: {what} at byte {at}"))
            }
            RecordKind::TooLong => {
                let most = self.options.limits.max_record_bytes;
                (letters::TOO_LONG, format!("longer than {most} bytes; its front is kept"))
            }
            RecordKind::Torn => (TORN, "the log ends in the middle of it".to_owned()),
        };
        let shown = format!("at byte {offset}: {detail}");
        let letter = letters::of_content(name, offset, bytes, reason, detail);
        Taken::Reject { letter, shown, kind }
    }

    /// Counts a record, and keeps it when it is no event.
    fn tally(&mut self, name: &str, log: &LogReader, taken: Taken, tally: &mut Tally<'_>) {
        let (letter, shown, kind) = match taken {
            Taken::Event { offset, at, sensor } => {
                self.end_of_no_log(name, log, offset, tally);
                self.end_of_head(log, tally, Some((at, &sensor)));
                tally.n_events += 1;
                tally.last = Some((at, sensor));
                return;
            }
            Taken::Reject { letter, shown, kind } => (letter, shown, kind),
        };
        self.end_of_head(log, tally, None);
        if kind == RecordKind::Torn {
            self.end_without_end(letter, shown, tally);
            return;
        }
        tally.n_rejects += 1;
        tally.first_reject.get_or_insert(shown);
        if tally.n_events == 0 && tally.n_rejects > MOST_LETTERS_OF_NO_LOG {
            self.filling.lock().rejected += 1;
            let (_, count) = tally.unkept.get_or_insert((letter.offset, 0));
            *count += 1;
        } else if kind == RecordKind::TooLong {
            self.too_long = Some(letter);
        } else {
            match letters::with_blanks_before(letter, log.inflated_front()) {
                letter if letter.offset == 0 => tally.head = Some(letter),
                letter => self.reject(letter),
            }
        }
    }

    fn reject(&self, letter: DeadLetter) {
        let mut batch = self.filling.lock();
        batch.rejected += 1;
        batch.add_letter(letter);
    }

    /// Names a file of which pieces were rejected; one without any event is a problem.
    fn tell_of_rejects(&self, name: &str, tally: &Tally<'_>) {
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
    fn count(&self, log: &LogReader, tally: &mut Tally<'_>) {
        let (on_disk, inflated) = (log.compressed_offset(), log.offset());
        let mut batch = self.filling.lock();
        batch.bytes_on_disk += on_disk.saturating_sub(tally.on_disk);
        batch.bytes += inflated.saturating_sub(tally.inflated);
        (tally.on_disk, tally.inflated) = (on_disk, inflated);
    }

    fn problem(&self, name: &str, problem: String) {
        self.filling.lock().problems.push(FileProblem { file: name.to_owned(), problem });
    }

    fn is_batch_full(&self) -> bool {
        let ReadOptions { batch_events, batch_bytes, .. } = self.options;
        self.filling.lock().is_full(batch_events, batch_bytes)
    }

    fn check_stop(&self) -> Result<(), Stopped> {
        if self.stop.is_cancelled() { Err(Stopped) } else { Ok(()) }
    }

    fn flush(&self) -> Result<(), Stopped> {
        let batch = self.filling.take();
        if !batch.is_empty() && self.batches.blocking_send(batch).is_err() {
            return Err(Stopped);
        }
        self.check_stop()
    }
}

/// Opens a log where its cursor left it, or at its beginning.
fn open(input: &Input, limits: Limits) -> Result<LogReader, OpenLogError> {
    let known = input.known.as_ref().filter(|_| input.from == From::Cursor);
    if let Some(mark) = known.and_then(mark_of)
        && let Some(log) = cowrie_logfile::resume(input.source.path(), &mark, limits)?
    {
        return Ok(log);
    }
    cowrie_logfile::open(&input.source, limits)
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

//! Reads files into batches, on a thread of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use cowrie_logfile::{
    Compression, Damage, Limits, LogReader, OpenLogError, ReadLogError, Record, RecordKind,
};
use cowrie_store::{CursorMemory, DeadLetter, Resolution, Settled, TORN};
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::batch::Batch;
use crate::input::{From, Input};
use crate::plan::mark_of;
use crate::summary::FileProblem;
use crate::{letters, place};

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

/// What a file has come to so far.
struct Tally<'a> {
    input: &'a Input,
    /// The event that was read last: when and where it happened.
    last: Option<(DateTime<Utc>, Option<String>)>,
    /// A beginning that is no event, until it is known what stands behind it.
    head: Option<DeadLetter>,
    /// The letters about the end of the file.
    end_letters: Vec<String>,
    /// Bytes of an end that waits for more.
    waiting_bytes: u64,
    /// Whether the file was read to its end, as far as that is possible.
    is_read: bool,
    /// Whether it is an archive of which more may come.
    is_cut_short: bool,
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
    Event { offset: u64, at: DateTime<Utc>, sensor: Option<String> },
    Reject { letter: DeadLetter, shown: String, kind: RecordKind },
}

impl<'a> Tally<'a> {
    /// A file of which a part may have been read before.
    fn new(input: &'a Input, log: &LogReader) -> Self {
        let inflated = log.offset();
        let known = input.known.as_ref().filter(|_| inflated > 0);
        let last = known
            .and_then(|known| Some((known.memory.last_event_at?, known.memory.sensor.clone())));
        Self {
            input,
            last,
            head: None,
            end_letters: Vec::new(),
            waiting_bytes: 0,
            is_read: false,
            is_cut_short: false,
            // A part that was read for good had an event.
            n_events: u64::from(inflated > 0),
            n_rejects: 0,
            first_reject: None,
            unkept: None,
            has_problem: false,
            on_disk: inflated,
            inflated,
        }
    }
}

impl Reader<'_> {
    fn input(&mut self, input: &Input) -> Result<(), Stopped> {
        let name = input.source.path().to_string_lossy().into_owned();
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
        name: &str,
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
            tally.has_problem = true;
        }
        self.settle(log, tally);
        self.tell_of_rejects(name, tally);
        Ok(())
    }

    /// Takes in one record.
    fn record(&self, name: &str, record: Record<'_>) -> Taken {
        let Record { offset, bytes, kind } = record;
        let (reason, detail) = match kind {
            RecordKind::Object => match cowrie_parse::parse(bytes) {
                Ok(event) => {
                    let (at, sensor) = (event.at, event.sensor.clone());
                    self.filling.lock().add_event(event);
                    return Taken::Event { offset, at, sensor };
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

    /// Keeps the end of a log, or lets it wait for the rest of its line.
    fn end_without_end(&self, letter: DeadLetter, shown: String, tally: &mut Tally<'_>) {
        let (beside_at, sensor) = tally.last.clone().unzip();
        let letter = DeadLetter { beside_at, sensor: sensor.flatten(), ..letter };
        tally.waiting_bytes = letter.length;
        if tally.input.may_grow {
            let mut batch = self.filling.lock();
            batch.waiting_files += 1;
            batch.waiting.push(letter);
        } else {
            tally.n_rejects += 1;
            tally.first_reject.get_or_insert(shown);
            tally.end_letters.push(letter.content_id.clone());
            self.reject(letter);
        }
    }

    /// Keeps a record that is too long, now that it is known how long it was.
    fn end_of_too_long(&self, log: &LogReader, letter: DeadLetter, tally: &mut Tally<'_>) {
        let length = log.skipped_to().saturating_sub(letter.offset);
        if log.is_skipping() && tally.input.may_grow {
            tally.waiting_bytes = length;
            self.filling.lock().waiting_files += 1;
        } else {
            self.reject(letters::of_front(letter, length));
        }
    }

    /// Keeps what a log begins with, now that it is known which event stands behind it; a log that
    /// may grow and holds nothing else is left for later.
    fn end_of_head(
        &self,
        log: &LogReader,
        tally: &mut Tally<'_>,
        behind: Option<(DateTime<Utc>, &Option<String>)>,
    ) {
        let Some(letter) = tally.head.take() else { return };
        let is_alone = behind.is_none() && log.offset() <= letter.length + 1;
        if is_alone && tally.input.may_grow {
            tally.n_rejects -= 1;
            return;
        }
        let (beside_at, sensor) = behind.unzip();
        self.reject(DeadLetter { beside_at, sensor: sensor.cloned().flatten(), ..letter });
    }

    /// Ends, at `end`, the stretch of a file that gave no event and no more letters.
    fn end_of_no_log(&self, name: &str, log: &LogReader, end: u64, tally: &mut Tally<'_>) {
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
    fn damage(&self, name: &str, log: &LogReader, error: &ReadLogError, tally: &mut Tally<'_>) {
        let reason = match error {
            ReadLogError::Read { .. } => "unreadable_file",
            ReadLogError::Damaged { .. } => "damaged_file",
            ReadLogError::TooBig { .. } | ReadLogError::TooDense { .. } => "too_big",
        };
        if tally.input.may_grow && is_cut_short(error) {
            // An archive that is still being written: the next run reads it again.
            tally.is_cut_short = true;
            self.filling.lock().waiting_files += u64::from(tally.waiting_bytes == 0);
            return;
        }
        let detail = describe(error);
        let place = (log.offset(), 0);
        let letter = letters::of_place(name, place, reason, detail.clone(), log.front());
        tally.end_letters.push(letter.content_id.clone());
        self.reject(letter);
        self.problem(name, detail);
        tally.has_problem = true;
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

    /// Settles the letters about an end that turned out not to be the end.
    fn settle(&self, log: &LogReader, tally: &Tally<'_>) {
        let Some(known) = tally.input.known.as_ref().filter(|known| place::is_of(known, log))
        else {
            return;
        };
        let is_over = |letter: &&String| !tally.end_letters.contains(letter);
        let settled = known.memory.letters.iter().filter(is_over).map(|letter| Settled {
            content_id: letter.clone(),
            resolution: Resolution::Completed,
        });
        self.filling.lock().settled.extend(settled);
    }

    /// Puts into the batch how far the file is read with it.
    fn keep_place(&self, log: &LogReader, tally: &Tally<'_>) {
        let is_held = tally.head.is_some() || tally.is_cut_short;
        let is_archive = log.compression() != Compression::Plain;
        if is_held || (is_archive && !tally.is_read) {
            return;
        }
        let (last_event_at, sensor) = tally.last.clone().unzip();
        let memory = CursorMemory {
            waiting_bytes: tally.waiting_bytes,
            letters: tally.end_letters.clone(),
            last_event_at,
            sensor: sensor.flatten(),
            ..CursorMemory::default()
        };
        if let Some(cursor) = place::cursor(log, memory, tally.n_events > 0) {
            self.filling.lock().set_cursor(cursor);
        }
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

fn is_cut_short(error: &ReadLogError) -> bool {
    matches!(error, ReadLogError::Damaged { source, .. }
        if source.kind() == std::io::ErrorKind::UnexpectedEof)
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

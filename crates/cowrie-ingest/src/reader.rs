//! Reads files into batches, on a thread of its own.

use cowrie_logfile::{Damage, Limits, LogReader, Record, RecordKind, Source};
use cowrie_store::DeadLetter;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::batch::Batch;
use crate::letters;
use crate::summary::FileProblem;

/// A file whose first rejects are this many, with no event among them, is no Cowrie log.
const REJECTS_OF_NO_LOG: u64 = 1_000;

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

/// The receiver is gone, or a stop was asked for: there is nobody left to read for.
struct Stopped;

/// Reads every source, in order, until the end or until nobody wants more.
pub(crate) fn read_all(
    sources: &[Source],
    options: ReadOptions,
    batches: &Sender<Batch>,
    stop: &CancellationToken,
) {
    let mut reader = Reader { options, batches, stop, batch: Batch::default(), too_long: None };
    let read = sources.iter().try_for_each(|source| reader.source(source));
    if read.is_ok() || stop.is_cancelled() {
        // A receiver that is gone has its reason and says it.
        let _gone = reader.flush().is_err();
    }
}

struct Reader<'a> {
    options: ReadOptions,
    batches: &'a Sender<Batch>,
    stop: &'a CancellationToken,
    batch: Batch,
    /// The record before, of which nobody knows yet how long it really was.
    too_long: Option<DeadLetter>,
}

/// What a file has come to so far.
#[derive(Default)]
struct Tally {
    n_events: u64,
    n_rejects: u64,
    first_reject: Option<String>,
    /// Bytes of the file that are counted.
    on_disk: u64,
    /// Bytes of what was in it that are counted.
    inflated: u64,
}

impl Reader<'_> {
    fn source(&mut self, source: &Source) -> Result<(), Stopped> {
        let name = match source {
            Source::File { path, .. } => path.to_string_lossy().into_owned(),
            Source::Stdin => "-".to_owned(),
        };
        match cowrie_logfile::open(source, self.options.limits) {
            Ok(mut log) => self.log(&name, &mut log),
            Err(error) => {
                self.problem(&name, describe(&error));
                Ok(())
            }
        }
    }

    fn log(&mut self, name: &str, log: &mut LogReader) -> Result<(), Stopped> {
        self.batch.files += 1;
        let (mut tally, mut has_problem) = (Tally::default(), false);
        let mut is_at_end = false;
        while !is_at_end {
            let too_long = self.too_long.take();
            match log.next() {
                Ok(None) => is_at_end = true,
                Ok(Some(record)) => match self.record(name, record) {
                    None => tally.n_events += 1,
                    Some(reject) => {
                        tally.n_rejects += 1;
                        tally.first_reject.get_or_insert(reject);
                    }
                },
                Err(error) => {
                    let detail = describe(&error);
                    let letter =
                        letters::of_damage(name, log.offset(), "damaged_file", detail.clone());
                    self.batch.add_letter(letter);
                    self.problem(name, detail);
                    has_problem = true;
                }
            }
            if let Some(mut letter) = too_long {
                letter.length = log.skipped_to().saturating_sub(letter.offset);
                self.batch.add_letter(letter);
            }
            self.count(log, &mut tally);
            if tally.n_events == 0 && tally.n_rejects >= REJECTS_OF_NO_LOG {
                let reason = format!(
                    "does not look like a Cowrie log: no event among its first {} lines; \
                     the rest is not read",
                    tally.n_rejects
                );
                self.problem(name, reason);
                if let Some(letter) = self.too_long.take() {
                    self.batch.add_letter(letter);
                }
                return Ok(());
            }
            if self.batch.is_full(self.options.batch_events, self.options.batch_bytes) {
                self.flush()?;
            }
        }
        self.tell_of_rejects(name, &tally, has_problem);
        Ok(())
    }

    /// Names a file of which pieces were rejected; one without any event is a problem.
    fn tell_of_rejects(&mut self, name: &str, tally: &Tally, has_problem: bool) {
        let Some(first) = &tally.first_reject else { return };
        let Tally { n_events, n_rejects, .. } = tally;
        if *n_events == 0 && !has_problem {
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
    fn count(&mut self, log: &LogReader, tally: &mut Tally) {
        let (on_disk, inflated) = (log.compressed_offset(), log.offset());
        self.batch.bytes_on_disk += on_disk.saturating_sub(tally.on_disk);
        self.batch.bytes += inflated.saturating_sub(tally.inflated);
        (tally.on_disk, tally.inflated) = (on_disk, inflated);
    }

    /// Takes in one record; says where and why when it is no event.
    fn record(&mut self, name: &str, record: Record<'_>) -> Option<String> {
        let Record { offset, bytes, kind } = record;
        let (reason, detail) = match kind {
            RecordKind::Object => match cowrie_parse::parse(bytes) {
                Ok(event) => {
                    self.batch.add_event(event);
                    return None;
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
        let reject = format!("at byte {offset}: {detail}");
        let letter = letters::of_content(name, offset, bytes, reason, detail);
        if kind == RecordKind::TooLong {
            self.too_long = Some(letter);
        } else {
            self.batch.add_letter(letter);
        }
        Some(reject)
    }

    fn problem(&mut self, name: &str, problem: String) {
        self.batch.problems.push(FileProblem { file: name.to_owned(), problem });
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        let batch = std::mem::take(&mut self.batch);
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

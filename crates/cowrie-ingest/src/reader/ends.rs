//! Where a log, or a part of it, begins or ends in the middle of something.

use chrono::{DateTime, Utc};
use cowrie_logfile::{Compression, LogReader, ReadLogError};
use cowrie_store::{CursorMemory, DeadLetter, Resolution, Settled};

use super::{MOST_LETTERS_OF_NO_LOG, Reader, describe};
use crate::tally::Tally;
use crate::{letters, place};

impl Reader<'_> {
    /// Keeps the end of a log, or lets it wait for the rest of its line.
    pub(super) fn end_without_end(&self, letter: DeadLetter, shown: String, tally: &mut Tally<'_>) {
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
    pub(super) fn end_of_too_long(
        &self,
        log: &LogReader,
        letter: DeadLetter,
        tally: &mut Tally<'_>,
    ) {
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
    pub(super) fn end_of_head(
        &self,
        log: &LogReader,
        tally: &mut Tally<'_>,
        behind: Option<(DateTime<Utc>, &Option<String>)>,
    ) {
        let Some(letter) = tally.head.take() else { return };
        let is_alone = behind.is_none() && log.offset() <= letter.length + 1;
        if is_alone && tally.input.may_grow {
            tally.n_rejects -= 1;
            tally.first_reject = None;
            tally.waiting_bytes = letter.length;
            self.filling.lock().waiting_files += 1;
            return;
        }
        let (beside_at, sensor) = behind.unzip();
        self.reject(DeadLetter { beside_at, sensor: sensor.cloned().flatten(), ..letter });
    }

    /// Ends, at `end`, the stretch of a file that gave no event and no more letters.
    pub(super) fn end_of_no_log(
        &self,
        name: &str,
        log: &LogReader,
        end: u64,
        tally: &mut Tally<'_>,
    ) {
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
    pub(super) fn damage(
        &self,
        name: &str,
        log: &LogReader,
        error: &ReadLogError,
        tally: &mut Tally<'_>,
    ) {
        let reason = match error {
            ReadLogError::Read { .. } => "unreadable_file",
            ReadLogError::Damaged { .. } => "damaged_file",
            ReadLogError::TooBig { .. } | ReadLogError::TooDense { .. } => "too_big",
        };
        if tally.input.may_grow && is_cut_short(error) {
            // An archive that is still being written: it is read again when it has changed.
            self.filling.lock().waiting_files += u64::from(tally.waiting_bytes == 0);
            tally.waiting_bytes = tally.waiting_bytes.max(1);
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

    /// Settles the letters about an end that turned out not to be the end.
    pub(super) fn settle(&self, log: &LogReader, tally: &Tally<'_>) {
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
    pub(super) fn keep_place(&self, log: &LogReader, tally: &Tally<'_>) {
        let is_archive = log.compression() != Compression::Plain;
        if tally.head.is_some() || (is_archive && !tally.is_read) {
            return;
        }
        let (last_event_at, sensor) = tally.last.clone().unzip();
        // Without the stamp the file is looked at again: there is more in it than was read.
        let stamp = log.stat().filter(|_| tally.is_read).map(|stat| stat.stamp.clone());
        let memory = CursorMemory {
            stamp: stamp.unwrap_or_default(),
            waiting_bytes: tally.waiting_bytes,
            letters: tally.end_letters.clone(),
            last_event_at,
            sensor: sensor.flatten(),
        };
        if let Some(cursor) = place::cursor(log, memory, tally.n_events > 0) {
            self.filling.lock().set_cursor(cursor);
        }
    }
}

fn is_cut_short(error: &ReadLogError) -> bool {
    matches!(error, ReadLogError::Damaged { source, .. }
        if source.kind() == std::io::ErrorKind::UnexpectedEof)
}

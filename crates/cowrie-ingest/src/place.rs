//! How far a file is read, as its cursor keeps it.

use chrono::{DateTime, Utc};
use cowrie_logfile::{Compression, LogReader, Mark};
use cowrie_logfind::FileStat;
use cowrie_store::{Cursor, CursorMemory};

use crate::plan::cursor_name;

/// The cursor of a log that is read up to its mark; nothing for what is no file.
///
/// One without an event so far is read from its start again when it changes: what it holds is
/// judged as a whole.
pub(crate) fn cursor(log: &LogReader, memory: CursorMemory, has_events: bool) -> Option<Cursor> {
    let stat = log.stat()?;
    let mark = log.mark();
    let is_plain = log.compression() == Compression::Plain;
    let cursor = Cursor {
        source: cursor_name(log.path()),
        device: stat.device,
        inode: stat.inode,
        file_size: stat.size,
        modified_at: modified_at(stat),
        offset: if has_events || !is_plain { mark.offset } else { 0 },
        front: (has_events || !is_plain).then_some(mark.front),
        check: (has_events && is_plain).then_some(mark.check),
        memory,
    };
    Some(cursor)
}

/// The cursor of a file of which only the name or the times are others.
pub(crate) fn moved(known: &Cursor, log: &LogReader) -> Option<Cursor> {
    let stat = log.stat()?;
    let memory = CursorMemory { stamp: stat.stamp.clone(), ..known.memory.clone() };
    Some(Cursor {
        source: cursor_name(log.path()),
        device: stat.device,
        inode: stat.inode,
        modified_at: modified_at(stat),
        memory,
        ..known.clone()
    })
}

/// Whether a log is the one of a cursor, as far as its beginning tells.
pub(crate) fn is_of(known: &Cursor, log: &LogReader) -> bool {
    let Some(front) = known.front.clone() else { return false };
    let mark = Mark { offset: known.offset, front, check: String::new() };
    let is_plain = log.compression() == Compression::Plain;
    mark.is_of(if is_plain { log.inflated_front() } else { log.front() })
}

fn modified_at(stat: &FileStat) -> Option<DateTime<Utc>> {
    stat.modified.map(DateTime::from)
}

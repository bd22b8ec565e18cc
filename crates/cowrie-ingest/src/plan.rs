//! Decides which of the logs that were found are read, and from where.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use cowrie_core::hex;
use cowrie_logfile::{Compression, Limits, LogReader, Mark, open, resume};
use cowrie_logfind::{FileStat, Source};
use cowrie_store::{Cursor, LostLog};
use sha2::{Digest as _, Sha256};

use crate::input::{From, Input};
use crate::place;

/// Among so many first records the first event of a log is looked for.
const FIRST_RECORDS: usize = 100;

/// How logs are planned.
#[derive(Clone, Copy, Debug)]
pub struct PlanOptions {
    /// The time now.
    pub now: DateTime<Utc>,
    /// How long after the last write to a file its end is final.
    pub settle: Duration,
    /// Bounds on a file's content.
    pub limits: Limits,
}

/// What is to be read.
#[derive(Debug, Default)]
pub struct Plan {
    /// The logs to read, in the order in which they were found.
    pub inputs: Vec<Input>,
    /// Files that are as they were, and were not opened.
    pub unchanged: u64,
}

/// Plans to read each log from its start, whatever the cursors say.
pub fn plan_whole(sources: Vec<Source>, cursors: &[Cursor]) -> Plan {
    let known = Known::of(cursors);
    let input = |source: Source| {
        let cursor = known.by_path.get(cursor_name(source.path()).as_str());
        Input { known: cursor.map(|cursor| (*cursor).clone()), ..Input::whole(source) }
    };
    Plan { inputs: sources.into_iter().map(input).collect(), unchanged: 0 }
}

/// Plans to read what the cursors do not know yet. Looks at every file, and opens those only
/// that are not as they were.
///
/// A file is the one of a cursor when it has the cursor's inode and still holds the bytes by which
/// the cursor knows it, whatever its name is now. Any other is read from its start.
pub fn plan_new(sources: Vec<Source>, cursors: &[Cursor], options: PlanOptions) -> Plan {
    let known = Known::of(cursors);
    let mut planner = Planner { known, options, plan: Plan::default(), suspects: Vec::new() };
    let mut stats = Vec::new();
    for source in sources {
        match FileStat::of(source.path()) {
            Ok(stat) if source != Source::Stdin => {
                stats.push((stat.device, stat.inode));
                planner.file(source, &stat);
            }
            // What cannot be looked at is told of when it cannot be opened.
            _ => planner.plan.inputs.push(Input::whole(source)),
        }
    }
    planner.losses(&stats);
    planner.plan
}

/// The name under which the cursor of a file is kept: it does not depend on the folder in which
/// a program is started.
pub(crate) fn cursor_name(path: &Path) -> String {
    let name = path.canonicalize().or_else(|_| std::path::absolute(path));
    name.as_deref().unwrap_or(path).to_string_lossy().into_owned()
}

/// The mark of a plain log that was read up to somewhere.
pub(crate) fn mark_of(cursor: &Cursor) -> Option<Mark> {
    let (front, check) = (cursor.front.clone()?, cursor.check.clone()?);
    (cursor.offset > 0).then_some(Mark { offset: cursor.offset, front, check })
}

/// The cursors, by what they are looked for.
struct Known<'a> {
    by_path: HashMap<&'a str, &'a Cursor>,
    by_file: HashMap<(u64, u64), &'a Cursor>,
}

impl<'a> Known<'a> {
    fn of(cursors: &'a [Cursor]) -> Self {
        let mut by_file: HashMap<(u64, u64), &Cursor> = HashMap::new();
        for cursor in cursors {
            let best = by_file.entry((cursor.device, cursor.inode)).or_insert(cursor);
            if cursor.offset > best.offset {
                *best = cursor;
            }
        }
        Self { by_path: cursors.iter().map(|c| (c.source.as_str(), c)).collect(), by_file }
    }

    /// The cursor of a file by its inode. Under the same name the device may have another number:
    /// some file systems get a new one with each mount.
    fn of_file(&self, name: &str, stat: &FileStat) -> Option<&'a Cursor> {
        let same = self.by_path.get(name).filter(|cursor| cursor.inode == stat.inode);
        same.or_else(|| self.by_file.get(&(stat.device, stat.inode))).copied()
    }
}

struct Planner<'a> {
    known: Known<'a>,
    options: PlanOptions,
    plan: Plan,
    /// Cursors whose content is not under their name any more, with the place of the input that
    /// is there now.
    suspects: Vec<(&'a Cursor, usize)>,
}

impl Planner<'_> {
    fn file(&mut self, source: Source, stat: &FileStat) {
        let name = cursor_name(source.path());
        let is_settled = self.is_settled(stat);
        let known = self.known.of_file(&name, stat);
        let mut may_grow = !is_settled;
        let mut from = From::Start;
        if let Some(cursor) = known {
            let is_same = cursor.source == name && is_as_it_was(cursor, stat);
            if is_same && !(is_waiting(cursor) && is_settled) {
                self.plan.unchanged += 1;
                return;
            }
            from = where_to_go_on(cursor, &name, &source, stat, self.options.limits);
            may_grow &= from == From::Start || !is_renamed(cursor, &name);
        }
        if from == From::Start
            && let Some(before) = self.known.by_path.get(name.as_str())
            && mark_of(before).is_some()
        {
            self.suspects.push((before, self.plan.inputs.len()));
        }
        let known = known.or_else(|| self.known.by_path.get(name.as_str()).copied()).cloned();
        self.plan.inputs.push(Input { source, from, known, may_grow, lost: None });
    }

    fn is_settled(&self, stat: &FileStat) -> bool {
        let Some(modified) = stat.modified else { return true };
        let age = SystemTime::from(self.options.now).duration_since(modified);
        age.is_ok_and(|age| age >= self.options.settle)
    }

    /// Finds out whose content went away: it is in no file under another name, nor in one that is
    /// begun now, such as a copy or an archive of it.
    fn losses(&mut self, found: &[(u64, u64)]) {
        let suspects = std::mem::take(&mut self.suspects);
        if suspects.is_empty() {
            return;
        }
        let begun = self.plan.inputs.iter().enumerate();
        let begun = begun.filter(|(_, input)| input.from == From::Start);
        let looks: HashMap<usize, Look> =
            begun.map(|(at, input)| (at, Look::at(&input.source, self.options.limits))).collect();
        for (cursor, at) in suspects {
            let now = self.plan.inputs.get(at).and_then(|i| FileStat::of(i.source.path()).ok());
            let is_same_file = now.is_some_and(|stat| stat.inode == cursor.inode);
            let is_elsewhere = !is_same_file && found.contains(&(cursor.device, cursor.inode));
            let is_copied = looks
                .values()
                .any(|look| mark_of(cursor).is_some_and(|mark| mark.is_of(&look.front)));
            if is_elsewhere || is_copied {
                continue;
            }
            let next_event_at = looks.get(&at).and_then(|look| look.first_event_at);
            if let Some(input) = self.plan.inputs.get_mut(at) {
                input.lost = Some(lost(cursor, is_same_file, next_event_at));
            }
        }
    }
}

/// Whether nothing was done to a file since its cursor was written.
pub(crate) fn is_as_it_was(cursor: &Cursor, stat: &FileStat) -> bool {
    cursor.file_size == stat.size && cursor.memory.stamp == stat.stamp
}

/// Whether the end of a file waits for more, and is no letter yet.
pub(crate) fn is_waiting(cursor: &Cursor) -> bool {
    cursor.memory.waiting_bytes > 0 && cursor.memory.letters.is_empty()
}

/// Whether the file of a cursor has another name now: whoever wrote it writes elsewhere.
fn is_renamed(cursor: &Cursor, name: &str) -> bool {
    let is_still_there = || {
        let stat = FileStat::of(Path::new(&cursor.source));
        stat.is_ok_and(|stat| stat.inode == cursor.inode)
    };
    cursor.source != name && !is_still_there()
}

/// Whether a file that was read to its end may hold something else at the same size: it was
/// written to, or it has its name still and anything about it changed.
fn is_edited(cursor: &Cursor, name: &str, stat: &FileStat) -> bool {
    let written = |stamp: &str| stamp.split_once('/').map(|(written, _)| written.to_owned());
    let is_read = !cursor.memory.stamp.is_empty() && cursor.file_size == stat.size;
    let is_written = written(&cursor.memory.stamp) != written(&stat.stamp);
    let is_touched = cursor.source == name && cursor.memory.stamp != stat.stamp;
    is_read && (is_written || is_touched)
}

/// Where to go on in a file that has the inode of a cursor.
fn where_to_go_on(
    cursor: &Cursor,
    name: &str,
    source: &Source,
    stat: &FileStat,
    limits: Limits,
) -> From {
    if is_edited(cursor, name, stat) {
        return From::Start;
    }
    if let Some(mark) = mark_of(cursor) {
        let resumed = resume(source.path(), &mark, limits);
        return if matches!(resumed, Ok(Some(_))) { From::Cursor } else { From::Start };
    }
    // An archive is read whole or not at all.
    let is_untouched =
        cursor.file_size == stat.size && cursor.check.is_none() && !is_waiting(cursor);
    let is_read = is_untouched
        && open(source, limits)
            .is_ok_and(|log| log.compression() != Compression::Plain && place::is_of(cursor, &log));
    if is_read { From::Nowhere } else { From::Start }
}

/// What a log begins with.
#[derive(Default)]
struct Look {
    front: Vec<u8>,
    first_event_at: Option<DateTime<Utc>>,
}

impl Look {
    fn at(source: &Source, limits: Limits) -> Self {
        let Ok(mut log) = open(source, limits) else { return Self::default() };
        let first_event_at = (0..FIRST_RECORDS).find_map(|_| next_time(&mut log));
        Self { front: log.inflated_front().to_vec(), first_event_at }
    }
}

/// The time of the next record, if it is an event.
fn next_time(log: &mut LogReader) -> Option<DateTime<Utc>> {
    let record = log.next().ok()??;
    Some(cowrie_parse::parse(record.bytes).ok()?.at)
}

fn lost(cursor: &Cursor, is_same_file: bool, next: Option<DateTime<Utc>>) -> LostLog {
    let mut digest = Sha256::new();
    digest.update(&cursor.source);
    digest.update([0]);
    digest.update(cursor.front.as_deref().unwrap_or_default());
    digest.update(cursor.offset.to_be_bytes());
    LostLog {
        gap_id: hex(digest.finalize().get(..16).unwrap_or_default()),
        source: cursor.source.clone(),
        sensor: cursor.memory.sensor.clone(),
        kind: if is_same_file { "emptied" } else { "replaced" },
        last_offset: cursor.offset,
        last_event_at: cursor.memory.last_event_at,
        next_event_at: next,
    }
}

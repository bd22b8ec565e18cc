//! The laws of reading on in a log that has grown, and of knowing that one is another by now.
#![expect(clippy::panic, reason = "a law says by panicking what it saw")]

use std::fs;
use std::path::Path;

use cowrie_logfile::{Compression, Limits, LogReader, Mark, RecordKind, open, resume};
use cowrie_logfind::Source;

/// So many bytes at the front of a log, and before its mark, are looked at when it is resumed.
const FRONT_BYTES: usize = 1024;
const CHECKED_BYTES: usize = 256;

/// Offset, bytes and kind of each record that was given out for good.
type Given = Vec<(u64, Vec<u8>, RecordKind)>;

/// The first byte is the longest record, the next three say how much of the log there was at each
/// look, the fifth which byte is another in the end; the rest is the log.
pub fn check(data: &[u8]) {
    let [limit, one, two, three, other, log @ ..] = data else { return };
    if Compression::of(log) != Compression::Plain {
        return;
    }
    let limits = Limits { max_record_bytes: 16 + usize::from(*limit) * 4, ..Limits::STANDARD };
    let part = |of: usize, byte: u8| of * usize::from(byte) / 255;
    let mut cuts = [*one, *two, *three].map(|byte| part(log.len(), byte));
    cuts.sort_unstable();
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => panic!("there is no folder for a log: {error}"),
    };
    let path = folder.path().join("cowrie.json");
    let (whole, _) = read_growing(&path, log, &[], limits);
    let (grown, mark) = read_growing(&path, log, &cuts, limits);
    assert_eq!(grown, whole, "of {} bytes, looked at when there were {cuts:?}", log.len());
    if let Some(mark) = mark {
        let place = part(usize::try_from(mark.offset).unwrap_or(usize::MAX) - 1, *other);
        check_another(&path, log, &mark, place, limits);
    }
}

/// Writes the log piece by piece, and reads on behind each.
fn read_growing(path: &Path, log: &[u8], cuts: &[usize], limits: Limits) -> (Given, Option<Mark>) {
    let (mut given, mut mark) = (Given::new(), None::<Mark>);
    for cut in cuts.iter().copied().chain([log.len()]) {
        write(path, log.get(..cut).unwrap_or_default());
        let mut log = match &mark {
            Some(mark) => match resume(path, mark, limits) {
                Ok(Some(log)) => log,
                other => panic!("a log that grew is not known again: {other:?}, {mark:?}"),
            },
            None => match open(&Source::File { path: path.to_owned(), size: 0 }, limits) {
                Ok(log) => log,
                Err(error) => panic!("the log cannot be opened: {error}"),
            },
        }
        .growing();
        given.extend(given_for_good(&mut log));
        let here = log.mark();
        assert!(usize::try_from(here.offset).is_ok_and(|offset| offset <= cut), "{here:?}, {cut}");
        assert!(mark.is_none_or(|before| before.offset <= here.offset), "{here:?} went back");
        mark = Some(here).filter(|mark| mark.offset > 0);
    }
    (given, mark)
}

/// The records up to the end, but for one that has no end yet.
fn given_for_good(log: &mut LogReader) -> Given {
    let mut given = Given::new();
    let mut is_front = false;
    loop {
        let record = match log.next() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(error) => panic!("a plain log cannot be damaged: {error}"),
        };
        is_front = record.kind == RecordKind::TooLong;
        if record.kind != RecordKind::Torn {
            given.push((record.offset, record.bytes.to_vec(), record.kind));
        }
    }
    if is_front && log.is_skipping() {
        given.pop();
    }
    given
}

/// A log with another byte where it is looked at is not taken for the one of the mark.
fn check_another(path: &Path, log: &[u8], mark: &Mark, place: usize, limits: Limits) {
    let offset = usize::try_from(mark.offset).unwrap_or(usize::MAX);
    if place >= FRONT_BYTES && place + CHECKED_BYTES < offset {
        return;
    }
    let mut another = log.to_vec();
    another.get_mut(place).into_iter().for_each(|byte| *byte ^= 1);
    write(path, &another);
    let resumed = resume(path, mark, limits);
    assert!(matches!(resumed, Ok(None)), "byte {place} is another: {resumed:?}, {mark:?}");
}

fn write(path: &Path, bytes: &[u8]) {
    if let Err(error) = fs::write(path, bytes) {
        panic!("a log cannot be written: {error}");
    }
}

//! A log in memory, read to its end.

use std::io::{self, Read};
use std::path::PathBuf;

use cowrie_logfile::{Compression, Limits, LogReader, ReadLogError, RecordKind};

/// Bytes that arrive in pieces of at most `size`.
pub(crate) struct Pieces {
    bytes: Vec<u8>,
    given: usize,
    size: usize,
}

impl Pieces {
    pub(crate) fn new(bytes: &[u8], size: usize) -> Self {
        Self { bytes: bytes.to_vec(), given: 0, size: size.max(1) }
    }
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let rest = self.bytes.get(self.given..).unwrap_or_default();
        let count = rest.len().min(self.size).min(out.len());
        out.iter_mut().zip(rest).take(count).for_each(|(to, from)| *to = *from);
        self.given += count;
        Ok(count)
    }
}

/// A record, and where the reader stood once the next one was asked for.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Piece {
    pub(crate) offset: usize,
    pub(crate) bytes: Vec<u8>,
    pub(crate) kind: RecordKind,
    /// Where the record really ended, if it was too long.
    pub(crate) skipped_to: usize,
}

impl Piece {
    pub(crate) fn end(&self) -> usize {
        self.offset + self.bytes.len()
    }
}

/// How a log ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    Well,
    Damaged,
    TooBig,
    TooDense,
}

/// All that a reader said of a log.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Told {
    pub(crate) compression: Compression,
    pub(crate) records: Vec<Piece>,
    pub(crate) padding_bytes: usize,
    pub(crate) length: usize,
    pub(crate) end: End,
}

/// Reads a log to its end, from bytes that arrive in pieces of at most `size`.
pub(crate) fn read(bytes: &[u8], size: usize, limits: Limits) -> Told {
    read_from(open(bytes, size, limits), bytes.len())
}

/// Reads a log as one that may grow: no record but the last depends on where it ends.
pub(crate) fn read_growing(bytes: &[u8], size: usize, limits: Limits) -> Told {
    read_from(open(bytes, size, limits).growing(), bytes.len())
}

fn open(bytes: &[u8], size: usize, limits: Limits) -> LogReader {
    let opened = LogReader::from_read(PathBuf::from("fuzzed"), Pieces::new(bytes, size), limits);
    assert!(opened.is_ok(), "a log in memory cannot be opened: {opened:?}");
    let Ok(log) = opened else { unreachable!() };
    log
}

fn read_from(mut log: LogReader, length: usize) -> Told {
    let mut records: Vec<Piece> = Vec::new();
    let end = loop {
        let next = log.next().map(|record| {
            let record = record?;
            let (offset, bytes) = (place(record.offset), record.bytes.to_vec());
            Some(Piece { offset, bytes, kind: record.kind, skipped_to: 0 })
        });
        if let Some(last) = records.last_mut().filter(|last| last.kind == RecordKind::TooLong) {
            last.skipped_to = place(log.skipped_to());
        }
        match next {
            Ok(Some(piece)) => records.push(piece),
            Ok(None) => break End::Well,
            Err(error) => break end_of(&error),
        }
    };
    assert!(matches!(log.next(), Ok(None)), "something comes behind the end");
    assert!(place(log.compressed_offset()) <= length, "more was used up than there is");
    Told {
        compression: log.compression(),
        records,
        padding_bytes: place(log.padding_bytes()),
        length: place(log.offset()),
        end,
    }
}

fn end_of(error: &ReadLogError) -> End {
    assert!(!matches!(error, ReadLogError::Read { .. }), "memory cannot fail: {error:?}");
    match error {
        ReadLogError::TooBig { .. } => End::TooBig,
        ReadLogError::TooDense { .. } => End::TooDense,
        ReadLogError::Read { .. } | ReadLogError::Damaged { .. } => End::Damaged,
    }
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

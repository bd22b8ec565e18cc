//! Opens a log and reads its records.

use std::fmt;
use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::compression::{Compression, SNIFFED_BYTES};
use crate::find::Source;
use crate::framer::Framer;
use crate::inflate::{Failure, inflater};
use crate::input::Input;
use crate::limits::Limits;
use crate::record::Record;

/// How much of a file's front is kept, in bytes.
const FRONT_BYTES: usize = 1024;

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenLogError {
    /// The file is missing, may not be read, or its first bytes could not be read.
    #[error("failed to open log `{path}`")]
    Open {
        /// The log.
        path: PathBuf,
        /// Why the system refused.
        source: io::Error,
    },
    /// A directory, pipe, socket or device. Reading a pipe could wait for ever; standard input is
    /// the way to read one.
    #[error("log `{path}` is {kind}, not a file")]
    NotAFile {
        /// The log.
        path: PathBuf,
        /// What it is instead.
        kind: &'static str,
    },
    /// The decoder of the log's compression could not be set up.
    #[error("failed to set up the {compression} decoder for log `{path}`")]
    Decoder {
        /// The log.
        path: PathBuf,
        /// What the log is compressed with.
        compression: Compression,
        /// Why the decoder refused.
        source: io::Error,
    },
}

/// Why a log could not be read to its end. All records before that have been given out.
#[derive(Debug, thiserror::Error)]
pub enum ReadLogError {
    /// The disk, pipe or network failed.
    #[error("failed to read log `{path}` after {compressed_offset} bytes")]
    Read {
        /// The log.
        path: PathBuf,
        /// How many bytes of the file had been used up.
        compressed_offset: u64,
        /// Why the system failed.
        source: io::Error,
    },
    /// The archive is cut short, its bytes or checksums are wrong, or something else follows it.
    ///
    /// A bzip2 block is given out only after its checksum was compared. gzip, xz and zstd keep
    /// their checksums behind more data than fits in memory, so records since the last one were
    /// given out unchecked.
    #[error(
        "failed to inflate log `{path}` after {offset} bytes ({compressed_offset} bytes of the file)"
    )]
    Damaged {
        /// The log.
        path: PathBuf,
        /// How many inflated bytes were given out.
        offset: u64,
        /// How many bytes of the file had been used up.
        compressed_offset: u64,
        /// What was wrong.
        source: io::Error,
    },
    /// The archive inflates beyond [`Limits::max_inflated_bytes`].
    #[error("log `{path}` inflates to more than the limit of {limit} bytes")]
    TooBig {
        /// The log.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The archive inflates beyond [`Limits::max_inflation_ratio`].
    #[error("log `{path}` inflates to more than the limit of {limit} times its size")]
    TooDense {
        /// The log.
        path: PathBuf,
        /// The limit, in times the compressed size.
        limit: u64,
    },
}

/// Reads one log, record by record, in memory that does not grow with the log.
pub struct LogReader {
    path: PathBuf,
    compression: Compression,
    front: Vec<u8>,
    framer: Framer,
}

/// Opens what [`find`](crate::find()) found. Blocks for the first bytes of standard input.
pub fn open(source: &Source, limits: Limits) -> Result<LogReader, OpenLogError> {
    match source {
        Source::File { path, .. } => {
            let file = open_file(path)?;
            LogReader::from_read(path.clone(), file, limits)
        }
        Source::Stdin => LogReader::from_read(source.path().to_owned(), io::stdin(), limits),
    }
}

impl LogReader {
    /// Reads a log from anything that gives bytes; `path` is what errors call it.
    pub fn from_read(
        path: PathBuf,
        medium: impl Read + Send + 'static,
        limits: Limits,
    ) -> Result<Self, OpenLogError> {
        let mut input = Input::new(Box::new(medium));
        let front = match input.peek(SNIFFED_BYTES) {
            Ok(first) => first.get(..FRONT_BYTES).unwrap_or(first).to_vec(),
            Err(source) => return Err(OpenLogError::Open { path, source }),
        };
        let compression = Compression::of(&front);
        match inflater(input, compression, limits) {
            Ok(inflate) => {
                let framer = Framer::new(inflate, limits.max_record_bytes);
                Ok(Self { path, compression, front, framer })
            }
            Err(failure) => {
                let source = reason(failure);
                Err(OpenLogError::Decoder { path, compression, source })
            }
        }
    }

    /// The next record; `None` at the end of the log. An error is returned once, after all records
    /// before it, and ends the log.
    #[expect(clippy::should_implement_trait, reason = "the record borrows from the reader")]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, ReadLogError> {
        // The borrow checker does not see that a record ends the call; hence two questions.
        if !self.framer.advance() {
            return match self.framer.take_failure() {
                Some(failure) => Err(self.error(failure)),
                None => Ok(None),
            };
        }
        Ok(self.framer.record())
    }

    /// How many bytes of the file have been used up, for progress. What is in memory counts.
    pub fn compressed_offset(&self) -> u64 {
        self.framer.consumed()
    }

    /// Where the next record is looked for, in bytes of the inflated log: all bytes before were
    /// given out or skipped.
    pub fn offset(&self) -> u64 {
        self.framer.offset()
    }

    /// Where the last record that was too long ended, in bytes of the inflated log; its
    /// [`Record::bytes`] are its front only. Known once the next record was asked for.
    pub fn skipped_to(&self) -> u64 {
        self.framer.skipped_to()
    }

    /// The first bytes of the file itself, by which it can be told from another of its name: a
    /// kilobyte, or what there is.
    pub fn front(&self) -> &[u8] {
        &self.front
    }

    /// How the log is compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// How many NUL bytes between records have been skipped. A crash leaves runs of them.
    pub fn padding_bytes(&self) -> u64 {
        self.framer.padding_bytes()
    }

    /// The log, as it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, failure: Failure) -> ReadLogError {
        let path = self.path.clone();
        let compressed_offset = self.compressed_offset();
        match failure {
            Failure::Medium(source) => ReadLogError::Read { path, compressed_offset, source },
            Failure::Damaged(source) => {
                ReadLogError::Damaged { path, offset: self.offset(), compressed_offset, source }
            }
            Failure::TooBig { limit } => ReadLogError::TooBig { path, limit },
            Failure::TooDense { limit } => ReadLogError::TooDense { path, limit },
        }
    }
}

impl fmt::Debug for LogReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogReader")
            .field("path", &self.path)
            .field("compression", &self.compression)
            .field("offset", &self.offset())
            .finish_non_exhaustive()
    }
}

/// Opens a regular file and nothing else; asks before, because opening a pipe waits.
fn open_file(path: &Path) -> Result<File, OpenLogError> {
    let failed = |source| OpenLogError::Open { path: path.to_owned(), source };
    let kind = fs::metadata(path).map_err(failed)?.file_type();
    if kind.is_file() {
        return File::open(path).map_err(failed);
    }
    Err(OpenLogError::NotAFile { path: path.to_owned(), kind: name_of(kind) })
}

#[cfg(unix)]
fn name_of(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;

    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn name_of(kind: FileType) -> &'static str {
    if kind.is_dir() { "a directory" } else { "something else" }
}

/// The system's or the decoder's reason in a failure to set up.
fn reason(failure: Failure) -> io::Error {
    match failure {
        Failure::Medium(source) | Failure::Damaged(source) => source,
        Failure::TooBig { .. } | Failure::TooDense { .. } => io::ErrorKind::FileTooLarge.into(),
    }
}

//! Opens a log and reads its records.

use std::fmt;
use std::fs::{self, File, FileType};
use std::io::{self, Read, Seek as _};
use std::path::{Path, PathBuf};

use cowrie_logfind::{FileStat, Source};

use crate::compression::{Compression, SNIFFED_BYTES};
use crate::framer::Framer;
use crate::inflate::{Failure, inflater};
use crate::input::{Input, length};
use crate::limits::Limits;
use crate::mark::{FRONT_BYTES, Mark};
use crate::record::Record;
use crate::window::Window;

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
    stat: Option<FileStat>,
    /// Bytes of the file that were passed over.
    skipped: u64,
    framer: Framer,
}

/// Opens what [`find`](cowrie_logfind::find()) found. Blocks for the first bytes of standard input.
pub fn open(source: &Source, limits: Limits) -> Result<LogReader, OpenLogError> {
    match source {
        Source::File { path, .. } => {
            let (file, stat) = open_file(path)?;
            let log = LogReader::from_read(path.clone(), file, limits)?;
            Ok(LogReader { stat: Some(stat), ..log })
        }
        Source::Stdin => LogReader::from_read(source.path().to_owned(), io::stdin(), limits),
    }
}

/// Opens a plain log where it was left; `None` when it is not the log that the mark was made of,
/// or does not hold so much any more.
///
/// Of what was read before, only the first kilobyte and the last bytes are looked at again.
pub fn resume(path: &Path, mark: &Mark, limits: Limits) -> Result<Option<LogReader>, OpenLogError> {
    let failed = |source| OpenLogError::Open { path: path.to_owned(), source };
    let (mut file, stat) = open_file(path)?;
    if stat.size < mark.offset {
        return Ok(None);
    }
    let mut front = Vec::new();
    file.by_ref().take(length(FRONT_BYTES)).read_to_end(&mut front).map_err(failed)?;
    if Compression::of(&front) != Compression::Plain || !mark.is_of(&front) {
        return Ok(None);
    }
    let from = mark.offset - mark.n_checked();
    file.seek(io::SeekFrom::Start(from)).map_err(failed)?;
    let plain = inflater(Input::new(Box::new(file)), Compression::Plain, limits);
    let plain = plain.map_err(|failure| failed(reason(failure)))?;
    let window = Window::at(plain, limits.max_record_bytes, from, front.clone());
    let Some(framer) = Framer::resume(window, mark, limits.max_record_bytes) else {
        return Ok(None);
    };
    let (path, compression) = (path.to_owned(), Compression::Plain);
    Ok(Some(LogReader { path, compression, front, stat: Some(stat), skipped: from, framer }))
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
                let window = Window::new(inflate, limits.max_record_bytes);
                let framer = Framer::new(window, limits.max_record_bytes);
                Ok(Self { path, compression, front, stat: None, skipped: 0, framer })
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

    /// How many bytes of the file have been used up, for progress. What is in memory counts, and
    /// what was passed over when it was [resumed](resume).
    pub fn compressed_offset(&self) -> u64 {
        self.skipped + self.framer.consumed()
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

    /// Takes the end of the log for the end of what has been written so far: what has no end there
    /// is [`RecordKind::Torn`](crate::RecordKind::Torn) whatever it looks like, and what was given
    /// out before stays as it is when more is written.
    #[must_use]
    pub fn growing(mut self) -> Self {
        self.framer.let_grow();
        self
    }

    /// By what the log is known again and where reading it can go on, which is never behind a
    /// record without an end. Only plain logs can be [resumed](resume); an archive is known by
    /// the first bytes of the file.
    pub fn mark(&self) -> Mark {
        let mark = self.framer.mark();
        match self.compression {
            Compression::Plain => mark,
            _ => Mark::new(mark.offset, &self.front, &[]),
        }
    }

    /// The first bytes of the log, inflated: a kilobyte, or what was read so far.
    pub fn inflated_front(&self) -> &[u8] {
        self.framer.front()
    }

    /// Whether the log went on, or ended, in the middle of a record that is too long.
    pub fn is_skipping(&self) -> bool {
        self.framer.is_skipping()
    }

    /// Which file it is and how it stood when it was opened; nothing for what is no file.
    pub fn stat(&self) -> Option<&FileStat> {
        self.stat.as_ref()
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
fn open_file(path: &Path) -> Result<(File, FileStat), OpenLogError> {
    let failed = |source| OpenLogError::Open { path: path.to_owned(), source };
    let kind = fs::metadata(path).map_err(failed)?.file_type();
    if kind.is_file() {
        let file = File::open(path).map_err(failed)?;
        let stat = FileStat::from_metadata(&file.metadata().map_err(failed)?);
        return Ok((file, stat));
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

//! From compressed bytes to plain ones, whatever the compression, within bounds.

mod bzip2;
mod bzip2_block;
mod gzip;
mod members;
mod xz;
mod zstd;

use std::io;

use crate::compression::Compression;
use crate::input::{Input, length};
use crate::limits::Limits;

/// Why no more bytes come.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The file, pipe or disk could not be read.
    Medium(io::Error),
    /// The bytes are not what the compression demands.
    Damaged(io::Error),
    /// More than [`Limits::max_inflated_bytes`].
    TooBig {
        /// The limit, in bytes.
        limit: u64,
    },
    /// More than [`Limits::max_inflation_ratio`].
    TooDense {
        /// The limit, in times the compressed size.
        limit: u64,
    },
}

/// A stream of inflated bytes.
///
/// Whatever was inflated before a failure is handed out before the failure is.
pub(crate) trait Inflate: Send {
    /// Writes some bytes into `out`, which is not empty; 0 at the end of the log.
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Failure>;

    /// How many bytes of the file have been used up.
    fn consumed(&self) -> u64;
}

/// Inflates `input`, which is compressed by `compression`, and holds it to `limits`.
pub(crate) fn inflater(
    input: Input,
    compression: Compression,
    limits: Limits,
) -> Result<Box<dyn Inflate>, Failure> {
    Ok(match compression {
        Compression::Plain => Box::new(Plain(input)),
        Compression::Gzip => bounded(members::Members::new(input, gzip::Gzip::new()), limits),
        Compression::Bzip2 => bounded(bzip2::Bzip2::new(input, limits.inflate_threads), limits),
        Compression::Xz => bounded(members::Members::new(input, xz::Xz::new()?), limits),
        Compression::Zstd => bounded(members::Members::new(input, zstd::Zstd::new()?), limits),
    })
}

fn bounded(inner: impl Inflate + 'static, limits: Limits) -> Box<dyn Inflate> {
    Box::new(Bounded { inner, limits, inflated: 0 })
}

/// A log that is not compressed.
struct Plain(Input);

impl Inflate for Plain {
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Failure> {
        self.0.read(out).map_err(Failure::Medium)
    }

    fn consumed(&self) -> u64 {
        self.0.consumed()
    }
}

/// Stops a decompression bomb.
struct Bounded<I> {
    inner: I,
    limits: Limits,
    inflated: u64,
}

impl<I: Inflate> Inflate for Bounded<I> {
    /// What is within the limits is handed out before the failure is.
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Failure> {
        let limit = self.limits.max_inflation_ratio;
        if self.inflated > Limits::RATIO_FREE_BYTES
            && self.inflated / self.inner.consumed().max(1) > limit
        {
            return Err(Failure::TooDense { limit });
        }
        let mut room = out;
        if let Some(limit) = self.limits.max_inflated_bytes {
            let left = limit.saturating_sub(self.inflated);
            if left == 0 {
                return match self.inner.read(&mut [0])? {
                    0 => Ok(0),
                    _ => Err(Failure::TooBig { limit }),
                };
            }
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(room.len());
            room = room.get_mut(..most).unwrap_or_default();
        }
        let count = self.inner.read(room)?;
        self.inflated += length(count);
        Ok(count)
    }

    fn consumed(&self) -> u64 {
        self.inner.consumed()
    }
}

/// The archive breaks a rule of its format.
fn damaged(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::Damaged(io::Error::new(io::ErrorKind::InvalidData, why))
}

/// The archive ends too early.
fn cut_short() -> Failure {
    Failure::Damaged(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive is cut short"))
}

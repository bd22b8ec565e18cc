//! bzip2 streams, inflated in parallel by block.
//!
//! A bzip2 file is a row of bits: a header, blocks that each begin with a 48-bit marker, and an
//! end marker with a checksum. This reader walks from block to block on the caller's thread. Ahead
//! of it, what looks like a marker is taken for one and the piece up to the next is given to
//! another thread. A look-alike in the middle of a block does no harm: the answer is then that the
//! block is cut short, or is never asked for, and the walk inflates the block itself.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::thread;

use pbz2::pbz2_core::{self, Error, MAX_COMPRESSED_BLOCK_BYTES, MarkerKind, Scanner};

use super::bzip2_block::{Answer, Block, Pool, Scratch, Segment, inflate_block};
use super::{Failure, Inflate, cut_short, damaged};
use crate::input::{Input, length};

const BLOCK_MAGIC: u64 = 0x3141_5926_5359;
const END_MAGIC: u64 = 0x1772_4538_5090;
const MAGIC_BITS: u64 = 48;
const CRC_BITS: u64 = 32;
const HEADER_BYTES: u64 = 4;
/// The bytes of a block that a level of 1 allows.
const LEVEL_BYTES: usize = 100_000;
/// More threads than this wait for the reader.
const MAX_THREADS: usize = 8;

/// Where the walk is. Positions are counted from the beginning of the file.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In front of a stream header, at this byte.
    Header(u64),
    /// In front of a block or the end of a stream, at this bit.
    Marker(u64),
    /// Behind a stream, at this byte: another one, zeros, or the end of the file.
    Between(u64),
}

/// A segment that another thread inflates, by its first bit in the file.
struct Job {
    start_bit: u64,
    /// What was taken off the bits in the segment.
    base_bit: u64,
    answer: Answer,
}

/// Reads bzip2 streams.
pub(super) struct Bzip2 {
    input: Input,
    /// The compressed bytes from `window_start` on that are still needed.
    window: Vec<u8>,
    window_start: u64,
    input_ended: bool,
    scanner: Scanner,
    markers: VecDeque<(MarkerKind, u64)>,
    jobs: VecDeque<Job>,
    pool: Pool,
    scratch: Scratch,
    place: Place,
    level: usize,
    stream_crc: u32,
    block: Option<Block>,
    /// Memory of blocks that have been read.
    spares: Vec<Vec<u8>>,
}

impl Bzip2 {
    pub(super) fn new(input: Input, threads: Option<NonZeroUsize>) -> Self {
        let threads = threads.map_or_else(
            || thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MAX_THREADS),
            NonZeroUsize::get,
        );
        Self {
            input,
            window: Vec::new(),
            window_start: 0,
            input_ended: false,
            scanner: Scanner::new(),
            markers: VecDeque::new(),
            jobs: VecDeque::new(),
            // One thread alone would only be waited for.
            pool: Pool::new(if threads > 1 { threads } else { 0 }),
            scratch: Scratch::new(),
            place: Place::Header(0),
            level: 0,
            stream_crc: 0,
            block: None,
            spares: Vec::new(),
        }
    }

    /// Walks to the next block; `None` at the end of the file.
    fn walk(&mut self) -> Result<Option<Block>, Failure> {
        loop {
            match self.place {
                Place::Header(byte) => self.header(byte)?,
                Place::Marker(bit) => {
                    if let Some(block) = self.marker(bit)? {
                        return Ok(Some(block));
                    }
                }
                Place::Between(byte) => match self.skip_zeros(byte)? {
                    Some(next) => self.place = Place::Header(next),
                    None => return Ok(None),
                },
            }
        }
    }

    fn header(&mut self, byte: u64) -> Result<(), Failure> {
        let end = byte + HEADER_BYTES;
        if !self.reach(end)? {
            return Err(cut_short());
        }
        self.level = match self.from(byte) {
            [b'B', b'Z', b'h', level @ b'1'..=b'9', ..] => usize::from(level - b'0'),
            _ => return Err(damaged("a bzip2 header was expected")),
        };
        self.stream_crc = 0;
        self.place = Place::Marker(end * 8);
        Ok(())
    }

    fn marker(&mut self, bit: u64) -> Result<Option<Block>, Failure> {
        let end = bit + MAGIC_BITS + CRC_BITS;
        if !self.reach(end.div_ceil(8))? {
            return Err(cut_short());
        }
        match self.bits(bit, MAGIC_BITS) {
            BLOCK_MAGIC => self.inflate(bit).map(Some),
            END_MAGIC if self.bits(bit + MAGIC_BITS, CRC_BITS) == u64::from(self.stream_crc) => {
                self.place = Place::Between(end.div_ceil(8));
                Ok(None)
            }
            END_MAGIC => Err(damaged("the bzip2 stream's checksum does not match")),
            _ => Err(damaged("a bzip2 block was expected")),
        }
    }

    /// Skips zeros from `byte` on; where something else begins, or `None` at the end.
    fn skip_zeros(&mut self, byte: u64) -> Result<Option<u64>, Failure> {
        self.forget(byte);
        loop {
            if let Some(zeros) = self.window.iter().position(|&byte| byte != 0) {
                return Ok(Some(self.window_start + length(zeros)));
            }
            self.forget(self.window_start + length(self.window.len()));
            if !self.read_on()? {
                return Ok(None);
            }
        }
    }

    /// The block at `bit`, and the walk's next place.
    fn inflate(&mut self, bit: u64) -> Result<Block, Failure> {
        self.forget(bit / 8);
        self.read_ahead()?;
        self.give_out_jobs();
        let (base_bit, block) = match self.answer(bit) {
            Some((base_bit, Ok(block))) => (base_bit, Ok(block)),
            Some((_, Err(Error::Truncated))) | None => {
                self.reach(self.window_start + length(MAX_COMPRESSED_BLOCK_BYTES) + 16)?;
                let base_bit = self.window_start * 8;
                let end_bit = length(self.window.len()) * 8;
                let spare = self.spares.pop().unwrap_or_default();
                let (window, scratch) = (&self.window, &mut self.scratch);
                (base_bit, inflate_block(window, bit - base_bit, end_bit, scratch, spare))
            }
            Some((_, Err(error))) => return Err(damaged(error)),
        };
        let block = match block {
            Ok(block) if block.length > self.level * LEVEL_BYTES => {
                return Err(damaged(Error::BlockTooLarge));
            }
            Ok(block) => block,
            Err(Error::Truncated) if self.input_ended => return Err(cut_short()),
            Err(error) => return Err(damaged(error)),
        };
        self.stream_crc = self.stream_crc.rotate_left(1) ^ block.crc;
        self.place = Place::Marker(base_bit + block.end_bit);
        Ok(block)
    }

    /// What another thread made of the block at `bit`, if one was asked.
    fn answer(&mut self, bit: u64) -> Option<(u64, Result<Block, Error>)> {
        while self.jobs.front()?.start_bit < bit {
            self.jobs.pop_front();
        }
        let job = self.jobs.pop_front_if(|job| job.start_bit == bit)?;
        let block = job.answer.recv().ok()?;
        Some((job.base_bit, block))
    }

    /// Gives the segments that are at hand to the other threads.
    fn give_out_jobs(&mut self) {
        while self.jobs.len() < self.most_jobs()
            && let Some(&(kind, start_bit)) = self.markers.front()
        {
            let end = self.window_start * 8 + length(self.window.len()) * 8;
            let end_bit = match self.markers.get(1) {
                Some(&(_, bit)) => bit,
                None if self.input_ended => end,
                None => return,
            };
            self.markers.pop_front();
            let base_byte = start_bit / 8;
            if kind != MarkerKind::Block || base_byte < self.window_start {
                continue;
            }
            let count = usize::try_from(end_bit.div_ceil(8) - base_byte).unwrap_or(usize::MAX);
            let bytes = self.from(base_byte);
            let bytes = bytes.get(..count).unwrap_or(bytes).to_vec();
            let base_bit = base_byte * 8;
            let spare = self.spares.pop().unwrap_or_default();
            let (start, end_bit) = (start_bit - base_bit, end_bit - base_bit);
            let segment = Segment { bytes, start_bit: start, end_bit, spare };
            let answer = self.pool.inflate(segment);
            self.jobs.push_back(Job { start_bit, base_bit, answer });
        }
    }

    /// How many segments are inflated or wait at the same time: enough that no thread waits for
    /// the slowest, few enough to keep their blocks in memory.
    fn most_jobs(&self) -> usize {
        4 * self.pool.count()
    }

    /// Reads until every thread has its segments, within bounds.
    fn read_ahead(&mut self) -> Result<(), Failure> {
        while self.jobs.len() + self.markers.len() <= self.most_jobs()
            && self.window.len() < MAX_COMPRESSED_BLOCK_BYTES * self.pool.count()
            && self.read_on()?
        {}
        Ok(())
    }

    /// Reads until the window reaches `end`; whether it does.
    fn reach(&mut self, end: u64) -> Result<bool, Failure> {
        while self.window_start + length(self.window.len()) < end {
            if !self.read_on()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads once; false at the end of the file.
    fn read_on(&mut self) -> Result<bool, Failure> {
        let chunk = self.input.chunk().map_err(Failure::Medium)?;
        let count = chunk.len();
        self.window.extend_from_slice(chunk);
        if self.pool.count() > 0 {
            let markers = &mut self.markers;
            self.scanner.scan(pbz2_core::native(), chunk, |marker| {
                markers.push_back((marker.kind, marker.bit));
            });
        }
        self.input.consume(count);
        self.input_ended = count == 0;
        Ok(count > 0)
    }

    /// Drops the window's bytes before `byte`.
    fn forget(&mut self, byte: u64) {
        let count = usize::try_from(byte.saturating_sub(self.window_start)).unwrap_or(usize::MAX);
        let count = count.min(self.window.len());
        self.window.drain(..count);
        self.window_start += length(count);
    }

    /// The window's bytes from `byte` on.
    fn from(&self, byte: u64) -> &[u8] {
        usize::try_from(byte.saturating_sub(self.window_start))
            .ok()
            .and_then(|index| self.window.get(index..))
            .unwrap_or_default()
    }

    /// At most 56 bits from `bit` on, which the window reaches.
    fn bits(&self, bit: u64, count: u64) -> u64 {
        let skipped = bit % 8;
        let n_bytes = (skipped + count).div_ceil(8);
        let value = self
            .from(bit / 8)
            .iter()
            .zip(0..n_bytes)
            .fold(0_u64, |value, (&byte, _)| value << 8 | u64::from(byte));
        value >> (n_bytes * 8 - skipped - count) & ((1 << count) - 1)
    }
}

impl Inflate for Bzip2 {
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Failure> {
        loop {
            if let Some(block) = &mut self.block {
                let count = block.read(out);
                if count > 0 {
                    return Ok(count);
                }
            }
            self.spares.extend(self.block.take().map(Block::into_spare));
            self.block = self.walk()?;
            if self.block.is_none() {
                return Ok(0);
            }
        }
    }

    fn consumed(&self) -> u64 {
        self.window_start
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use pbz2::Level;

    use super::*;

    /// Different lines, enough for several blocks of the lowest level.
    fn log() -> Vec<u8> {
        (0..60_000_u32)
            .flat_map(|n| format!("{:08x}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect()
    }

    fn reader(packed: Vec<u8>, threads: usize) -> Bzip2 {
        Bzip2::new(Input::new(Box::new(Cursor::new(packed))), NonZeroUsize::new(threads))
    }

    fn read_all(bzip2: &mut Bzip2) -> Result<Vec<u8>, Failure> {
        let mut all = Vec::new();
        let mut out = vec![0; 10_000];
        loop {
            match bzip2.read(&mut out)? {
                0 => return Ok(all),
                count => all.extend_from_slice(&out[..count]),
            }
        }
    }

    #[test]
    fn what_looks_like_a_marker_in_the_middle_of_a_block_does_no_harm() {
        let log = log();
        let mut bzip2 = reader(pbz2::compress(&log, Level::FASTEST), 2);
        while bzip2.read_on().unwrap() {}
        let real = std::mem::take(&mut bzip2.markers);
        assert!(real.len() > 4, "{}", real.len());
        for (kind, bit) in real {
            bzip2.markers.push_back((kind, bit));
            if kind == MarkerKind::End {
                continue;
            }
            for (kind, ahead) in
                [(MarkerKind::Block, 90), (MarkerKind::End, 1000), (MarkerKind::Block, 40_000)]
            {
                bzip2.markers.push_back((kind, bit + ahead));
            }
        }
        assert!(read_all(&mut bzip2).unwrap() == log);
    }

    #[test]
    fn a_block_of_long_runs_is_checked_before_it_is_given_out() {
        let log = vec![b'x'; 20 << 20];
        let packed = pbz2::compress(&log, Level::BEST);
        for threads in [1, 2] {
            assert!(read_all(&mut reader(packed.clone(), threads)).unwrap() == log);
            // The block's checksum stands behind the header and the block's marker.
            let mut wrong = packed.clone();
            wrong[10] ^= 1;
            let mut bzip2 = reader(wrong, threads);
            assert!(matches!(bzip2.read(&mut [0; 100]), Err(Failure::Damaged(_))));
        }
    }

    #[test]
    fn memory_is_bounded_while_reading_ahead() {
        let packed = pbz2::compress(&log(), Level::FASTEST).repeat(20);
        let mut bzip2 = reader(packed, 2);
        let mut out = vec![0; 1 << 20];
        while bzip2.read(&mut out).unwrap() > 0 {
            assert!(bzip2.jobs.len() <= bzip2.most_jobs());
            assert!(bzip2.window.len() < MAX_COMPRESSED_BLOCK_BYTES);
        }
    }
}

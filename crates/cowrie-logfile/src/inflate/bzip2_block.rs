//! bzip2 blocks, inflated and checked, on the caller's thread or on others.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use pbz2::pbz2_core::{self, BlockOutput, Error, Level, decode_block_into, decode_scratch_words};

/// The most bytes of one block that are inflated at once. Only a block of long runs of the same
/// byte is larger, and can be by a factor of fifty.
const MAX_BLOCK_BYTES: usize = 2 * 1024 * 1024;

/// The memory a thread needs to inflate blocks, kept from one block to the next.
pub(super) type Scratch = Vec<u32>;

/// A block whose checksum was right.
pub(super) struct Block {
    bytes: Vec<u8>,
    taken: usize,
    rest: Option<(BlockOutput, Vec<u32>)>,
    /// The first bit behind the block, counted as the segment's bits were.
    pub(super) end_bit: u64,
    /// The checksum of the block's bytes.
    pub(super) crc: u32,
    /// The length that a level limits, in bytes.
    pub(super) length: usize,
}

impl Block {
    /// Takes the next bytes of the block; 0 when there are no more.
    pub(super) fn read(&mut self, out: &mut [u8]) -> usize {
        let ready = self.bytes.get(self.taken..).unwrap_or_default();
        let count = ready.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), ready.get(..count)) {
            to.copy_from_slice(from);
        }
        self.taken += count;
        if count > 0 {
            return count;
        }
        self.rest.as_mut().map_or(0, |(output, words)| output.read(words, out))
    }

    /// The memory of a block that has been read.
    pub(super) fn into_spare(self) -> Vec<u8> {
        self.bytes
    }
}

/// A piece of a bzip2 file that begins with a block.
pub(super) struct Segment {
    pub(super) bytes: Vec<u8>,
    pub(super) start_bit: u64,
    pub(super) end_bit: u64,
    /// Memory to inflate into.
    pub(super) spare: Vec<u8>,
}

/// Inflates the block at `start_bit` of `bytes`, which must end before `end_bit`.
///
/// The whole block is inflated and its checksum compared before one byte of it is given out, so
/// that damage never looks like data. Of a block that is larger than [`MAX_BLOCK_BYTES`] the rest
/// is inflated a second time when it is read. `inflated` is memory to use for the block, whatever
/// is in it.
pub(super) fn inflate_block(
    bytes: &[u8],
    start_bit: u64,
    end_bit: u64,
    scratch: &mut Scratch,
    mut inflated: Vec<u8>,
) -> Result<Block, Error> {
    scratch.resize(decode_scratch_words(Level::BEST), 0);
    let mut output = decode(bytes, start_bit, end_bit, scratch)?;
    let length = usize::try_from(output.block_length()).unwrap_or(usize::MAX);
    inflated.resize((length + length / 8).min(MAX_BLOCK_BYTES), 0);
    let mut written = 0;
    while !output.is_finished()
        && let Some(room) = inflated.get_mut(written..)
        && !room.is_empty()
    {
        written += output.read(scratch, room);
    }
    inflated.truncate(written);
    let end_bit = output.end_bit();
    if output.is_finished() {
        let crc = output.finish()?;
        return Ok(Block { bytes: inflated, taken: 0, rest: None, end_bit, crc, length });
    }
    let crc = checked(output.clone(), scratch)?;
    let mut words = vec![0; output.byte_words()];
    let rest = output.move_bytes(scratch, &mut words)?;
    Ok(Block { bytes: inflated, taken: 0, rest: Some((rest, words)), end_bit, crc, length })
}

/// Reads the rest of a block for its checksum alone.
fn checked(mut output: BlockOutput, scratch: &[u32]) -> Result<u32, Error> {
    let mut thrown_away = vec![0; 64 * 1024];
    while !output.is_finished() {
        output.read(scratch, &mut thrown_away);
    }
    output.finish()
}

/// Uses SSE 4.2 where the processor has it, though the build does not demand it.
fn decode(bytes: &[u8], start: u64, end: u64, scratch: &mut [u32]) -> Result<BlockOutput, Error> {
    #[cfg(target_arch = "x86_64")]
    if let Some(token) = pbz2_core::fearless_simd::Level::new().as_sse4_2() {
        let backend = pbz2_core::Vectorized(token);
        return decode_block_into(backend, bytes, start, end, Level::BEST, scratch);
    }
    decode_block_into(pbz2_core::native(), bytes, start, end, Level::BEST, scratch)
}

/// Where the answer to one segment arrives.
pub(super) type Answer = Receiver<Result<Block, Error>>;

type Task = (Segment, Sender<Result<Block, Error>>);

/// Threads that inflate blocks, first come, first served. They end with the pool.
pub(super) struct Pool {
    tasks: Option<Sender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts `count` threads, or as many as the system allows.
    pub(super) fn new(count: usize) -> Self {
        let (sender, receiver) = channel();
        let tasks = Arc::new(Mutex::new(receiver));
        let start = |index| {
            let tasks = Arc::clone(&tasks);
            thread::Builder::new().name(format!("bzip2-{index}")).spawn(move || work(&tasks)).ok()
        };
        Self { tasks: Some(sender), threads: (0..count).map_while(start).collect() }
    }

    /// How many threads there are.
    pub(super) fn count(&self) -> usize {
        self.threads.len()
    }

    /// Gives a segment to the next thread that is free. An answer that never comes means that the
    /// threads are gone, and that the caller has to do the work.
    pub(super) fn inflate(&self, segment: Segment) -> Answer {
        let (sender, answer) = channel();
        if let Some(tasks) = &self.tasks {
            drop(tasks.send((segment, sender)));
        }
        answer
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.tasks = None;
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

/// What one thread does until its pool is dropped.
fn work(tasks: &Mutex<Receiver<Task>>) {
    let mut scratch = Scratch::new();
    loop {
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((segment, answer)) = task else {
            return;
        };
        let Segment { bytes, start_bit, end_bit, spare } = segment;
        let block = inflate_block(&bytes, start_bit, end_bit, &mut scratch, spare);
        // The one who asked may have gone on without the answer.
        drop(answer.send(block));
    }
}

//! The part of a log that is in memory.

use crate::inflate::{Failure, Inflate};
use crate::input::length;
use crate::mark::{CHECK_BYTES, FRONT_BYTES};

/// How many bytes are inflated at a time.
pub(crate) const CHUNK_BYTES: usize = 256 * 1024;

/// A buffer over a stream of inflated bytes. It grows to hold one record and never beyond.
///
/// The last [`CHECK_BYTES`] that were passed stay in it, and the log's first [`FRONT_BYTES`]
/// beside it: by them the log is known again.
pub(crate) struct Window {
    inflate: Box<dyn Inflate>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where the buffer's first byte is in the inflated log.
    base: u64,
    most_bytes: usize,
    front: Vec<u8>,
    has_ended: bool,
    failure: Option<Failure>,
}

impl Window {
    /// A window that can hold `most_bytes` at once, and what one read brings.
    pub(crate) fn new(inflate: Box<dyn Inflate>, most_bytes: usize) -> Self {
        Self::at(inflate, most_bytes, 0, Vec::new())
    }

    /// A window whose first byte is at `base` in a log that begins with `front`.
    pub(crate) fn at(
        inflate: Box<dyn Inflate>,
        most_bytes: usize,
        base: u64,
        front: Vec<u8>,
    ) -> Self {
        Self {
            inflate,
            buffer: vec![0; CHUNK_BYTES],
            start: 0,
            end: 0,
            base,
            most_bytes: most_bytes.saturating_add(CHUNK_BYTES + CHECK_BYTES),
            front,
            has_ended: false,
            failure: None,
        }
    }

    /// The bytes at hand that have not been passed.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Where [`Window::bytes`] begins in the inflated log.
    #[inline]
    pub(crate) fn offset(&self) -> u64 {
        self.base + length(self.start)
    }

    /// The bytes that were passed last, at most [`CHECK_BYTES`].
    pub(crate) fn before(&self) -> &[u8] {
        self.buffer.get(self.start.saturating_sub(CHECK_BYTES)..self.start).unwrap_or_default()
    }

    /// The first bytes of the log, at most [`FRONT_BYTES`], as far as they were inflated.
    pub(crate) fn front(&self) -> &[u8] {
        &self.front
    }

    /// Passes `count` bytes. They stay where they are until the next [`Window::fill`].
    #[inline]
    pub(crate) fn pass(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }

    /// Bytes that were passed since the last [`Window::fill`], by their offset in the log.
    pub(crate) fn passed(&self, offset: u64, count: usize) -> &[u8] {
        usize::try_from(offset.saturating_sub(self.base))
            .ok()
            .and_then(|from| self.buffer.get(from..from.saturating_add(count)))
            .unwrap_or_default()
    }

    /// Brings more bytes behind those at hand; false when no more come.
    ///
    /// The window must hold fewer than the most bytes it was made for.
    pub(crate) fn fill(&mut self) -> bool {
        if self.has_ended {
            return false;
        }
        self.make_room();
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.inflate.read(room) {
            Ok(count) => {
                let missing = FRONT_BYTES.saturating_sub(self.front.len()).min(count);
                self.front.extend_from_slice(room.get(..missing).unwrap_or_default());
                self.end += count;
                self.has_ended = count == 0;
            }
            Err(failure) => {
                self.failure = Some(failure);
                self.has_ended = true;
            }
        }
        !self.has_ended
    }

    /// Moves what is at hand to the front when the buffer is used up, and grows the buffer when
    /// what is at hand fills more than half of it.
    fn make_room(&mut self) {
        let kept = self.start.min(CHECK_BYTES);
        if self.start > kept && (self.start == self.end || self.end == self.buffer.len()) {
            let from = self.start - kept;
            self.buffer.copy_within(from..self.end, 0);
            self.base += length(from);
            self.start = kept;
            self.end -= from;
        }
        if self.end > self.buffer.len() / 2 {
            let grown = (self.buffer.len() * 2).min(self.most_bytes).max(self.buffer.len());
            self.buffer.reserve_exact(grown - self.buffer.len());
            self.buffer.resize(grown, 0);
        }
    }

    /// Why the log ended before its end, once.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// How many bytes of the file have been used up.
    pub(crate) fn consumed(&self) -> u64 {
        self.inflate.consumed()
    }

    /// How many bytes of memory the buffer takes.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }
}

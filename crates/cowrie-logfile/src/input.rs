//! The compressed bytes of one log, buffered, with a look ahead.

use std::io::{self, Read};

/// How many bytes are asked of the medium at a time.
const READ_BYTES: usize = 64 * 1024;

/// A reader with a buffer that can be looked at before it is taken.
pub(crate) struct Input {
    medium: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    consumed: u64,
}

impl Input {
    pub(crate) fn new(medium: Box<dyn Read + Send>) -> Self {
        Self { medium, buffer: vec![0; READ_BYTES], start: 0, end: 0, consumed: 0 }
    }

    /// The next `count` bytes, or fewer where the input ends before; nothing is taken.
    pub(crate) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.end - self.start < count {
            if self.fill()? == 0 {
                break;
            }
        }
        Ok(self.unread())
    }

    /// The bytes at hand, at least one unless the input has ended.
    pub(crate) fn chunk(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.fill()?;
        }
        Ok(self.unread())
    }

    /// Takes `count` bytes of the last [`Input::chunk`].
    pub(crate) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.consumed += length(count);
    }

    /// Takes bytes into `out`; 0 where the input has ended.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let unread = self.unread();
        let count = if unread.is_empty() {
            read_retrying(&mut self.medium, out)?
        } else {
            let count = unread.len().min(out.len());
            for (to, from) in out.iter_mut().zip(unread) {
                *to = *from;
            }
            self.start += count;
            count
        };
        self.consumed += length(count);
        Ok(count)
    }

    /// How many bytes have been taken.
    pub(crate) fn consumed(&self) -> u64 {
        self.consumed
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads once behind the unread bytes.
    fn fill(&mut self) -> io::Result<usize> {
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        let count = read_retrying(&mut self.medium, room)?;
        self.end += count;
        Ok(count)
    }
}

/// A length in memory as a length in a file.
pub(crate) fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn read_retrying(medium: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    loop {
        match medium.read(out) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

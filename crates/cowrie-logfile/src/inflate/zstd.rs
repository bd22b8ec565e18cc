//! One zstd frame (RFC 8878).

use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use super::Failure;
use super::members::{Codec, Progress, Run};

/// How many bytes of a frame tell what comes next.
const FIRST_BYTES: usize = 5;
/// How many bytes begin a block.
const BLOCK_HEADER_BYTES: usize = 3;

/// Inflates zstd frames, with windows of at most 128 MiB, the library's own limit.
pub(super) struct Zstd {
    decoder: Decoder<'static>,
    wanted: usize,
}

impl Zstd {
    pub(super) fn new() -> Result<Self, Failure> {
        let decoder = Decoder::new().map_err(Failure::Damaged)?;
        Ok(Self { decoder, wanted: FIRST_BYTES })
    }
}

impl Codec for Zstd {
    /// Hands the decoder one block at a time: when a block is damaged, the decoder forgets what it
    /// wrote for the blocks before it in the same call. What it asks for is a block and, but for
    /// the last, the header of the next.
    fn run(&mut self, input: &[u8], output: &mut [u8]) -> Run {
        let block = self.wanted.saturating_sub(BLOCK_HEADER_BYTES);
        let wanted = if block == 0 { self.wanted } else { block };
        let input = input.get(..wanted).unwrap_or(input);
        let mut from = InBuffer::around(input);
        let mut to = OutBuffer::around(output);
        let outcome = self.decoder.run(&mut from, &mut to);
        let (consumed, written) = (from.pos(), to.pos());
        let outcome = match outcome {
            Ok(0) => Ok(Progress::Ended),
            Ok(wanted) => {
                self.wanted = wanted;
                Ok(Progress::Within)
            }
            Err(error) => Err(Failure::Damaged(error)),
        };
        Run { consumed, written, outcome }
    }

    fn restart(&mut self) -> Result<(), Failure> {
        self.wanted = FIRST_BYTES;
        self.decoder.reinit().map_err(Failure::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with a window of a kilobyte and these blocks.
    fn frame(blocks: &[&[u8]]) -> Vec<u8> {
        [b"\x28\xb5\x2f\xfd\0\0", blocks.concat().as_slice()].concat()
    }

    /// What is given out of a frame in pieces of `size` bytes, up to its end or a failure.
    fn read(frame: &[u8], size: usize) -> (Vec<u8>, bool) {
        let mut zstd = Zstd::new().unwrap();
        let (mut all, mut out) = (Vec::new(), [0; 7]);
        let mut rest = frame;
        loop {
            let run = zstd.run(&rest[..size.min(rest.len())], &mut out);
            rest = &rest[run.consumed..];
            all.extend_from_slice(&out[..run.written]);
            match run.outcome {
                Ok(Progress::Ended) => return (all, true),
                Ok(Progress::Within) => assert!(run.consumed + run.written > 0, "cut short"),
                Err(_) => return (all, false),
            }
        }
    }

    #[test]
    fn a_block_is_given_out_though_the_header_behind_it_is_damaged() {
        let raw = b"\x28\0\0hello";
        let last = b"\x31\0\0 world";
        let damaged = b"\x06\0\0";
        for size in [1, 2, 3, 4, 8, 100] {
            assert_eq!(read(&frame(&[raw, last]), size), (b"hello world".to_vec(), true));
            assert_eq!(read(&frame(&[raw, damaged]), size), (b"hello".to_vec(), false));
            assert_eq!(read(&frame(&[raw, raw, damaged]), size), (b"hellohello".to_vec(), false));
        }
    }
}

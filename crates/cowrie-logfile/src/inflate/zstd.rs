//! One zstd frame (RFC 8878).

use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

use super::Failure;
use super::members::{Codec, Progress, Run};

/// How many bytes of a frame tell what comes next.
const FIRST_BYTES: usize = 5;

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
    /// Hands the decoder no more than the block it asks for: when a block is damaged, the decoder
    /// forgets what it wrote for the blocks before it in the same call.
    fn run(&mut self, input: &[u8], output: &mut [u8]) -> Run {
        let input = input.get(..self.wanted).unwrap_or(input);
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

//! One xz stream.

use liblzma::stream::{Action, Status, Stream};

use super::members::{Codec, Progress, Run};
use super::{Failure, damaged};

/// The most memory a stream may ask for. `xz -9` asks for 65 MiB; a crafted header could ask
/// for 4 GiB.
const MEMORY_BYTES: u64 = 256 * 1024 * 1024;

/// Inflates xz streams.
pub(super) struct Xz(Stream);

impl Xz {
    pub(super) fn new() -> Result<Self, Failure> {
        Stream::new_stream_decoder(MEMORY_BYTES, 0).map(Self).map_err(damaged)
    }
}

impl Codec for Xz {
    fn run(&mut self, input: &[u8], output: &mut [u8]) -> Run {
        let (before_in, before_out) = (self.0.total_in(), self.0.total_out());
        let outcome = self.0.process(input, output, Action::Run);
        Run {
            consumed: usize::try_from(self.0.total_in() - before_in).unwrap_or(0),
            written: usize::try_from(self.0.total_out() - before_out).unwrap_or(0),
            outcome: match outcome {
                Ok(Status::StreamEnd) => Ok(Progress::Ended),
                Ok(_) => Ok(Progress::Within),
                Err(error) => Err(damaged(error)),
            },
        }
    }

    fn restart(&mut self) -> Result<(), Failure> {
        *self = Self::new()?;
        Ok(())
    }
}

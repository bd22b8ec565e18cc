//! Archives that are a row of members, streams or frames, one after the other.

use super::{Failure, Inflate, cut_short, damaged};
use crate::input::Input;

/// Inflates one member at a time.
pub(super) trait Codec: Send {
    /// Inflates some of `input` into `output`.
    fn run(&mut self, input: &[u8], output: &mut [u8]) -> Run;

    /// Gets ready for the next member.
    fn restart(&mut self) -> Result<(), Failure>;
}

/// What one call of [`Codec::run`] did. A failed call may have written bytes, too.
pub(super) struct Run {
    pub(super) consumed: usize,
    pub(super) written: usize,
    pub(super) outcome: Result<Progress, Failure>,
}

/// How far a member is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Progress {
    Within,
    Ended,
}

/// Reads all members of an archive, and zeros between and behind them, as tapes leave them.
pub(super) struct Members<C> {
    input: Input,
    codec: C,
    is_between: bool,
    failure: Option<Failure>,
}

impl<C: Codec> Members<C> {
    pub(super) fn new(input: Input, codec: C) -> Self {
        Self { input, codec, is_between: false, failure: None }
    }

    /// Skips zeros up to the next member; whether there is one.
    fn find_member(&mut self) -> Result<bool, Failure> {
        loop {
            let chunk = self.input.chunk().map_err(Failure::Medium)?;
            if chunk.is_empty() {
                return Ok(false);
            }
            if let Some(zeros) = chunk.iter().position(|&byte| byte != 0) {
                self.input.consume(zeros);
                return Ok(true);
            }
            let zeros = chunk.len();
            self.input.consume(zeros);
        }
    }
}

impl<C: Codec> Inflate for Members<C> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize, Failure> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        loop {
            if self.is_between {
                if !self.find_member()? {
                    return Ok(0);
                }
                self.codec.restart()?;
                self.is_between = false;
            }
            let chunk = self.input.chunk().map_err(Failure::Medium)?;
            let has_ended = chunk.is_empty();
            let run = self.codec.run(chunk, out);
            self.input.consume(run.consumed);
            match run.outcome {
                Ok(progress) => self.is_between = progress == Progress::Ended,
                Err(failure) if run.written == 0 => return Err(failure),
                Err(failure) => self.failure = Some(failure),
            }
            if run.written > 0 {
                return Ok(run.written);
            }
            if has_ended && !self.is_between {
                return Err(cut_short());
            }
            if run.consumed == 0 && !self.is_between {
                return Err(damaged("the decoder neither takes nor gives bytes"));
            }
        }
    }

    fn consumed(&self) -> u64 {
        self.input.consumed()
    }
}

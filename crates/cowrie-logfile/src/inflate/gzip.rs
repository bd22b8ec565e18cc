//! One gzip member (RFC 1952).
//!
//! The header and the checks are read here, because a decoder of whole members loses what it
//! inflated in the call that found the damage; and so does a decoder with an output of its own,
//! when not all of it was asked for.

use flate2::Crc;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_IGNORE_ADLER32,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress_with_limit};

use super::members::{Codec, Progress, Run};
use super::{Failure, damaged};

const HAS_HEADER_CHECK: u8 = 0x02;
const HAS_EXTRA: u8 = 0x04;
const HAS_NAME: u8 = 0x08;
const HAS_COMMENT: u8 = 0x10;

/// How far back a member's body may refer.
const WINDOW_BYTES: usize = 32 * 1024;

/// The parts of a member, in their order.
#[derive(Clone, Copy, Debug)]
enum Part {
    Fixed { index: u8 },
    ExtraLength { index: u8, low: u8 },
    Extra { left: u16 },
    Name,
    Comment,
    HeaderCheck { left: u8 },
    Body,
    Trailer { index: u8, value: u64 },
}

/// Inflates gzip members.
pub(super) struct Gzip {
    part: Part,
    flags: u8,
    inflate: Box<DecompressorOxide>,
    /// The last bytes of the body, in a ring.
    window: Vec<u8>,
    /// Where the next byte goes in it.
    at: usize,
    crc: Crc,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self {
            part: Part::Fixed { index: 0 },
            flags: 0,
            inflate: Box::default(),
            window: vec![0; WINDOW_BYTES],
            at: 0,
            crc: Crc::new(),
        }
    }

    /// Reads one byte of the header or the trailer.
    fn step(&mut self, byte: u8) -> Result<Progress, Failure> {
        self.part = match self.part {
            Part::Fixed { index } => self.fixed(index, byte)?,
            Part::ExtraLength { index: 0, .. } => Part::ExtraLength { index: 1, low: byte },
            Part::ExtraLength { low, .. } => match u16::from_le_bytes([low, byte]) {
                0 => self.after(HAS_EXTRA),
                left => Part::Extra { left },
            },
            Part::Extra { left: 0 | 1 } => self.after(HAS_EXTRA),
            Part::Extra { left } => Part::Extra { left: left - 1 },
            Part::Name if byte == 0 => self.after(HAS_NAME),
            Part::Comment if byte == 0 => self.after(HAS_COMMENT),
            Part::HeaderCheck { left: 0 | 1 } => Part::Body,
            Part::HeaderCheck { left } => Part::HeaderCheck { left: left - 1 },
            Part::Trailer { index, value } => {
                let value = value | u64::from(byte) << (8 * index);
                if index == 7 {
                    return self.check(value);
                }
                Part::Trailer { index: index + 1, value }
            }
            same @ (Part::Name | Part::Comment | Part::Body) => same,
        };
        Ok(Progress::Within)
    }

    fn fixed(&mut self, index: u8, byte: u8) -> Result<Part, Failure> {
        match (index, byte) {
            (0, 0x1f) | (1, 0x8b) | (2, 8) | (4..=8, _) => {}
            (3, flags) => self.flags = flags,
            (9, _) => return Ok(self.after(0)),
            _ => return Err(damaged("a gzip header was expected")),
        }
        Ok(Part::Fixed { index: index + 1 })
    }

    /// The part that follows the optional part `done`; the flags are numbered in their order
    /// but for the check, which comes last.
    fn after(&self, done: u8) -> Part {
        let has = |flag: u8| self.flags & flag != 0;
        if has(HAS_EXTRA) && done < HAS_EXTRA {
            Part::ExtraLength { index: 0, low: 0 }
        } else if has(HAS_NAME) && done < HAS_NAME {
            Part::Name
        } else if has(HAS_COMMENT) && done < HAS_COMMENT {
            Part::Comment
        } else if has(HAS_HEADER_CHECK) {
            Part::HeaderCheck { left: 2 }
        } else {
            Part::Body
        }
    }

    /// Compares the check and the length of the trailer with what was inflated.
    fn check(&self, trailer: u64) -> Result<Progress, Failure> {
        let found = u64::from(self.crc.sum()) | u64::from(self.crc.amount()) << 32;
        if found == trailer {
            Ok(Progress::Ended)
        } else {
            Err(damaged("the gzip checksum does not match"))
        }
    }

    fn body(&mut self, input: &[u8], output: &mut [u8]) -> Run {
        if self.at == self.window.len() {
            self.at = 0;
        }
        let (status, consumed, written) = decompress_with_limit(
            &mut self.inflate,
            input,
            &mut self.window,
            self.at,
            output.len(),
            TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_IGNORE_ADLER32,
        );
        let new = self.window.get(self.at..self.at + written).unwrap_or_default();
        output.iter_mut().zip(new).for_each(|(to, from)| *to = *from);
        self.crc.update(new);
        self.at += written;
        let outcome = match status {
            TINFLStatus::Done => {
                self.part = Part::Trailer { index: 0, value: 0 };
                Ok(Progress::Within)
            }
            TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput => Ok(Progress::Within),
            _ => Err(damaged("the deflated data breaks a rule of its format")),
        };
        Run { consumed, written, outcome }
    }
}

impl Codec for Gzip {
    fn run(&mut self, input: &[u8], output: &mut [u8]) -> Run {
        let mut consumed = 0;
        for byte in input {
            if matches!(self.part, Part::Body) {
                break;
            }
            consumed += 1;
            match self.step(*byte) {
                Ok(Progress::Within) => {}
                outcome => return Run { consumed, written: 0, outcome },
            }
        }
        if !matches!(self.part, Part::Body) {
            return Run { consumed, written: 0, outcome: Ok(Progress::Within) };
        }
        let body = self.body(input.get(consumed..).unwrap_or_default(), output);
        Run { consumed: consumed + body.consumed, ..body }
    }

    fn restart(&mut self) -> Result<(), Failure> {
        self.part = Part::Fixed { index: 0 };
        self.inflate.init();
        self.window.fill(0);
        self.at = 0;
        self.crc.reset();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::GzBuilder;

    use super::*;

    /// A member with every part that a header can have, and `text` in it.
    fn member(text: &[u8]) -> Vec<u8> {
        let mut plain = GzBuilder::new().write(Vec::new(), flate2::Compression::default());
        plain.write_all(text).unwrap();
        let plain = plain.finish().unwrap();
        let mut full = plain[..10].to_vec();
        full[3] = HAS_HEADER_CHECK | HAS_EXTRA | HAS_NAME | HAS_COMMENT;
        full.extend_from_slice(b"\x03\0ex\0name\0comment\0\x12\x34");
        full.extend_from_slice(&plain[10..]);
        full
    }

    /// Reads one member in pieces of `size` bytes.
    fn read(member: &[u8], size: usize) -> Result<Vec<u8>, String> {
        let mut gzip = Gzip::new();
        let (mut all, mut out) = (Vec::new(), [0; 7]);
        let mut rest = member;
        loop {
            let run = gzip.run(&rest[..size.min(rest.len())], &mut out);
            rest = &rest[run.consumed..];
            all.extend_from_slice(&out[..run.written]);
            match run.outcome {
                Ok(Progress::Ended) => return Ok(all),
                Ok(Progress::Within) if run.consumed + run.written > 0 => {}
                Ok(Progress::Within) => return Err("more was expected".to_owned()),
                Err(Failure::Damaged(error)) => return Err(error.to_string()),
                Err(other) => return Err(format!("{other:?}")),
            }
        }
    }

    #[test]
    fn every_part_of_a_header_is_skipped() {
        let text = b"a line that is longer than the output\n";
        for size in [1, 2, 5, 1000] {
            assert_eq!(read(&member(text), size).unwrap(), text);
            assert_eq!(read(&member(b""), size).unwrap(), b"");
        }
    }

    #[test]
    fn what_was_inflated_before_damage_is_given_out_however_little_is_asked_for() {
        // A stored block, and one of a kind that there is not.
        let text = b"a line that is longer than the output\n";
        let head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\0\x26\0\xd9\xff";
        let broken = [head, text.as_slice(), b"\x07"].concat();
        for size in [1, 2, 5, 1000] {
            let mut gzip = Gzip::new();
            let (mut all, mut out) = (Vec::new(), [0; 7]);
            let mut rest = broken.as_slice();
            let failure = loop {
                let run = gzip.run(&rest[..size.min(rest.len())], &mut out);
                rest = &rest[run.consumed..];
                all.extend_from_slice(&out[..run.written]);
                if let Err(failure) = run.outcome {
                    break failure;
                }
            };
            assert!(matches!(failure, Failure::Damaged(_)));
            assert_eq!(all, text, "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let whole = member(b"text\n");
        let check = |at: usize, expected: &str| {
            let mut wrong = whole.clone();
            wrong[at] ^= 0x40;
            assert_eq!(read(&wrong, 3).unwrap_err(), expected);
        };
        check(0, "a gzip header was expected");
        check(2, "a gzip header was expected");
        check(whole.len() - 1, "the gzip checksum does not match");
        check(whole.len() - 8, "the gzip checksum does not match");
        assert_eq!(read(&whole[..whole.len() - 1], 3).unwrap_err(), "more was expected");
    }
}

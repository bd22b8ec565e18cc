//! Every compression, whole and damaged, through the public door.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{self, Cursor, Read, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use cowrie_logfile::{Compression, Limits, LogReader, ReadLogError, RecordKind};
use pbz2::Level;
use pbz2::pbz2_core::{MarkerKind, Scanner, native};

const ALL: [Compression; 5] =
    [Compression::Plain, Compression::Gzip, Compression::Bzip2, Compression::Xz, Compression::Zstd];

/// How a log was read to its end.
struct Outcome {
    compression: Compression,
    objects: Vec<Vec<u8>>,
    broken: Vec<Vec<u8>>,
    torn: Vec<Vec<u8>>,
    error: Option<ReadLogError>,
}

fn read_within(medium: impl Read + Send + 'static, limits: Limits) -> Outcome {
    let mut log = LogReader::from_read(PathBuf::from("cowrie.json"), medium, limits).unwrap();
    let compression = log.compression();
    let (mut objects, mut broken, mut torn) = (Vec::new(), Vec::new(), Vec::new());
    let error = loop {
        match log.next() {
            Ok(Some(record)) => match record.kind {
                RecordKind::Object => objects.push(record.bytes.to_vec()),
                RecordKind::Torn => torn.push(record.bytes.to_vec()),
                _ => broken.push(record.bytes.to_vec()),
            },
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(matches!(log.next(), Ok(None)), "an error is told once");
    Outcome { compression, objects, broken, torn, error }
}

fn read(bytes: &[u8]) -> Outcome {
    read_within(Cursor::new(bytes.to_vec()), Limits::STANDARD)
}

fn pack(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    match compression {
        Compression::Plain => bytes.to_vec(),
        Compression::Gzip => {
            let mut gzip = flate2::GzBuilder::new()
                .filename("cowrie.json")
                .comment("a comment")
                .extra(b"extra".as_slice())
                .write(Vec::new(), flate2::Compression::default());
            gzip.write_all(bytes).unwrap();
            gzip.finish().unwrap()
        }
        // The lowest level has the smallest blocks: 100 kB.
        Compression::Bzip2 => pbz2::compress(bytes, Level::FASTEST),
        Compression::Xz => {
            let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
            xz.write_all(bytes).unwrap();
            xz.finish().unwrap()
        }
        Compression::Zstd => {
            let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
            zstd.include_checksum(true).unwrap();
            zstd.write_all(bytes).unwrap();
            zstd.finish().unwrap()
        }
    }
}

/// Lines that are all different and do not compress too well.
fn lines(count: u64) -> Vec<Vec<u8>> {
    let mut state = 7_u64;
    (0..count)
        .map(|number| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(number);
            format!("{{\"eventid\":\"cowrie.login.failed\",\"n\":{number},\"x\":\"{state:x}\"}}")
                .into_bytes()
        })
        .collect()
}

fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    let mut log = lines.join(&b'\n');
    log.push(b'\n');
    log
}

#[track_caller]
fn check_whole(outcome: &Outcome, compression: Compression, expected: &[Vec<u8>]) {
    assert_eq!(outcome.compression, compression);
    assert!(outcome.error.is_none(), "{compression}: {:?}", outcome.error);
    assert!(outcome.objects == expected, "{compression}: {} objects", outcome.objects.len());
    assert!(outcome.torn.is_empty() && outcome.broken.is_empty(), "{compression}");
}

/// What every damaged archive must keep: the lines of its first `sure` bytes, in order.
#[track_caller]
fn check_damaged(outcome: &Outcome, expected: &[Vec<u8>], sure: usize) {
    let name = outcome.compression;
    assert!(
        matches!(outcome.error, Some(ReadLogError::Damaged { .. })),
        "{name}: {:?}",
        outcome.error
    );
    let mut seen = 0;
    let sure = expected.iter().take_while(|line| {
        seen += line.len() + 1;
        seen <= sure
    });
    let sure = sure.count();
    assert!(outcome.objects.len() >= sure, "{name}: {} of {sure}", outcome.objects.len());
    assert!(outcome.objects[..sure] == expected[..sure], "{name}");
}

#[test]
fn one_member_and_several_with_zeros_between_and_behind() {
    let lines = lines(5000);
    let (first, second) = lines.split_at(1800);
    for compression in ALL {
        check_whole(&read(&pack(compression, &joined(&lines))), compression, &lines);
        let (first, second) =
            (pack(compression, &joined(first)), pack(compression, &joined(second)));
        check_whole(&read(&[&*first, &*second].concat()), compression, &lines);
        let zeros = vec![0; 100_000];
        let padded = [&*first, &zeros, &*second, &zeros].concat();
        check_whole(&read(&padded), compression, &lines);
        // An object may begin in one member and end in the next.
        let halves =
            [pack(compression, b"{\"a\":"), pack(compression, b""), pack(compression, b"1}\n")];
        check_whole(&read(&halves.concat()), compression, &[b"{\"a\":1}".to_vec()]);
    }
}

#[test]
fn an_empty_log_has_no_records() {
    check_whole(&read(b""), Compression::Plain, &[]);
    for compression in ALL {
        check_whole(&read(&pack(compression, b"")), compression, &[]);
    }
}

/// Gives one byte at a time, and is interrupted before each.
struct Drip {
    bytes: Cursor<Vec<u8>>,
    is_interrupted: bool,
}

impl Read for Drip {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.is_interrupted = !self.is_interrupted;
        if self.is_interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let room = out.len().min(1);
        self.bytes.read(&mut out[..room])
    }
}

#[test]
fn one_byte_at_a_time_is_enough() {
    let lines = lines(3000);
    for compression in ALL {
        let bytes = Cursor::new(pack(compression, &joined(&lines)));
        let outcome = read_within(Drip { bytes, is_interrupted: false }, Limits::STANDARD);
        check_whole(&outcome, compression, &lines);
    }
}

#[test]
fn a_truncated_archive_yields_every_line_before_the_damage() {
    let lines = lines(8000);
    let (first, second) = lines.split_at(4000);
    for compression in &ALL[1..] {
        let one = pack(*compression, &joined(first));
        let both = [one.clone(), pack(*compression, &joined(second))].concat();
        let whole = joined(first).len();
        for cut in [11, 12, 13, 17, 20, one.len() / 2, one.len() - 1] {
            let outcome = read(&both[..cut]);
            check_damaged(&outcome, &lines, 0);
            check_prefix(&outcome, &lines);
        }
        for cut in
            [one.len() + 1, one.len() + 9, one.len() + 40, both.len() / 4 * 3, both.len() - 1]
        {
            let outcome = read(&both[..cut]);
            check_damaged(&outcome, &lines, whole);
            check_prefix(&outcome, &lines);
        }
    }
}

/// All that was given out is a beginning of the log: its lines, and the torn one at the end.
#[track_caller]
fn check_prefix(outcome: &Outcome, lines: &[Vec<u8>]) {
    let name = outcome.compression;
    let count = outcome.objects.len();
    assert!(outcome.objects == lines[..count], "{name}");
    assert!(outcome.broken.is_empty(), "{name}");
    match &*outcome.torn {
        [] => {}
        [torn] => assert!(lines[count].starts_with(torn), "{name}"),
        _ => panic!("{name}: more than one torn line"),
    }
}

#[test]
fn a_truncated_stream_gives_almost_all_that_was_written() {
    // Not so bzip2, whose blocks are whole or nothing.
    let lines = lines(8000);
    let log = joined(&lines);
    for compression in [Compression::Gzip, Compression::Xz, Compression::Zstd] {
        let packed = pack(compression, &log);
        let outcome = read(&packed[..packed.len() * 3 / 4]);
        // A block of zstd holds 128 KiB.
        check_damaged(&outcome, &lines, log.len() * 3 / 4 - 200_000);
        check_prefix(&outcome, &lines);
    }
}

#[test]
fn a_wrong_byte_is_found_and_the_members_before_it_are_kept() {
    let lines = lines(6000);
    let (first, second) = lines.split_at(3000);
    for compression in &ALL[1..] {
        let one = pack(*compression, &joined(first));
        let two = pack(*compression, &joined(second));
        for at in (60..two.len() - 40).step_by(two.len() / 25) {
            let mut both = [&*one, &*two].concat();
            both[one.len() + at] ^= 0x10;
            check_damaged(&read(&both), &lines, joined(first).len());
        }
    }
}

#[test]
fn a_damaged_bzip2_block_gives_nothing_and_the_blocks_before_it_everything() {
    let lines = lines(12_000);
    let packed = pack(Compression::Bzip2, &joined(&lines));
    let mut blocks = Vec::new();
    Scanner::new().scan(native(), &packed, |marker| {
        if marker.kind == MarkerKind::Block {
            blocks.push(usize::try_from(marker.bit / 8).unwrap());
        }
    });
    assert!(blocks.len() > 5, "{}", blocks.len());
    for threads in [1, 2, 3] {
        let limits = Limits { inflate_threads: NonZeroUsize::new(threads), ..Limits::STANDARD };
        for at in (5..packed.len()).step_by(packed.len() / 60) {
            let mut bytes = packed.clone();
            bytes[at] ^= 0x04;
            let outcome = read_within(Cursor::new(bytes), limits);
            let before = blocks.iter().filter(|&&block| block <= at).count().saturating_sub(1);
            // A block of the lowest level holds 99,981 bytes before its runs are counted.
            check_damaged(&outcome, &lines, before * 99_900);
            check_prefix(&outcome, &lines);
        }
    }
}

#[test]
fn bzip2_is_the_same_with_any_number_of_threads() {
    let lines = lines(30_000);
    let log = joined(&lines);
    let (first, second) = log.split_at(log.len() / 3);
    for level in [Level::FASTEST, Level::BEST] {
        let packed = [pbz2::compress(first, level), pbz2::compress(second, level)].concat();
        for threads in [1, 2, 5] {
            let limits = Limits { inflate_threads: NonZeroUsize::new(threads), ..Limits::STANDARD };
            let outcome = read_within(Cursor::new(packed.clone()), limits);
            check_whole(&outcome, Compression::Bzip2, &lines);
        }
    }
}

#[test]
fn garbage_behind_an_archive_is_damage_after_everything_good() {
    let lines = lines(100);
    for compression in &ALL[1..] {
        for garbage in ["garbage", "BZx", "\u{1f}x", "\0\0\0\0\0garbage that is rather long"] {
            let outcome =
                read(&[&pack(*compression, &joined(&lines)), garbage.as_bytes()].concat());
            assert!(outcome.objects == lines, "{compression}: {}", outcome.objects.len());
            check_damaged(&outcome, &lines, joined(&lines).len());
        }
    }
}

/// Some 800 MiB of one byte in a few kilobytes.
fn bomb(compression: Compression, byte: u8) -> Vec<u8> {
    let member = vec![byte; 32 << 20];
    let packed = match compression {
        Compression::Bzip2 => pbz2::compress(&member, Level::BEST),
        other => pack(other, &member),
    };
    packed.repeat(25)
}

#[track_caller]
fn check_bomb(bomb: &[u8], limits: Limits, expected: &str) {
    let error = read_within(Cursor::new(bomb.to_vec()), limits).error.unwrap();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_bomb_stops_at_its_ratio() {
    for (compression, byte) in
        [(Compression::Bzip2, 0), (Compression::Xz, b'x'), (Compression::Zstd, b'\n')]
    {
        let expected = "log `cowrie.json` inflates to more than the limit of 1000 times its size";
        check_bomb(&bomb(compression, byte), Limits::STANDARD, expected);
    }
}

#[test]
fn a_bomb_stops_at_its_size() {
    let limits = Limits { max_inflated_bytes: Some(1_000_000), ..Limits::STANDARD };
    let log = vec![b'\n'; 2_000_000];
    for compression in &ALL[1..] {
        let expected = "log `cowrie.json` inflates to more than the limit of 1000000 bytes";
        check_bomb(&pack(*compression, &log), limits, expected);
    }
    let lines = b"{\"a\":1}\n".repeat(200_000);
    for compression in &ALL[1..] {
        let outcome = read_within(Cursor::new(pack(*compression, &lines)), limits);
        assert_eq!(outcome.objects.len(), 125_000, "{compression}");
        assert!(outcome.error.is_some(), "{compression}");
    }
    // A plain log is as large as it is.
    assert!(read_within(Cursor::new(log), limits).error.is_none());
}

#[test]
fn an_honest_log_of_one_repeated_line_is_no_bomb() {
    let log = b"{\"eventid\":\"cowrie.session.connect\"}\n".repeat(200_000);
    for compression in &ALL[1..] {
        let outcome = read(&pack(*compression, &log));
        assert!(outcome.error.is_none(), "{compression}: {:?}", outcome.error);
        assert_eq!(outcome.objects.len(), 200_000);
    }
}

/// A disk that fails after some bytes.
struct Failing(Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(io::Error::other("the disk is gone")),
            count => Ok(count),
        }
    }
}

#[test]
fn a_failing_medium_is_not_called_a_damaged_archive() {
    let lines = lines(2000);
    for compression in ALL {
        let mut packed = pack(compression, &joined(&lines));
        packed.truncate(packed.len() - 10);
        let outcome = read_within(Failing(Cursor::new(packed)), Limits::STANDARD);
        check_prefix(&outcome, &lines);
        let error = outcome.error.unwrap();
        assert!(matches!(error, ReadLogError::Read { .. }), "{compression}: {error:?}");
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "the disk is gone");
    }
}

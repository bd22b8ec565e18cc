//! Counts the records of logs: `count-records PATH...`, with `-` for standard input.

use std::error::Error;
use std::io::{self, Write};
use std::num::NonZeroUsize;

use cowrie_logfile::{Limits, RecordKind, open};
use cowrie_logfind::{FindOptions, find};

fn main() -> Result<(), Box<dyn Error>> {
    let mut inputs: Vec<String> = std::env::args().skip(1).collect();
    let mut limits = Limits::STANDARD;
    if let Some(threads) = inputs.first().and_then(|first| first.strip_prefix("--threads=")) {
        limits.inflate_threads = Some(threads.parse::<NonZeroUsize>()?);
        inputs.remove(0);
    }
    let mut out = io::stdout().lock();
    for source in find(&inputs, FindOptions { ignore_missing: false })?.sources {
        let mut log = open(&source, limits)?;
        let (mut objects, mut broken, mut too_long, mut torn, mut bytes) = (0, 0, 0, 0, 0);
        while let Some(record) = log.next()? {
            bytes += record.bytes.len();
            match record.kind {
                RecordKind::Object => objects += 1,
                RecordKind::NotJson(_) => broken += 1,
                RecordKind::TooLong => too_long += 1,
                RecordKind::Torn => torn += 1,
            }
        }
        writeln!(
            out,
            "{} ({}): {objects} objects, {broken} broken, {too_long} too long, {torn} torn, {bytes} bytes",
            source.path().display(),
            log.compression(),
        )?;
    }
    Ok(())
}

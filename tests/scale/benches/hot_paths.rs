//! What every byte, event, session, address and command costs: `cargo bench -p cowrie-scale`.
#![expect(clippy::expect_used, reason = "what cannot be set up has no figure")]

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::LazyLock;

use bzip2::read::BzEncoder;
use cowrie_client_maxmind::{MaxMind, MaxMindOptions};
use cowrie_command::{risk, template};
use cowrie_enrichment::{OfflineSource as _, Outcome};
use cowrie_logfile::{Limits, LogReader};
use cowrie_parse::Event;
use cowrie_scale::corpus::{Size, asn_database, lines};
use cowrie_session::{family_of, fold_family};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use flate2::read::GzEncoder;
use serde_json::Value;

fn main() {
    divan::main();
}

const SIZE: Size = Size {
    seed: 7,
    sessions: 2_000,
    addresses: 500,
    days: 1,
    sensors: 1,
    gzip_percent: 0,
    bzip2_percent: 0,
    damage_per_million: 0,
    doubled_per_million: 0,
};

static LINES: LazyLock<Vec<String>> = LazyLock::new(|| lines(&SIZE).collect());

static LOG: LazyLock<String> =
    LazyLock::new(|| LINES.iter().flat_map(|line| [line.as_str(), "\n"]).collect());

static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| {
    LINES.iter().filter_map(|line| cowrie_parse::parse(line.as_bytes()).ok()).collect()
});

static FAMILIES: LazyLock<BTreeMap<String, Vec<Event>>> = LazyLock::new(|| {
    let mut families: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for event in EVENTS.iter() {
        families.entry(family_of(event)).or_default().push(event.clone());
    }
    families
});

static COMMANDS: LazyLock<Vec<String>> =
    LazyLock::new(|| texts("cowrie.command.input", "input").collect());

/// One text of every event of a kind.
fn texts(eventid: &'static str, name: &'static str) -> impl Iterator<Item = String> {
    LINES.iter().filter_map(move |line| {
        let event: Value = serde_json::from_str(line).ok()?;
        (event["eventid"] == eventid).then(|| event[name].as_str().map(str::to_owned))?
    })
}

/// How a log is compressed.
#[derive(Clone, Copy, Debug)]
enum Packed {
    Plain,
    Gzip,
    Bzip2,
}

impl Packed {
    fn log(self) -> Vec<u8> {
        let log = LOG.as_bytes();
        let mut packed = Vec::new();
        let read = match self {
            Self::Plain => return log.to_vec(),
            Self::Gzip => {
                GzEncoder::new(log, flate2::Compression::default()).read_to_end(&mut packed)
            }
            Self::Bzip2 => BzEncoder::new(log, bzip2::Compression::best()).read_to_end(&mut packed),
        };
        read.expect("could not compress the log");
        packed
    }
}

/// A log to records, on one thread: inflating, and finding the ends of lines.
#[divan::bench(args = [Packed::Plain, Packed::Gzip, Packed::Bzip2])]
fn inflate(bencher: Bencher<'_, '_>, packed: Packed) {
    let log = packed.log();
    let limits = Limits { inflate_threads: Some(NonZeroUsize::MIN), ..Limits::STANDARD };
    let bencher = bencher.counter(BytesCount::new(LOG.len()));
    bencher.with_inputs(|| Cursor::new(log.clone())).bench_values(|log| {
        let reader = LogReader::from_read("log".into(), log, limits);
        let mut reader = reader.expect("could not open the log");
        let mut n_records = 0;
        while reader.next().expect("could not read the log").is_some() {
            n_records += 1;
        }
        assert_eq!(n_records, LINES.len(), "every line is a record");
    });
}

/// Lines to events: reading, identity, the stored form.
#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    let lines = &*LINES;
    bencher
        .counter(ItemsCount::new(lines.len()))
        .bench(|| lines.iter().filter(|line| cowrie_parse::parse(line.as_bytes()).is_ok()).count());
}

/// Events to sessions.
#[divan::bench]
fn fold(bencher: Bencher<'_, '_>) {
    let families = &*FAMILIES;
    bencher.counter(ItemsCount::new(EVENTS.len())).bench(|| {
        families.iter().map(|(family, events)| fold_family(family, events).len()).sum::<usize>()
    });
}

/// The address of each session, in an MMDB file of all networks.
#[divan::bench]
fn look_up(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().expect("could not make a folder");
    let file = folder.path().join("GeoLite2-ASN.mmdb");
    std::fs::write(file, asn_database()).expect("could not write the file");
    let source = MaxMind::open_dir(folder.path(), MaxMindOptions { keep_open: NonZeroUsize::MIN });
    let addresses: Vec<IpAddr> = texts("cowrie.session.connect", "src_ip")
        .filter_map(|address| address.parse().ok())
        .collect();
    let at = EVENTS.first().expect("there are events").at;
    let is_found =
        |address: &&IpAddr| matches!(source.lookup(**address, at).outcome, Outcome::Found(_));
    assert!(addresses.iter().filter(is_found).count() > addresses.len() / 2, "most are known");
    bencher
        .counter(ItemsCount::new(addresses.len()))
        .bench(|| addresses.iter().filter(is_found).count());
}

/// Commands to their templates.
#[divan::bench]
fn mask(bencher: Bencher<'_, '_>) {
    let commands = &*COMMANDS;
    bencher
        .counter(ItemsCount::new(commands.len()))
        .bench(|| commands.iter().map(|command| template(command).len()).sum::<usize>());
}

/// Commands to their scores.
#[divan::bench]
fn score(bencher: Bencher<'_, '_>) {
    let commands = &*COMMANDS;
    bencher
        .counter(ItemsCount::new(commands.len()))
        .bench(|| commands.iter().filter(|command| risk(command).is_high()).count());
}

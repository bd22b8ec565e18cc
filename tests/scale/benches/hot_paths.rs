//! What every event and every session costs: `cargo bench -p cowrie-scale`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cowrie_parse::Event;
use cowrie_scale::corpus::{Size, lines};
use cowrie_session::{family_of, fold_family};
use divan::Bencher;
use divan::counter::ItemsCount;

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

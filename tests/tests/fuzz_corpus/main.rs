//! The laws of the fuzz targets, on the seeds of the fuzzers and on all that they ever found.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a helper of tests says what it does, and fails the test"
)]

use std::fs;
use std::path::Path;

#[expect(unreachable_pub, reason = "they are public in the package of the fuzzers")]
#[path = "../../fuzz/src/lib.rs"]
mod laws;

#[track_caller]
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "nothing is in {}", folder.display());
    for path in paths {
        // The last one printed is the one that failed.
        println!("{}", path.display());
        check(&fs::read(&path).unwrap());
    }
}

#[test]
fn logs_are_cut_into_records() {
    replay("frame", laws::frame::check);
}

#[test]
fn logs_are_read_on() {
    replay("grow", laws::grow::check);
}

#[test]
fn archives_are_inflated() {
    replay("inflate", laws::inflate::check);
}

#[test]
fn lines_are_parsed() {
    replay("parse", laws::parse::check);
}

#[test]
fn events_are_folded() {
    replay("fold", laws::fold::check);
}

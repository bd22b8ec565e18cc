//! A log that grows while it is read gives what it gives when it is read whole.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of tests fails the test")]

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use cowrie_logfile::{Limits, LogReader, Mark, RecordKind, open, resume};
use cowrie_logfind::{FileStat, Source};
use proptest::prelude::*;

const LIMITS: Limits = Limits { max_record_bytes: 400, ..Limits::STANDARD };

type Given = Vec<(u64, Vec<u8>, RecordKind)>;

fn source(path: &Path) -> Source {
    Source::File { path: path.to_owned(), size: fs::metadata(path).unwrap().len() }
}

/// The records up to the end, but for what has no end.
fn ended_records(log: &mut LogReader) -> Given {
    let mut given = Given::new();
    let mut held = None;
    while let Some(record) = log.next().unwrap() {
        given.extend(held.take());
        let piece = (record.offset, record.bytes.to_vec(), record.kind);
        match record.kind {
            RecordKind::Torn => {}
            RecordKind::TooLong => held = Some(piece),
            RecordKind::Object | RecordKind::NotJson(_) => given.push(piece),
        }
    }
    // A record that is too long has its end at the end of its line.
    given.extend(held.filter(|_| !log.is_skipping()));
    given
}

/// Writes `log` piece by piece, and reads on behind each.
fn read_growing(log: &[u8], cuts: &[usize]) -> Given {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cowrie.json");
    let mut file = File::create(&path).unwrap();
    let (mut given, mut mark, mut written) = (Given::new(), None::<Mark>, 0);
    for cut in cuts.iter().copied().chain([log.len()]) {
        let cut = cut.clamp(written, log.len());
        file.write_all(&log[written..cut]).unwrap();
        written = cut;
        let resumed = mark.as_ref().map(|mark| resume(&path, mark, LIMITS).unwrap());
        let resumed = resumed.map(|log| log.expect("the log is known again"));
        let mut log = resumed.unwrap_or_else(|| open(&source(&path), LIMITS).unwrap()).growing();
        given.extend(ended_records(&mut log));
        mark = Some(log.mark()).filter(|mark| mark.offset > 0);
    }
    given
}

/// Text that is a log more often than chance would have it.
fn logish() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "{\"a\":1}\n",
        "{\"eventid\":\"x\",\"b\":[1,{\"c\":\"d\"}]}\n",
        "{\"a\":\"x",
        "{\"a\":[\"x\"",
        "{\"b\":2}",
        "{\n  \"a\": 1,\n  \"b\": {}\n}\n",
        "\n",
        "\r\n",
        "garbage",
        "[",
        ",",
        "]",
        "}",
        "\"",
        "\0\0\0",
        " ",
    ]);
    let long = (300usize..900).prop_map(|n| format!("{{\"l\":\"{}\"}}\n", "y".repeat(n)));
    let open_end = (300usize..900).prop_map(|n| "z".repeat(n));
    let piece = prop_oneof![
        8 => pieces.prop_map(str::to_owned),
        1 => long,
        1 => open_end,
    ];
    prop::collection::vec(piece, 0..12).prop_map(|all| all.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn growing_gives_what_reading_whole_gives(
        log in logish(),
        mut cuts in prop::collection::vec(0usize..2_000, 0..6),
    ) {
        cuts.sort_unstable();
        let whole = read_growing(&log, &[]);
        prop_assert_eq!(&read_growing(&log, &cuts), &whole);
        // Where the log ends with a line's end, its end decides nothing.
        if log.ends_with(b"\n") {
            let path = std::path::PathBuf::from("whole");
            let bytes = std::io::Cursor::new(log);
            let mut log = LogReader::from_read(path, bytes, LIMITS).unwrap();
            let ended = ended_records(&mut log);
            prop_assert!(ended.starts_with(&whole));
        }
    }
}

/// A log of some lines, and its mark at its end.
fn marked(path: &Path, lines: &str) -> Mark {
    fs::write(path, lines).unwrap();
    let mut log = open(&source(path), Limits::STANDARD).unwrap().growing();
    ended_records(&mut log);
    log.mark()
}

#[test]
fn another_log_is_not_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cowrie.json");
    let lines: Vec<String> = (0..100).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    let lines = lines.concat();
    let mark = marked(&path, &lines);
    let resumes = || resume(&path, &mark, Limits::STANDARD).unwrap().is_some();
    assert!(resumes());

    fs::write(&path, lines.replace("{\"n\":0}", "{\"n\":9}")).unwrap();
    assert!(!resumes(), "it begins otherwise");
    fs::write(&path, lines.replace("{\"n\":99}", "{\"n\":98}")).unwrap();
    assert!(!resumes(), "the bytes before the offset are others");
    fs::write(&path, lines.strip_suffix("{\"n\":99}\n").unwrap()).unwrap();
    assert!(!resumes(), "it is shorter");
    fs::write(&path, lines + "{\"n\":100}\n").unwrap();
    assert!(resumes(), "it has grown");
}

/// The digests are of what was read: a file that was emptied meanwhile is another.
#[test]
fn a_mark_is_of_what_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cowrie.json");
    fs::write(&path, "{\"first\":1}\n{\"second\":2}\n").unwrap();
    let mut log = open(&source(&path), Limits::STANDARD).unwrap().growing();
    log.next().unwrap();
    fs::write(&path, "{\"other\":1}\n{\"second\":2}\n{\"third\":3}\n").unwrap();
    ended_records(&mut log);
    assert!(resume(&path, &log.mark(), Limits::STANDARD).unwrap().is_none());
}

/// A hole at the end of a log is filled after it was read.
#[test]
fn what_is_written_over_nuls_at_the_end_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cowrie.json");
    let first = "{\"n\":1}\n";
    let mark = marked(&path, &format!("{first}{}", "\0".repeat(100_000)));
    assert_eq!(mark.offset, first.len() as u64);
    let second = "{\"n\":2}\n";
    fs::write(&path, format!("{first}{second}{}", "\0".repeat(100_000 - second.len()))).unwrap();
    let mut log = resume(&path, &mark, Limits::STANDARD).unwrap().unwrap().growing();
    let given = ended_records(&mut log);
    assert_eq!(given.len(), 1);
    assert_eq!((given[0].0, given[0].1.as_slice()), (mark.offset, &second.as_bytes()[..7]));
    assert_eq!(log.mark().offset, (first.len() + second.len()) as u64);
}

#[test]
fn a_stamp_changes_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cowrie.json");
    fs::write(&path, "{}\n").unwrap();
    let before = FileStat::of(&path).unwrap();
    assert_eq!(FileStat::of(&path).unwrap(), before);
    std::thread::park_timeout(std::time::Duration::from_millis(20));
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{}\n").unwrap();
    let after = FileStat::of(&path).unwrap();
    assert_eq!((after.device, after.inode, after.size), (before.device, before.inode, 6));
    assert_ne!(after.stamp, before.stamp);
}

//! Finding logs and opening them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use cowrie_logfile::{Limits, open};
use cowrie_logfind::{FindError, FindOptions, Found, Problem, Source, find};
use tempfile::TempDir;

const STRICT: FindOptions = FindOptions { ignore_missing: false };
const LENIENT: FindOptions = FindOptions { ignore_missing: true };

/// A folder with the named files, each of as many bytes as its name.
fn folder(names: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    folder
}

fn search(folder: &TempDir, inputs: &[&str], options: FindOptions) -> Result<Found, FindError> {
    let inputs: Vec<String> = inputs
        .iter()
        .map(|&input| match input {
            "-" => input.to_owned(),
            _ => folder.path().join(input).to_str().unwrap().to_owned(),
        })
        .collect();
    find(&inputs, options)
}

/// The sources, below the folder.
fn names(folder: &TempDir, found: &Found) -> Vec<String> {
    let name = |source: &Source| match source {
        Source::File { path, size } => {
            assert_eq!(fs::metadata(path).unwrap().len(), *size);
            path.strip_prefix(folder.path()).unwrap().display().to_string()
        }
        Source::Stdin => "-".to_owned(),
    };
    found.sources.iter().map(name).collect()
}

#[track_caller]
fn check(folder: &TempDir, inputs: &[&str], expected: &[&str]) {
    let found = search(folder, inputs, STRICT).unwrap();
    assert_eq!(names(folder, &found), expected);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
}

#[test]
fn a_directory_is_walked_in_the_order_of_bytes() {
    let folder = folder(&[
        "b/cowrie.json.2",
        "b/cowrie.json.10",
        "b/Cowrie.JSON",
        "b/sub/x.LOG",
        "b/sub/archive.bz2",
        "b/tty/0123abcd",
        "b/.hidden.json",
        "b/.git/log.json",
        "b/readme.md",
        "b/GeoLite2.mmdb",
        "b/z.gz",
        "a.json",
    ]);
    let walked =
        ["b/Cowrie.JSON", "b/cowrie.json.10", "b/cowrie.json.2", "b/sub/archive.bz2", "b/z.gz"];
    check(&folder, &["b"], &walked);
    check(&folder, &["b/"], &walked);
}

#[test]
fn a_named_file_is_taken_whatever_it_is_called() {
    let folder = folder(&["readme.md", ".hidden", "-"]);
    check(&folder, &["readme.md", ".hidden"], &["readme.md", ".hidden"]);
    check(&folder, &["-", "./-", "-"], &["-", "-"]);
}

#[test]
fn what_is_named_twice_is_taken_once() {
    let folder = folder(&["d/b.json", "d/a.json"]);
    symlink(folder.path().join("d/a.json"), folder.path().join("d/c.json")).unwrap();
    check(&folder, &["d/b.json", "d", "d/../d/a.json", "d/*.json"], &["d/b.json", "d/a.json"]);
}

#[test]
fn a_name_that_is_not_utf8_stands_in_nobodys_way() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = folder(&["good.json"]);
    fs::write(folder.path().join(OsStr::from_bytes(b"bad\xff.json")), "{}").unwrap();
    check(&folder, &["*.json"], &["good.json"]);
    check(&folder, &["good*"], &["good.json"]);
}

#[test]
fn patterns_are_expanded_unless_a_file_has_that_name() {
    let folder = folder(&["a1.json", "a2.json", "b.json", ".a3.json", "d/x.json", "we[ird].json"]);
    check(&folder, &["a*.json"], &["a1.json", "a2.json"]);
    check(&folder, &["*.json"], &["a1.json", "a2.json", "b.json", "we[ird].json"]);
    check(&folder, &["a?.json"], &["a1.json", "a2.json"]);
    check(&folder, &["[ab]*.json"], &["a1.json", "a2.json", "b.json"]);
    check(&folder, &["we[ird].json"], &["we[ird].json"]);
    check(&folder, &["**/x.json"], &["d/x.json"]);
    check(&folder, &["d*"], &["d/x.json"]);
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    let folder = folder(&["a.json"]);
    let inputs = ["a.json", "no.json", "none*.json", "bad[pattern", "a.json/below"];
    let error = search(&folder, &inputs, STRICT).unwrap_err();
    let text = error.to_string().replace(folder.path().to_str().unwrap(), "");
    assert_eq!(
        text,
        "no such file or directory: `/no.json`, `/none*.json`, `/bad[pattern`, `/a.json/below`"
    );
    let found = search(&folder, &inputs, LENIENT).unwrap();
    assert_eq!(names(&folder, &found), ["a.json"]);
    let missing = found.problems.iter().filter(|found| matches!(found, Problem::Missing { .. }));
    assert_eq!(missing.count(), 4);
}

#[test]
fn loops_and_broken_links_are_survived_and_told() {
    let folder = folder(&["d/a.json", "d/sub/b.json"]);
    symlink(folder.path().join("d"), folder.path().join("d/sub/loop")).unwrap();
    symlink(folder.path().join("nowhere"), folder.path().join("d/broken.json")).unwrap();
    let found = search(&folder, &["d"], STRICT).unwrap();
    assert_eq!(names(&folder, &found), ["d/a.json", "d/sub/b.json"]);
    assert!(
        matches!(&*found.problems, [Problem::Unreadable { .. }, Problem::Loop { .. }]),
        "{:?}",
        found.problems
    );
}

#[track_caller]
fn check_refused(path: &Path, expected: &str) {
    let source = Source::File { path: path.to_owned(), size: 0 };
    let error = open(&source, Limits::STANDARD).unwrap_err().to_string();
    assert_eq!(error.replace(&path.display().to_string(), "PATH"), expected);
}

#[test]
fn what_is_not_a_file_is_refused_and_not_waited_for() {
    let folder = folder(&["log/x"]);
    let pipe = folder.path().join("log/pipe.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let socket = folder.path().join("log/socket.json");
    let _listener = UnixListener::bind(&socket).unwrap();
    check_refused(&pipe, "log `PATH` is a pipe, not a file");
    check_refused(&socket, "log `PATH` is a socket, not a file");
    check_refused(folder.path(), "log `PATH` is a directory, not a file");
    check_refused(Path::new("/dev/null"), "log `PATH` is a device, not a file");
    check_refused(&folder.path().join("gone"), "failed to open log `PATH`");
    // In a walked directory they are passed by.
    check(&folder, &["log"], &[]);
}

#[test]
fn a_found_log_can_be_read() {
    let folder = folder(&[]);
    let path = folder.path().join("cowrie.json");
    fs::write(&path, "{\"eventid\":\"a\"}\n").unwrap();
    let found = search(&folder, &["cowrie.json"], STRICT).unwrap();
    let mut log = open(&found.sources[0], Limits::STANDARD).unwrap();
    assert_eq!(log.next().unwrap().unwrap().bytes, b"{\"eventid\":\"a\"}");
    assert!(log.next().unwrap().is_none());
    assert_eq!((log.offset(), log.compressed_offset()), (16, 16));
    assert_eq!(log.path(), path);
}

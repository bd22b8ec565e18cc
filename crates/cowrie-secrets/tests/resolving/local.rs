//! Secrets on this machine: variables, files and credentials.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use cowrie_secrets::{ExposeSecret, MAX_SECRET_BYTES, Resolver};
use tempfile::TempDir;

use crate::support::{outcome, resolver, write};

fn empty() -> Resolver {
    resolver::<&str>([])
}

#[track_caller]
fn check_file(content: &[u8], mode: u32, expected: &str) {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "secret", content, mode);
    let reference = format!("file:{}", path.display());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(runtime.block_on(outcome(&empty(), &reference)), expected);
}

#[test]
fn files_give_their_text_without_one_line_ending() {
    check_file(b"s3cret", 0o600, "s3cret");
    check_file(b"s3cret\n", 0o640, "s3cret");
    check_file(b"s3cret\r\n", 0o400, "s3cret");
    check_file(b" s3cret \n\n", 0o600, " s3cret \n");
}

#[test]
fn files_that_cannot_be_secrets_are_refused() {
    check_file(
        b"s3cret",
        0o644,
        "failed to resolve `REF`: everybody may read the file (mode 0644); \
         take that away with `chmod o-rwx`",
    );
    check_file(b"", 0o600, "failed to resolve `REF`: the value is empty");
    check_file(b"\n", 0o600, "failed to resolve `REF`: the value is empty");
    check_file(b"a\xff", 0o600, "failed to resolve `REF`: the value is not UTF-8");
    let long = vec![b'a'; MAX_SECRET_BYTES];
    check_file(&long, 0o600, &"a".repeat(MAX_SECRET_BYTES));
    let too_long = "failed to resolve `REF`: the value is longer than 65536 bytes";
    check_file(&vec![b'a'; MAX_SECRET_BYTES + 1], 0o600, too_long);
    check_file(&vec![b'a'; 10 << 20], 0o600, too_long);
}

#[tokio::test]
async fn what_is_no_file_is_said_so() {
    let not_a_file = "failed to resolve `REF`: this is not a regular file";
    assert_eq!(outcome(&empty(), "file:/").await, not_a_file);
    assert_eq!(outcome(&empty(), "file:/dev/zero").await, not_a_file);
    assert_eq!(
        outcome(&empty(), "file:/no/such/file").await,
        "failed to resolve `REF`: failed to read the file: \
         No such file or directory (os error 2)"
    );
}

#[tokio::test]
async fn variables_are_taken_as_they_are() {
    let broken = OsString::from_vec(vec![0xff]);
    let resolver = resolver([
        ("A", OsString::from(" x\n")),
        ("E", OsString::new()),
        ("AGAIN", OsString::from("env:A")),
        ("BROKEN", broken),
        ("LONG", OsString::from("x".repeat(10 << 20))),
    ]);
    assert_eq!(outcome(&resolver, "env:A").await, " x\n");
    assert_eq!(outcome(&resolver, "${A}").await, " x\n");
    assert_eq!(outcome(&resolver, "env:AGAIN").await, "env:A", "a value is final");
    for (reference, why) in [
        ("env:B", "the variable is not set"),
        ("env:E", "the value is empty"),
        ("env:BROKEN", "the value is not UTF-8"),
        ("env:LONG", "the value is longer than 65536 bytes"),
    ] {
        let expected = format!("failed to resolve `REF`: {why}");
        assert_eq!(outcome(&resolver, reference).await, expected);
    }
}

#[tokio::test]
async fn credentials_are_in_the_directory_of_the_unit() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "db", b"s3cret\n", 0o400);
    let unit = resolver([("CREDENTIALS_DIRECTORY", folder.path())]);
    assert_eq!(outcome(&unit, "systemd:db").await, "s3cret");
    assert_eq!(
        outcome(&empty(), "systemd:db").await,
        "failed to resolve `REF`: there is no credentials directory; \
         the unit needs `LoadCredential=`"
    );
}

#[tokio::test]
async fn a_secret_is_read_once_until_it_is_forgotten() {
    let folder = TempDir::new().unwrap();
    let path = write(folder.path(), "secret", b"first", 0o600);
    let reference = format!("file:{}", path.display()).parse().unwrap();
    let resolver = empty();
    let read = async || resolver.resolve(&reference, "a test").await.unwrap();
    assert_eq!(read().await.expose_secret(), "first");
    write(folder.path(), "secret", b"second", 0o600);
    assert_eq!(read().await.expose_secret(), "first");
    resolver.forget();
    assert_eq!(read().await.expose_secret(), "second");
}

#[tokio::test]
async fn a_failure_is_not_kept() {
    let folder = TempDir::new().unwrap();
    let reference = format!("file:{}", folder.path().join("secret").display());
    let resolver = empty();
    assert!(outcome(&resolver, &reference).await.contains("No such file"));
    write(folder.path(), "secret", b"late", 0o600);
    assert_eq!(outcome(&resolver, &reference).await, "late");
}

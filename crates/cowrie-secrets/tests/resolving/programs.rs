//! Secrets that a program knows: `op` and `sops`, by stand-ins that check how they are called, and
//! that misbehave.

use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{outcome, program, resolver, write};

const ITEM: &str = "op://cowrie/My Database/password";

/// What comes of the item when `op` is that script.
async fn with_op(script: &str) -> String {
    let (_folder, path) = program("op", script);
    outcome(&resolver([("PATH", path)]), ITEM).await
}

#[tokio::test]
async fn op_is_called_without_a_shell_and_with_its_end_of_options() {
    let script = r#"
        [ "$#" = 4 ] && [ "$1 $2 $3" = "read --no-newline --" ] || exit 9
        [ "$4" = "op://cowrie/My Database/password" ] || exit 8
        if read -r line; then exit 7; fi
        printf s3cret"#;
    assert_eq!(with_op(script).await, "s3cret");
    assert_eq!(with_op("echo s3cret").await, "s3cret");
}

#[tokio::test]
async fn what_op_complains_about_is_not_repeated() {
    let found = with_op("echo 'hunter2 is wrong' >&2; echo hunter2; exit 6").await;
    assert_eq!(
        found,
        "failed to resolve `REF`: `op` failed (exit code 6); run `op read --no-newline -- 'REF' \
         >/dev/null` yourself to see why"
    );
    let found = with_op("kill -9 $$").await;
    assert!(found.contains("`op` failed (killed by a signal)"), "{found}");
}

#[tokio::test]
async fn what_op_prints_must_be_a_secret() {
    for (script, why) in [
        ("true", "the value is empty"),
        ("echo", "the value is empty"),
        (r"printf 'a\377'", "the value is not UTF-8"),
        ("head -c 65537 /dev/zero | tr '\\0' a", "the value is longer than 65536 bytes"),
    ] {
        assert_eq!(with_op(script).await, format!("failed to resolve `REF`: {why}"), "{script}");
    }
}

#[tokio::test]
async fn a_flood_is_cut_off() {
    let begun = Instant::now();
    let found = with_op("yes hunter2").await;
    assert_eq!(found, "failed to resolve `REF`: the value is longer than 65536 bytes");
    assert!(begun.elapsed() < Duration::from_secs(15), "it waited for the end of the flood");
}

#[tokio::test]
async fn a_program_that_hangs_is_killed() {
    let folder = TempDir::new().unwrap();
    let pid_file = folder.path().join("pid");
    let script = format!("echo $$ > '{}'; exec sleep 600", pid_file.display());
    let (_folder, path) = program("op", &script);
    let resolver = resolver([("PATH", path)]).with_timeout(Duration::from_millis(700));
    let found = outcome(&resolver, ITEM).await;
    assert_eq!(found, "failed to resolve `REF`: there was no answer within 0.7 s");
    let pid = std::fs::read_to_string(&pid_file).unwrap();
    let process = std::path::Path::new("/proc").join(pid.trim());
    let is_gone = async || {
        while process.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), is_gone()).await.unwrap();
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let folder = TempDir::new().unwrap();
    for (reference, name) in [(ITEM, "op"), ("sops:///etc/db.yaml#password", "sops")] {
        let found = outcome(&resolver([("PATH", folder.path())]), reference).await;
        assert_eq!(
            found,
            format!(
                "failed to resolve `REF`: the program `{name}` is not installed, or not in `PATH`"
            )
        );
    }
}

#[tokio::test]
async fn a_program_that_may_not_run_is_named() {
    let (folder, path) = program("op", "echo s3cret");
    write(folder.path(), "op", b"#!/bin/sh\n", 0o600);
    let found = outcome(&resolver([("PATH", path)]), ITEM).await;
    assert!(found.starts_with("failed to resolve `REF`: failed to run `op`: "), "{found}");
}

#[tokio::test]
async fn sops_is_asked_for_json_when_a_key_is_wanted() {
    let script = r#"
        case "$*" in
            "--decrypt --output-type json -- --help") echo '{"db": {"password": "s3cret"}}';;
            "--decrypt -- --help") printf 'password: s3cret\n';;
            *) exit 9;;
        esac"#;
    let (_folder, path) = program("sops", script);
    let resolver = resolver([("PATH", path)]);
    assert_eq!(outcome(&resolver, "sops://--help#db.password").await, "s3cret");
    assert_eq!(outcome(&resolver, "sops://--help").await, "password: s3cret");
    assert_eq!(
        outcome(&resolver, "sops://--help#db.user").await,
        "failed to resolve `REF`: the value has no key `db.user`"
    );
}

//! `cowrie-loader explain`: how a line is read.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use cowrie_tests::{Ended, Engine, Program, Site};
use liblzma::read::XzDecoder;
use serde_json::{Value, json};

/// The log that is shipped as an example.
fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/logs/cowrie.json.xz");
    let mut text = String::new();
    XzDecoder::new_multi_decoder(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

/// The first line of the example that has these words.
fn line_with(words: &[&str]) -> String {
    let text = example();
    let has = |line: &&str| words.iter().all(|word| line.contains(word));
    text.lines().find(has).expect("the example has such a line").to_owned()
}

async fn explain(arguments: &[&str], input: &[u8]) -> Ended {
    let site = Site::new(Engine::Sqlite).await;
    let run = site.program(Program::Loader, &[&["explain"], arguments].concat());
    let ended = run.with_input(input).ended().await;
    assert!(!site.has_database(), "nothing is asked of a database");
    ended
}

async fn documents(arguments: &[&str], input: &[u8]) -> Vec<Value> {
    let ended = explain(&[arguments, &["--format", "json"]].concat(), input).await.expect(0);
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_command_is_told_with_all_that_follows() {
    let line = line_with(&["cowrie.command.input", "authorized_keys", "mdrfckr"]);
    let found = documents(&[&line], b"").await.remove(0);
    let parsed = cowrie_parse::parse(line.as_bytes()).unwrap();
    assert_eq!(found["schema"], "cowrie-loader.explain/1");
    assert_eq!(found["outcome"], "event");
    assert_eq!(found["id"], parsed.id.to_string());
    assert_eq!(found["kind"], "cowrie.command.input");
    assert_eq!(found["at"], "2026-05-05T05:32:13.115009Z");
    assert_eq!(found["sensor"], "hp-fra-01");
    assert_eq!((&found["session"], &found["family"]), (&json!("86c838f14dc6"), &found["session"]));
    assert_eq!(found["source_ip"], "81.2.69.142");
    assert_eq!(found["original"], line);
    assert_eq!(found["escapes"], json!([]));
    let unread = ["dst_ip", "dst_port", "message", "protocol", "src_port", "uuid"];
    assert_eq!(found["unread"], json!(unread));
    let derived = &found["derived"];
    let fingerprint = "SHA256:MkYY9qiVsFGBC5WkjoClCkwEFW5iSjcGQF7m4n4H7Cw";
    assert_eq!(derived["campaign"]["ssh_key_fingerprint"], fingerprint);
    assert!(derived["campaign"]["command_signature"].is_string());
    assert_eq!(derived["ssh_key"][0]["comment"], "mdrfckr");
    let command = &derived["command"][0];
    assert_eq!(command["risk_score"], derived["summary"]["risk_score"]);
    assert!(command["template"].as_str().is_some_and(|template| !template.is_empty()));

    explain(&[&line], b"").await.expect(0).prints(&[
        "outcome      event",
        "kind         cowrie.command.input",
        "ssh_key_fingerprint SHA256:MkYY9",
        "plants an SSH key",
    ]);
}

#[tokio::test]
async fn logins_and_files_are_told() {
    let login = line_with(&["cowrie.login.success"]);
    let found = documents(&[&login], b"").await.remove(0);
    assert_eq!(found["derived"]["login"][0]["got_in"], true);
    assert_eq!(found["derived"]["login"][0]["password"], found["read"]["password"]);
    assert_eq!(found["derived"]["campaign"]["password_hash"].as_str().map(str::len), Some(64));
    let file = line_with(&["cowrie.session.file_download\"", "destfile"]);
    let found = documents(&[&file], b"").await.remove(0);
    assert_eq!(found["derived"]["file"][0]["shasum"], found["read"]["shasum"]);
    assert_eq!(found["derived"]["file"][0]["direction"], "download");
}

/// What cannot be stored as it is written comes back as it was.
#[tokio::test]
async fn escapes_are_told_and_undone() {
    let line = b"{\"eventid\":\"cowrie.login.failed\",\"timestamp\":\"2026-04-29T10:00:00Z\",\
                 \"session\":\"0123456789ab\",\"username\":\"\\ud83d\",\"password\":\"a\\u0000\xff\"}";
    let found = documents(&["-"], &[&line[..], b"\n"].concat()).await.remove(0);
    let stood = ["half a surrogate pair, as \\ud83d", "NUL, as \\u0000", "the byte 0xff"];
    let told: Vec<_> =
        found["escapes"].as_array().unwrap().iter().map(|escape| &escape["stood"]).collect();
    assert_eq!(told, stood);
    assert_eq!(found["original"], Value::Null, "it is not UTF-8");
    let stored = found["stored"].as_str().unwrap();
    assert_eq!(cowrie_parse::unescape_json(stored).as_ref(), line);
    assert!(found["original_base64"].as_str().unwrap().starts_with("eyJldmVudGlk"));
    let shown = explain(&["-"], &[&line[..], b"\n"].concat()).await.expect(0);
    shown.prints(&["password     a\\u{0}\\xff\n", "the byte 0xff"]);
}

#[tokio::test]
async fn what_is_no_event_is_told_with_its_reason() {
    for (line, code, reason) in [
        ("{\"a\":1}", "not_an_event", "without an `eventid`"),
        ("{\"eventid\":\"x\"}", "no_time", "without a `timestamp`"),
        ("{\"eventid\":nope}", "not_json", "at byte 1"),
        ("{\"eventid\":", "torn", "the log ends"),
        ("-nonsense", "not_json", "at byte 0"),
    ] {
        let found = documents(&[line], b"").await.remove(0);
        assert_eq!(
            (&found["outcome"], &found["code"]),
            (&json!("reject"), &json!(code)),
            "{found}"
        );
        assert!(found["reason"].as_str().unwrap().contains(reason), "{found}");
        assert_eq!(found["original"], line);
        explain(&[line], b"").await.expect(0).prints(&["outcome      reject", code]);
    }
    explain(&[""], b"").await.expect(2).says(&["there is no line to explain"]);
    explain(&["-"], b"").await.expect(2).says(&["there is no line to explain"]);
}

#[tokio::test]
async fn every_line_of_the_example_is_told() {
    let text = example();
    let lines: Vec<&str> = text.lines().take(500).collect();
    let input = lines.join("\n") + "\ntorn";
    let found = documents(&["-"], input.as_bytes()).await;
    assert_eq!(found.len(), lines.len() + 1);
    for (number, (document, line)) in (1..).zip(found.iter().zip(&lines)) {
        assert_eq!((&document["piece"], &document["outcome"]), (&json!(number), &json!("event")));
        assert_eq!(document["original"], *line);
    }
    assert_eq!(found[lines.len()]["code"], "torn");
}

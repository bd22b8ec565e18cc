//! The laws of a session, and what its events add up to.

use cowrie_parse::{Event, parse};
use proptest::prelude::*;

use crate::{Part, Session, family_of, fold_family};

const ID: &str = "0123456789ab";

/// An event of sensor `a`, `seconds` after midnight; `rest` are its other members.
fn event(seconds: u32, kind: &str, rest: &str) -> Event {
    event_of("a", seconds, kind, rest)
}

fn event_of(sensor: &str, seconds: u32, kind: &str, rest: &str) -> Event {
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    let line = format!(
        r#"{{"session":"{ID}","sensor":"{sensor}","eventid":"cowrie.{kind}","timestamp":"2026-04-29T00:{minutes:02}:{seconds:02}Z"{rest}}}"#
    );
    parse(line.as_bytes()).unwrap()
}

fn fold(events: impl Into<Vec<Event>>) -> Vec<Session> {
    fold_family(ID, &events.into())
}

fn one(events: Vec<Event>) -> Session {
    let mut sessions = fold(events);
    assert_eq!(sessions.len(), 1);
    sessions.remove(0)
}

fn names(sessions: &[Session]) -> Vec<(&str, u32)> {
    let count = |session: &Session| session.parts.iter().map(|part| part.n_events).sum();
    sessions.iter().map(|session| (session.id.as_str(), count(session))).collect()
}

#[test]
fn a_session_adds_up() {
    let session = one(vec![
        event(0, "session.connect", r#","src_ip":"::ffff:192.0.2.7","protocol":"ssh""#),
        event(1, "client.version", r#","version":"b'SSH-2.0-Go'""#),
        event(1, "client.kex", r#","hassh":"abc""#),
        event(2, "login.failed", r#","username":"root","password":"a""#),
        event(3, "login.failed", r#","username":"root","password":"a""#),
        event(4, "login.success", r#","username":"root","password":"x\u0000y""#),
        event(4, "client.size", r#","width":80,"height":24"#),
        event(4, "session.params", r#","arch":"linux-x64-lsb""#),
        event(5, "command.input", r#","input":" uname -a ""#),
        event(6, "command.input", r#","input":"uname -a""#),
        event(6, "command.failed", r#","input":"uname -a""#),
        event(
            7,
            "session.file_upload",
            r#","shasum":"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855","filename":"x.sh""#,
        ),
        event(8, "brand.new", ""),
        event(9, "session.closed", r#","duration":"9.5""#),
    ]);
    let summary = session.summary.unwrap();
    assert_eq!(summary.source_ip.unwrap().to_string(), "192.0.2.7");
    assert_eq!((summary.event_count, summary.command_count), (14, 2));
    assert_eq!((summary.login_attempts, summary.login_successes), (3, 1));
    assert_eq!((summary.file_downloads, summary.file_uploads), (0, 1));
    assert_eq!(summary.duration_seconds, Some(9.5));
    assert_eq!(summary.client_version.as_deref(), Some("SSH-2.0-Go"));
    assert_eq!(summary.terminal_size.as_deref(), Some("80x24"));
    assert_eq!(summary.risk_score, 60);
    // printf 'x\0y' | sha256sum
    let of_nul = "ce3890a816f5237a17aa7e1436113bbac398dfe216cf965537cd035bdbad900a";
    assert_eq!(summary.password_hash.as_deref(), Some(of_nul));
    assert!(summary.command_signature.is_some());
    assert_eq!(session.commands.len(), 1);
    assert_eq!(session.commands[0].occurrences, 2);
    let logins: Vec<_> =
        session.logins.iter().map(|l| (l.attempts, l.got_in_at.is_some())).collect();
    assert_eq!(logins, [(2, false), (1, true)]);
    assert_eq!(session.logins[1].password, "x\u{e000}0y");
    assert_eq!(session.files[0].filename.as_deref(), Some("x.sh"));
    assert!(session.files[0].shasum.starts_with("e3b0c442"));
}

#[test]
fn a_planted_key_is_a_high_risk_wherever_it_goes() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII8Vf9g4OdnXLpqL1o9St+0BLpuTutRGn9welNaDBYK0";
    let input = format!(r#","input":"echo {key} > /tmp/k""#);
    let session = one(vec![event(0, "command.input", &input)]);
    assert!(session.commands[0].high_risk);
    let summary = session.summary.unwrap();
    assert_eq!((summary.risk_score, summary.ssh_key_injections), (80, 1));
}

#[test]
fn durations_of_every_era() {
    let check = |rest: &str, expected: Option<f64>| {
        let session = one(vec![event(0, "session.closed", rest)]);
        assert_eq!(session.summary.unwrap().duration_seconds, expected, "{rest}");
    };
    check(r#","duration":1.5"#, Some(1.5));
    check(r#","duration":"1.5""#, Some(1.5));
    check(r#","duration_ms":1500"#, Some(1.5));
    check("", None);
    check(r#","duration":"-1""#, None);
}

#[test]
fn a_close_without_a_duration_takes_none_away() {
    let closed =
        [event(9, "session.closed", r#","duration":5.0"#), event(10, "session.closed", "")];
    assert_eq!(one(closed.into()).summary.unwrap().duration_seconds, Some(5.0));
}

#[test]
fn many_addresses_under_one_id_take_linear_time() {
    // Comparing each with each would take minutes.
    let connect = |at: u32| {
        let address = std::net::Ipv4Addr::from(0x0800_0000 + at);
        event(1, "session.connect", &format!(r#","src_ip":"{address}","n":{at}"#))
    };
    assert_eq!(fold((0..50_000).map(connect).collect::<Vec<_>>()).len(), 50_000);
}

#[test]
fn an_address_is_set_when_any_event_carries_one() {
    let late = event(5, "command.input", r#","src_ip":"2001:DB8::1","input":"w""#);
    let summary = one(vec![event(1, "login.failed", r#","src_ip":"""#), late]).summary.unwrap();
    assert_eq!(summary.source_ip.unwrap().to_string(), "2001:db8::1");
}

#[test]
fn families_are_named_by_what_can_repeat() {
    let check = |session: &str, expected: &str| {
        let line = format!(
            r#"{{"eventid":"x","timestamp":"2026-04-29T00:00:00Z","sensor":"a"{session}}}"#
        );
        assert_eq!(family_of(&parse(line.as_bytes()).unwrap()), expected);
    };
    check(r#","session":"0123456789ab""#, "0123456789ab");
    check(r#","session":"0123456789abcdef0123456789abcdef""#, "0123456789abcdef0123456789abcdef");
    check(r#","session":"01234567""#, "01234567@a");
    check(r#","session":"T-Pot session""#, "T-Pot session@a");
    check(r#","session":"day/a/2026-04-29""#, "day%2Fa%2F2026-04-29@a");
    check(r#","session":"x@a#1%""#, "x%40a%231%25@a");
    check("", "day/a/2026-04-29");
}

#[test]
fn sensors_never_share_a_session() {
    let other = event_of("b", 0, "session.connect", r#","src_ip":"192.0.2.7""#);
    let sessions = fold(vec![event(1, "session.connect", r#","src_ip":"192.0.2.7""#), other]);
    assert_eq!(names(&sessions), [(ID, 1), ("0123456789ab@a", 1)]);
}

#[test]
fn a_connect_from_another_address_is_another_session() {
    let sessions = fold(vec![
        event(0, "session.connect", r#","src_ip":"192.0.2.7""#),
        event(1, "command.input", r#","input":"w""#),
        event(60, "session.connect", r#","src_ip":"192.0.2.8""#),
        event(61, "command.input", r#","input":"id""#),
        event(62, "command.input", r#","input":"ls","src_ip":"192.0.2.7""#),
    ]);
    assert_eq!(names(&sessions), [(ID, 3), ("0123456789ab#1777420860000", 2)]);
}

#[test]
fn events_without_a_session_have_documents_and_no_summary() {
    let line = br#"{"eventid":"cowrie.abuseipdb.started","timestamp":"2026-04-29T00:00:00Z"}"#;
    let sessions = fold_family("day//2026-04-29", &[parse(line).unwrap()]);
    assert_eq!(sessions[0].summary, None);
    assert_eq!(sessions[0].parts.len(), 1);
    assert_eq!(sessions[0].sensor, None);
}

#[test]
fn a_session_has_the_sensor_that_any_of_its_events_names() {
    let first = br#"{"session":"0123456789ab","eventid":"x","timestamp":"2026-04-28T00:00:00Z"}"#;
    let session = one(vec![parse(first).unwrap(), event(1, "session.connect", "")]);
    assert_eq!(session.sensor.as_deref(), Some("a"));
    assert_eq!(session.summary.unwrap().sensor, session.sensor);
}

#[test]
fn the_smallest_spelling_of_an_event_is_kept() {
    let line = |text: &str| parse(text.as_bytes()).unwrap();
    let compact = line(r#"{"eventid":"x","session":"0123456789ab","timestamp":1}"#);
    let spaced = line(r#"{"eventid": "x", "session": "0123456789ab", "timestamp": 1}"#);
    assert_eq!(compact.id, spaced.id);
    let forward = one(vec![compact.clone(), spaced.clone()]);
    assert_eq!(forward, one(vec![spaced.clone(), compact.clone()]));
    assert_eq!(forward.parts[0].events, format!("[{}]", compact.text.min(spaced.text)));
}

fn many(n: u32) -> Vec<Event> {
    (0..n).map(|at| event(at, "command.input", &format!(r#","input":"echo {at}""#))).collect()
}

#[test]
fn a_long_session_is_cut_and_appending_changes_its_end_only() {
    let mut events = many(3000);
    let before = one(events.clone());
    assert!(before.parts.len() > 3, "{}", before.parts.len());
    assert!(before.parts.iter().all(|part| part.n_events <= 1024));
    events.push(event(3001, "session.closed", ""));
    let after = one(events);
    let same = before.parts.iter().zip(&after.parts).filter(|(a, b)| a == b).count();
    assert!(same >= before.parts.len() - 1, "{same} of {}", before.parts.len());
}

#[test]
fn large_events_bound_a_document_in_bytes() {
    let long = "x".repeat(400_000);
    let large = |at| event(at, "command.input", &format!(r#","input":"{at}{long}""#));
    let session = one((0..5).map(large).collect());
    assert_eq!(session.parts.iter().map(|part| part.n_events).collect::<Vec<_>>(), [2, 2, 1]);
}

#[test]
fn documents_give_their_events_back() {
    let events = many(700);
    let session = one(events.clone());
    let read =
        session.parts.iter().flat_map(|part| Part::read(&part.event_ids, &part.events).unwrap());
    assert_eq!(read.collect::<Vec<_>>(), events);
    assert!(Part::read(&[0; 16], "[]").is_err());
    assert!(Part::read(&[0; 15], "[{}]").is_err());
    assert!(Part::read(&[0; 16], "[{}]").is_err());
}

fn any_event() -> impl Strategy<Value = Event> {
    let kinds = prop::sample::select(vec![
        ("session.connect", r#","src_ip":"192.0.2.7""#),
        ("session.connect", r#","src_ip":"192.0.2.8""#),
        ("login.failed", r#","username":"u","password":"p""#),
        ("login.success", r#","username":"u","password":"q""#),
        ("command.input", r#","input":"echo ssh-rsa AAAA >> x""#),
        ("command.input", r#","input":"ls","src_ip":"192.0.2.8""#),
        ("session.closed", r#","duration":3"#),
    ]);
    let sensors = prop::sample::select(vec!["a", "b"]);
    (0_u32..30, kinds, sensors)
        .prop_map(|(at, (kind, rest), sensor)| event_of(sensor, at, kind, rest))
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(
        events in prop::collection::vec(any_event(), 0..40),
        rotate in 0_usize..40,
    ) {
        let mut other = events.clone();
        other.rotate_left(rotate.min(events.len()));
        other.extend(events.iter().rev().cloned());
        prop_assert_eq!(fold(events), fold(other));
    }

    #[test]
    fn folding_what_was_stored_and_the_rest_is_folding_all(
        events in prop::collection::vec(any_event(), 0..40),
        at in 0_usize..40,
    ) {
        let (first, rest) = events.split_at(at.min(events.len()));
        let stored = fold(first.to_vec());
        let parts = stored.iter().flat_map(|session| &session.parts);
        let read = parts.flat_map(|part| Part::read(&part.event_ids, &part.events).unwrap());
        prop_assert_eq!(fold(read.chain(rest.iter().cloned()).collect::<Vec<_>>()), fold(events));
    }
}

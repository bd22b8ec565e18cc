//! Whatever lies beside a good log, the good log is loaded, and nothing is lost in silence.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use cowrie_core::EventId;
use cowrie_parse::{parse, split_array, unescape_json, unescape_text};
use cowrie_schema::{
    asn_inventory, command_stats, dead_letter_events, files, ingest_cursors, ip_asn_history,
    ip_inventory, longtail_analysis, longtail_detections, password_session_usage,
    password_statistics, password_tracking, provider_pace, provider_quota, raw_events, runs,
    schema_state, session_events, session_siblings, session_ssh_keys, session_summaries,
    ssh_key_associations, ssh_key_intelligence,
};
use cowrie_tests::{Engine, Site, Tables, assert_same, sample};
use sea_orm::EntityTrait;

use crate::damage::{self, Bad, KEPT_BYTES};

/// Events of the good log.
const N_GOOD: usize = 62;

#[tokio::test]
async fn a_folder_of_everything_on_sqlite() {
    everything(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_folder_of_everything_on_postgres() {
    everything(Engine::Postgres).await;
}

async fn everything(engine: Engine) {
    let site = Site::new(engine).await;
    let all = damage::all();
    site.write("logs/cowrie.json", sample("v2.4.0/cowrie.json"));
    for bad in &all {
        site.write(&format!("logs/{}", bad.name), &bad.bytes);
    }
    without_permission(&site, "logs/secret.json");
    symlink("nowhere", site.path("logs/dangling.json")).unwrap();
    let _socket = UnixListener::bind(site.path("logs/socket.json")).unwrap();

    let ended = site.bulk(&["logs"]).without_privileges().ended().await.expect(3);
    let problems = all.iter().filter_map(|bad| Some((shown(bad.name), bad.problem?)));
    let others = [
        ("secret.json".to_owned(), "Permission denied"),
        ("dangling.json".to_owned(), "No such file or directory"),
    ];
    for (name, problem) in problems.chain(others) {
        let names_both = |line: &&str| line.contains(&name) && line.contains(problem);
        let told = ended.stderr.lines().filter(names_both).count();
        assert_eq!(told, 1, "{name}: {problem}: messages of {ended:#?}");
        let summed = ended.stdout.lines().filter(names_both).count();
        assert_eq!(summed, 1, "{name}: {problem}: results of {ended:#?}");
    }
    for (name, remark) in all.iter().filter_map(|bad| Some((shown(bad.name), bad.remark?))) {
        let told = |line: &str| line.contains(&name) && line.contains(remark);
        assert!(ended.stderr.lines().any(told), "{name}: {remark}: messages of {ended:#?}");
    }

    let tables = site.tables().await;
    events_are_there(&tables, &all).await;
    letters_are_true(&site, &tables, &all).await;
    everything_can_be_read(&tables, engine).await;

    let before = tables.contents().await;
    site.bulk(&["logs"]).without_privileges().ended().await.expect(3).prints(&["0 new"]);
    assert_same(&before, &tables.contents().await);
}

/// Every event of every file is in the database, byte for byte.
async fn events_are_there(tables: &Tables, all: &[Bad]) {
    let good = sample("v2.4.0/cowrie.json");
    let good = good.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let expected: BTreeMap<String, Vec<u8>> = all
        .iter()
        .flat_map(|bad| bad.events.iter().map(Vec::as_slice))
        .chain(good)
        .map(|line| (parse(line).unwrap().id.to_string(), line.to_vec()))
        .collect();
    let n_events = all.iter().map(|bad| bad.events.len()).sum::<usize>() + N_GOOD;
    assert_eq!(expected.len(), n_events, "each is different");

    let documents = session_events::Entity::find().all(tables.connection()).await.unwrap();
    let mut stored = BTreeMap::new();
    for document in &documents {
        let text = document_text(tables, document).await;
        let ids = document.event_ids.as_chunks::<16>().0;
        for (id, text) in ids.iter().zip(split_array(&text).unwrap()) {
            stored.insert(EventId::from_bytes(*id).to_string(), unescape_json(text).into_owned());
        }
    }
    for (id, line) in &expected {
        let found = stored.get(id).map(|line| line.escape_ascii().to_string());
        assert_eq!(found, Some(line.escape_ascii().to_string()));
    }
    assert_eq!(stored.len(), expected.len(), "and no other");

    let view = raw_events::Entity::find().all(tables.connection()).await.unwrap();
    assert_eq!(view.len(), expected.len());
    let query = "SELECT id || ' ' || CAST(payload AS text) FROM raw_events";
    for row in tables.lines(query).await {
        let (id, payload) = row.split_once(' ').unwrap();
        let original = unescape_json(payload);
        assert_eq!(parse(&original).unwrap().id.to_string(), id, "{payload}");
        // The view may leave out blanks between tokens; hostile events have none.
        if payload.contains("\"hostile\"") {
            assert_eq!(
                original.escape_ascii().to_string(),
                expected[id].escape_ascii().to_string()
            );
        }
    }
}

/// The document as it is stored, to the byte.
async fn document_text(tables: &Tables, document: &session_events::Model) -> String {
    let (session, part) = (&document.session_id, document.part);
    let session = session.replace('\'', "''");
    let query = format!(
        "SELECT CAST(events AS text) FROM session_events WHERE part = {part} AND session_id = "
    );
    tables.lines(&(query + "'" + &session + "'")).await.remove(0)
}

/// Each dead letter says truly why, where and what; nothing else is one.
async fn letters_are_true(site: &Site, tables: &Tables, all: &[Bad]) {
    let found = dead_letter_events::Entity::find().all(tables.connection()).await.unwrap();
    let of_bombs = |letter: &&dead_letter_events::Model| letter.source.contains("bomb");
    let (bombs, mut found): (Vec<_>, Vec<_>) = found.iter().partition(of_bombs);
    assert_eq!(bombs.len(), 1, "{bombs:?}");
    assert_eq!(bombs[0].reason, "too_big");
    let problem = "log `logs/bomb.json.bz2` inflates to more than the limit of 1000 times its size";
    assert_eq!(bombs[0].detail.as_deref(), Some(problem));
    assert!(bombs[0].source_offset > 60_000_000, "{bombs:?}");
    for bad in all {
        let source = format!("logs/{}", bad.name);
        for letter in &bad.letters {
            let is_it = |row: &&dead_letter_events::Model| {
                row.source == source
                    && row.reason == letter.reason
                    && usize::try_from(row.source_offset) == Ok(letter.offset)
            };
            let at = found.iter().position(is_it);
            let at = at.unwrap_or_else(|| {
                panic!("{source}: no letter {} at {}", letter.reason, letter.offset)
            });
            let row = found.swap_remove(at);
            // Of a stretch only the place is kept.
            let most = if letter.reason == "not_a_log" { 0 } else { KEPT_BYTES };
            let kept = &letter.bytes[..letter.bytes.len().min(most)];
            assert_eq!(row.payload, kept, "{source}: what is kept at {}", letter.offset);
            assert_eq!(usize::try_from(row.length), Ok(letter.bytes.len()), "{source}: its length");
            assert!(row.detail.as_ref().is_some_and(|detail| !detail.is_empty()));
            in_the_file(site, bad, row);
        }
    }
    assert!(found.is_empty(), "letters that nobody expected: {found:?}");
}

/// What is kept stands at the offset, where a plain file is looked at.
fn in_the_file(site: &Site, bad: &Bad, row: &dead_letter_events::Model) {
    let is_inflated = Path::new(bad.name).extension().is_some_and(|extension| extension == "gz");
    if !is_inflated {
        let file = fs::read(site.path(&row.source)).unwrap();
        let at = usize::try_from(row.source_offset).unwrap();
        assert_eq!(file.get(at..at + row.payload.len()), Some(row.payload.as_slice()));
    }
}

/// Every column of every table is read as what it is, and every operator of the databases' own
/// works on every document.
async fn everything_can_be_read(tables: &Tables, engine: Engine) {
    macro_rules! read {
        ($($table:ident)*) => {
            $(read::<$table::Entity>(tables, stringify!($table)).await;)*
        };
    }
    read!(asn_inventory command_stats dead_letter_events files ingest_cursors ip_asn_history
        ip_inventory longtail_analysis longtail_detections password_session_usage
        password_statistics password_tracking provider_pace provider_quota raw_events runs
        schema_state session_events session_siblings session_ssh_keys session_summaries
        ssh_key_associations ssh_key_intelligence);
    let n_events = tables.number("SELECT count(*) FROM raw_events").await;
    let passwords = tables.lines("SELECT payload ->> 'password' FROM raw_events").await;
    assert_eq!(i64::try_from(passwords.len()), Ok(n_events));
    let kinds = "SELECT count(*) FROM raw_events WHERE payload ->> 'eventid' = event_type";
    assert_eq!(tables.number(kinds).await, n_events);
    let values = match engine {
        Engine::Sqlite => {
            "SELECT count(*) FROM raw_events AS r, json_tree(r.payload) AS v \
            WHERE r.payload IS NOT NULL AND coalesce(v.value, '') <> 'x'"
        }
        Engine::Postgres => {
            "SELECT count(*) FROM raw_events AS r, json_each_text(r.payload) AS v \
            WHERE (r.payload::jsonb -> v.key) IS NOT NULL AND coalesce(v.value, '') <> 'x'"
        }
    };
    assert!(tables.number(values).await > n_events);
    let decoded: Vec<Vec<u8>> =
        passwords.iter().map(|password| unescape_text(password).into_owned()).collect();
    for password in [
        &b"a\0b"[..],
        b"\xff\xfe caf\xe9",
        b"\xed\xa0\xbd alone",
        b"\xed\xb8\x80\xed\xa0\xbd",
        "\u{e000}0 \u{e000}0 in the wild".as_bytes(),
        b"\x01\x1b[2J\x1b[31m",
        b"\x01\x02\x7f",
        b"\0",
    ] {
        let is_there = decoded.iter().any(|found| found == password);
        assert!(is_there, "no password `{}`", password.escape_ascii());
    }
}

async fn read<E: EntityTrait>(tables: &Tables, name: &str) {
    let rows = E::find().all(tables.connection()).await;
    rows.unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// Each of them alone: the run says what is wrong with it, and the exit code tells a script.
#[tokio::test]
async fn each_bad_file_alone() {
    for bad in damage::all() {
        let site = Site::new(Engine::Sqlite).await;
        site.write(bad.name, &bad.bytes);
        let code = if bad.problem.is_some() { 3 } else { 0 };
        let ended = site.bulk(&[bad.name]).ended().await.expect(code);
        let events = bad.events.len();
        let counts = format!(
            "{} new, 0 known before, {} rejected as dead letters",
            thousands(events),
            thousands(bad.n_rejected)
        );
        let problem = bad.problem.unwrap_or_default();
        let ended = ended.prints(&[&counts, problem]);
        ended.says(&[problem, bad.remark.unwrap_or_default()]);
    }
}

#[tokio::test]
async fn what_cannot_be_opened_alone() {
    let site = Site::new(Engine::Sqlite).await;
    without_permission(&site, "secret.json");
    symlink("nowhere", site.path("dangling.json")).unwrap();
    let _socket = UnixListener::bind(site.path("socket.json")).unwrap();
    for (name, code, problem) in [
        ("secret.json", 4, "failed to open log `secret.json`: Permission denied"),
        ("socket.json", 4, "log `socket.json` is a socket, not a file"),
        ("dangling.json", 2, "error: no such file or directory: `dangling.json`"),
    ] {
        let ended = site.bulk(&[name]).without_privileges().ended().await.expect(code);
        ended.says(&[problem]);
    }
}

/// A file that nobody but the superuser can read.
fn without_permission(site: &Site, name: &str) {
    let path = site.write(name, damage::event(600, "\"secret\""));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
}

/// A name as a terminal gets it.
fn shown(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_control() || c == '\u{202e}' {
                c.escape_unicode().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// A number as the summary writes it.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    match digits.len() {
        4.. => {
            let (front, back) = digits.split_at(digits.len() - 3);
            format!("{front},{back}")
        }
        _ => digits,
    }
}

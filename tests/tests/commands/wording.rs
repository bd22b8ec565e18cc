//! The words of the programs: help, errors and JSON, as snapshots.
//!
//! `INSTA_UPDATE=always` writes them anew; what changed is then read in the diff.

use std::fmt::Write as _;
use std::net::TcpListener;

use cowrie_tests::{Engine, Program, Site, sample};

const HELPED: [(Program, &[&str]); 29] = [
    (Program::Loader, &[]),
    (Program::Loader, &["bulk"]),
    (Program::Loader, &["delta"]),
    (Program::Loader, &["verify"]),
    (Program::Loader, &["gaps"]),
    (Program::Loader, &["explain"]),
    (Program::Loader, &["dead-letters"]),
    (Program::Loader, &["dead-letters", "list"]),
    (Program::Loader, &["dead-letters", "show"]),
    (Program::Loader, &["dead-letters", "replay"]),
    (Program::Loader, &["dead-letters", "purge"]),
    (Program::Db, &[]),
    (Program::Db, &["migrate"]),
    (Program::Db, &["status"]),
    (Program::Db, &["check"]),
    (Program::Db, &["rollback"]),
    (Program::Enrich, &[]),
    (Program::Enrich, &["config"]),
    (Program::Enrich, &["config", "show"]),
    (Program::Enrich, &["config", "check"]),
    (Program::Enrich, &["credentials"]),
    (Program::Enrich, &["lookup"]),
    (Program::Enrich, &["databases"]),
    (Program::Enrich, &["databases", "update"]),
    (Program::Enrich, &["databases", "status"]),
    (Program::Enrich, &["cache"]),
    (Program::Enrich, &["cache", "stats"]),
    (Program::Enrich, &["cache", "prune"]),
    (Program::Enrich, &["cache", "clear"]),
];

#[tokio::test]
async fn help_reads_well() {
    let site = Site::new(Engine::Sqlite).await;
    for (program, command) in HELPED {
        let ended = site.program(program, &[command, &["--help"]].concat()).ended().await.expect(0);
        assert_eq!(ended.stderr, "");
        let name = [&[program.name()], command, &["help"]].concat().join("-");
        insta::assert_snapshot!(name, ended.stdout);
    }
}

/// No subcommand is forgotten above.
#[tokio::test]
async fn all_help_is_looked_at() {
    let site = Site::new(Engine::Sqlite).await;
    for (program, command) in HELPED {
        let help = [command, &["--help"]].concat();
        let text = site.program(program, &help).ended().await.expect(0).stdout;
        let below = text.split_once("Commands:\n").map_or("", |(_, below)| below);
        let lines = below.lines().take_while(|line| !line.is_empty());
        for word in lines.filter_map(|line| line.split_whitespace().next()) {
            let path = [command, &[word]].concat();
            let is_known = HELPED.iter().any(|(of, known)| *of == program && *known == path);
            assert!(word == "help" || is_known, "{} {path:?}", program.name());
        }
    }
}

#[tokio::test]
async fn errors_read_well() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    site.write("text.sqlite", "This is no database.\n".repeat(99));
    site.write("plain.toml", "[[sensor]]\nname = \"a\"\nvtapi = \"0123456789\"\n");
    site.write("unknown.toml", "[global]\ndatabse = \"a\"\n");
    // Bound and given back, so that nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("postgresql://loader@127.0.0.1:{port}/cowrie");
    let password = "postgresql://loader:hunter2@127.0.0.1/cowrie";
    let mut said = String::new();
    for (program, words) in [
        (Program::Loader, &[][..]),
        (Program::Loader, &["nonsense"]),
        (Program::Loader, &["bulk"]),
        (Program::Loader, &["bulk", "cowrie.json", "--nonsense"]),
        (Program::Loader, &["bulk", "cowrie.json", "--batch-size", "0"]),
        (Program::Loader, &["bulk", "cowrie.json", "--format", "xml"]),
        (Program::Loader, &["bulk", "cowrie.json", "--format", "csv"]),
        (Program::Loader, &["bulk", "cowrie.json", "--vt-api-key", "hunter2"]),
        (Program::Loader, &["bulk", "none.json"]),
        (Program::Loader, &["bulk", "cowrie.json", "--db", password]),
        (Program::Loader, &["bulk", "cowrie.json", "-q", "--db", "env:NONE"]),
        (Program::Loader, &["bulk", "cowrie.json", "--db", "none/a.sqlite"]),
        (Program::Loader, &["bulk", "cowrie.json", "--db", "text.sqlite"]),
        (Program::Loader, &["bulk", "cowrie.json", "--db", &nobody]),
        (Program::Loader, &["bulk", "cowrie.json", "--config", "none.toml"]),
        (Program::Loader, &["bulk", "cowrie.json", "--config", "plain.toml"]),
        (Program::Loader, &["bulk", "cowrie.json", "--config", "unknown.toml"]),
        (Program::Loader, &["bulk", "--sensor", "none"]),
        (Program::Loader, &["bulk", "--all-sensors"]),
        (Program::Loader, &["bulk", "cowrie.json", "--mmdb-dir", "none"]),
        (Program::Loader, &["bulk", "cowrie.json", "-o", "cowrie.json"]),
        (Program::Loader, &["verify", "cowrie.json", "--db", "none.sqlite"]),
        (Program::Loader, &["gaps", "--silence", "soon"]),
        (Program::Loader, &["explain", ""]),
        (Program::Db, &[]),
        (Program::Db, &["info"]),
        (Program::Db, &["status", "--db", "none.sqlite"]),
        (Program::Db, &["migrate", "--db", "text.sqlite"]),
        (Program::Db, &["migrate", "--db", "none/a.sqlite"]),
        (Program::Db, &["migrate", "--to", "4711", "--db", "new.sqlite"]),
        (Program::Db, &["status", "--db", &nobody]),
    ] {
        let ended = site.program(program, words).ended().await;
        let command = format!("$ {} {}", program.name(), words.join(" "));
        let code = ended.code.unwrap();
        write!(said, "{}\n{}exit {code}\n\n", command.trim_end(), ended.stderr).unwrap();
    }
    let said = said.replace(&port.to_string(), "PORT").replace("hunter2", "<password>");
    insta::assert_snapshot!("errors", said);
}

/// Numbers and names that are others each time.
const PASSING: [&str; 10] = [
    "elapsed_seconds",
    "events_per_second",
    "run_id",
    "seconds",
    "created_at",
    "before",
    "database",
    "noticed_at",
    "ingest_id",
    "file",
];

/// The document, a member a line, in the order in which it was written.
fn readable(text: &str) -> String {
    let mut text = text.replace(",\"", ",\n\"").replace('{', "{\n");
    for key in PASSING {
        let start = format!("\"{key}\":");
        let lines = text.lines().map(|line| match line.strip_prefix(&start) {
            Some(value) => {
                let end: String = value.chars().rev().take_while(|c| ",}]".contains(*c)).collect();
                format!("{start}[..]{}\n", end.chars().rev().collect::<String>())
            }
            None => format!("{line}\n"),
        });
        text = lines.collect();
    }
    text
}

#[tokio::test]
async fn json_has_a_schema_and_an_order() {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    site.write("garbage.json", "garbage\n");
    let db = site.db();
    for (name, program, code, words) in [
        ("bulk", Program::Loader, 3, &["bulk", "cowrie.json", "garbage.json"][..]),
        ("delta", Program::Loader, 0, &["delta", "cowrie.json"]),
        ("verify", Program::Loader, 0, &["verify", "cowrie.json"]),
        ("gaps", Program::Loader, 0, &["gaps", "--silence", "36500d"]),
        ("dead-letters", Program::Loader, 0, &["dead-letters", "list"]),
        ("dead-letter", Program::Loader, 0, &["dead-letters", "show", "1"]),
        ("replay", Program::Loader, 4, &["dead-letters", "replay", "1"]),
        ("purge", Program::Loader, 0, &["dead-letters", "purge", "--older-than", "90d"]),
        ("explain", Program::Loader, 0, &["explain", "{}"]),
        ("status", Program::Db, 0, &["status"]),
        ("check", Program::Db, 0, &["check"]),
        ("plan", Program::Db, 0, &["migrate", "--dry-run"]),
        ("steps", Program::Db, 0, &["migrate"]),
    ] {
        let arguments = [words, &["--format", "json", "--quiet", "--db", &db]].concat();
        let ended = site.program(program, &arguments).ended().await.expect(code);
        let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        let schema = document["schema"].as_str().unwrap();
        assert!(schema.starts_with("cowrie-") && schema.ends_with("/1"), "{schema}");
        assert!(ended.stdout.ends_with("}\n"), "one line: {ended:#?}");
        insta::assert_snapshot!(format!("json-{name}"), readable(&ended.stdout));
    }
}

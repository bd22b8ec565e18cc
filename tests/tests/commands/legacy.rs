//! Each spelling of the legacy loader and of the legacy `cowrie-db`: kept, passed over, or refused.

use cowrie_tests::{Ended, Engine, Program, Site, sample};

const SECRET: &str = "hunter2";

async fn site_with_log() -> Site {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    site.write("config/sensors.toml", "[[sensor]]\nname = \"north\"\nlogpath = \"logs\"\n");
    site.write("logs/cowrie.json", sample("v2.4.0/cowrie.json"));
    site
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

#[tokio::test]
async fn what_is_kept_means_what_it_meant() {
    for (program, text) in [
        (Program::Loader, "bulk cowrie.json --db db.sqlite"),
        (Program::Loader, "bulk cowrie.json --database db.sqlite"),
        (Program::Loader, "bulk cowrie.json --db-url sqlite:///db.sqlite"),
        (Program::Loader, "bulk cowrie.json --db-path db.sqlite"),
        (Program::Loader, "--db db.sqlite bulk cowrie.json"),
        (Program::Loader, "bulk --sensor north --db db.sqlite"),
        (Program::Loader, "delta --sensor north --config config/sensors.toml --db db.sqlite"),
        (Program::Loader, "bulk cowrie.json --db db.sqlite --status-dir status"),
        (Program::Loader, "bulk cowrie.json --db db.sqlite --ingest-id legacy"),
        (Program::Loader, "bulk cowrie.json --db db.sqlite --batch-size 500"),
        (Program::Loader, "bulk cowrie.json --db db.sqlite --skip-enrich"),
        (Program::Loader, "bulk cowrie.json --db db.sqlite --verbose"),
        (Program::Loader, "bulk cowrie.json --db db.sqlite --progress"),
        (Program::Db, "--db-url db.sqlite migrate"),
        (Program::Db, "migrate --db-url db.sqlite --dry-run"),
        (Program::Db, "--db-url db.sqlite check --verbose"),
    ] {
        let site = site_with_log().await;
        if program == Program::Db {
            site.program(program, &["migrate", "--db", "db.sqlite"]).ended().await.expect(0);
        }
        let ended = site.program(program, &words(text)).ended().await.expect(0);
        assert!(!ended.stderr.contains("passed over"), "{text}: {ended:#?}");
        assert!(site.path("db.sqlite").exists(), "{text}");
    }
}

#[tokio::test]
async fn what_is_passed_over_is_said_once() {
    let site = site_with_log().await;
    for (flag, part) in [
        ("--multiline-json", "events over several lines are always read"),
        ("--hybrid-json", "events over several lines are always read"),
        ("--quarantine-threshold 90", "nothing is held back"),
        ("--quarantine-threshold=90", "nothing is held back"),
        ("--cache-dir cache", "keeps no answers"),
        ("--db-type sqlite", "tells SQLite from PostgreSQL"),
        ("--dshield-email me@example.org", "write `email` of the sensor"),
    ] {
        for text in [
            format!("bulk {flag} cowrie.json --db db.sqlite"),
            format!("{flag} delta cowrie.json --db db.sqlite"),
        ] {
            let ended = site.program(Program::Loader, &words(&text)).ended().await.expect(0);
            let ended = ended.says(&[part]).says(&["WARN"]);
            assert_eq!(ended.stderr.matches("is passed over").count(), 1, "{ended:#?}");
            assert!(!ended.stderr.contains("me@example.org"), "{ended:#?}");
        }
    }
    let all = "bulk cowrie.json --db db.sqlite --hybrid-json --multiline-json --db-type x -q";
    let ended = site.program(Program::Loader, &words(all)).ended().await.expect(0);
    assert_eq!(ended.stderr, "");
}

#[track_caller]
fn check_refused(ended: Ended, parts: &[&str]) {
    let ended = ended.expect(2).says(parts);
    assert_eq!(ended.stdout, "", "{ended:#?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:#?}");
    assert!(ended.stderr.starts_with("error: "), "{ended:#?}");
    assert!(!ended.stderr.contains(SECRET), "{ended:#?}");
}

#[tokio::test]
async fn what_is_gone_names_its_successor() {
    let site = site_with_log().await;
    for (text, part) in [
        ("migrate --target-version 17", "`--to N`"),
        ("info", "`cowrie-db status`"),
        ("optimize --no-vacuum --no-reindex", "VACUUM; ANALYZE;"),
        ("backup --output copy.sqlite", "VACUUM INTO"),
        ("integrity --deep", "PRAGMA integrity_check"),
        ("cleanup-cache --dry-run", "nothing to clean"),
        ("backfill --batch-size 1000 --limit 5", "`cowrie-loader bulk`"),
        ("sanitize --all --table files --status-dir s --ingest-id i", "is escaped"),
        ("organize /srv --move", "finds the Cowrie logs in a folder"),
        ("files", "`docs/queries.md`"),
        ("analyze --sample-size 1000", "dead-letters list"),
        ("repair --batch-size 10000", "`cowrie-loader verify`"),
        ("longtail-migrate --dry-run", "`cowrie-db migrate`"),
        ("longtail-rollback", "`cowrie-db rollback --to N`"),
        ("longtail-validate", "`cowrie-db check`"),
        ("migrate-to-postgres --postgres-url postgresql://u:hunter2@h/d", "load the logs"),
    ] {
        let text = format!("--db-url db.sqlite {text}");
        let ended = site.program(Program::Db, &words(&text)).ended().await;
        check_refused(ended, &[part, "is gone"]);
    }
    assert!(!site.path("db.sqlite").exists());
}

/// Every program has them, and they do nothing but say what to write.
#[tokio::test]
async fn no_flag_takes_a_key() {
    let site = site_with_log().await;
    for (flag, key, variable) in [
        ("--vt-api-key", "vtapi", "VT_API_KEY"),
        ("--urlhaus-api-key", "urlhausapi", "URLHAUS_API_KEY"),
        ("--spur-api-key", "spurapi", "SPUR_API_KEY"),
        ("--greynoise-api-key", "greynoise_api", "GREYNOISE_API_KEY"),
    ] {
        let reference = format!("{key} = \"env:{variable}\"");
        for text in [
            format!("bulk cowrie.json {flag} {SECRET}"),
            format!("bulk cowrie.json {flag}={SECRET}"),
            format!("{flag} {SECRET} bulk cowrie.json"),
            format!("bulk cowrie.json {flag}"),
            format!("bulk cowrie.json --nonsense {flag} {SECRET}"),
            format!("bulk cowrie.json -- {flag}={SECRET}"),
            format!("check {flag}={SECRET}"),
            format!("{flag}={SECRET} --help"),
        ] {
            for program in Program::ALL {
                let ended = site.program(program, &words(&text)).ended().await;
                check_refused(ended, &[&reference, "config/sensors.toml"]);
            }
        }
    }
    assert!(!site.sqlite_file().exists());
}

/// What clap repeats of a command line may hold a password that was put in the wrong place.
#[tokio::test]
async fn a_password_in_the_wrong_place_is_not_repeated() {
    let site = site_with_log().await;
    let url = format!("postgresql://loader:{SECRET}@192.0.2.1/cowrie");
    for (program, words) in [
        (Program::Db, &["migrate", &url][..]),
        (Program::Db, &[&url]),
        (Program::Loader, &["bulk", &url]),
        (Program::Loader, &["gaps", &url]),
        (Program::Loader, &["bulk", "cowrie.json", "--format", &url]),
        (Program::Loader, &["bulk", "cowrie.json", "--databse", &url]),
        (Program::Loader, &["bulk", "cowrie.json", "--mmdb-dir", &url]),
    ] {
        let ended = site.program(program, words).ended().await.expect(2);
        assert!(!ended.stderr.contains(SECRET), "{words:?}: {ended:#?}");
    }
}

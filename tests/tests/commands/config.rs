//! The settings by `cowrie-enrich config`.

use std::path::Path;

use cowrie_tests::{Ended, Engine, Program, Run, Site};
use serde_json::Value;

const SECRET: &str = "hunter2";

fn config<'a>(site: &'a Site, arguments: &[&str]) -> Run<'a> {
    site.program(Program::Enrich, &[&["config"], arguments].concat())
}

/// The end of a run in which no secret was said.
#[track_caller]
fn without_secret(ended: Ended, code: i32) -> Ended {
    let ended = ended.expect(code);
    assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(SECRET), "{ended:#?}");
    ended
}

fn document(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

/// What is said of a key: its value, its origin, and the kind of that.
#[track_caller]
fn said(document: &Value, key: &str) -> String {
    let values = document["values"].as_array().unwrap();
    let value = values.iter().find(|value| value["key"] == key);
    let value = value.unwrap_or_else(|| panic!("`{key}` is not shown"));
    let text = |name: &str| value[name].as_str().unwrap_or("nothing");
    format!("{} by {} ({})", text("value"), text("origin"), text("layer"))
}

async fn site_with(file: &str) -> Site {
    let site = Site::new(Engine::Sqlite).await;
    site.write("config/sensors.toml", file);
    site
}

fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/sensors.example.toml");
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn the_example_can_be_used_and_is_shown() {
    let site = site_with(&example()).await;
    let ended = config(&site, &["check"]).ended().await.expect(0);
    assert_eq!(ended.stdout, "The configuration in config/sensors.toml can be used.\n");
    config(&site, &["show"]).ended().await.expect(0).prints(&[
        "KEY ",
        "global.db ",
        "cowrieprocessor.sqlite",
        "env:REDIS_PASSWORD",
        "sensors.sensor-b.enable_asn_inventory",
        "config/sensors.toml",
        "(the source's own)",
        "default",
    ]);
    let ended = config(&site, &["show", "--format", "json"]).ended().await.expect(0);
    let shown = document(&ended);
    assert_eq!(shown["schema"], "cowrie-enrich.config/1");
    assert_eq!(shown["file"], "config/sensors.toml");
    assert_eq!(shown["warnings"], serde_json::json!([]));
    let file = "by config/sensors.toml (file)";
    for (key, expected) in [
        ("global.report_dir", format!("/srv/cowrie/reports {file}")),
        ("global.cache.redis_port", format!("6379 {file}")),
        ("sensors.sensor-a.spurapi", format!("systemd:spur {file}")),
        ("sensors.sensor-b.report_dir", format!("/srv/cowrie/sensor-b/reports {file}")),
        ("sensors.sensor-b.email", format!("operator@example.org {file}")),
        ("providers.greynoise.enabled", format!("true {file}")),
        ("providers.hibp.enabled", "nothing by default (default)".to_owned()),
    ] {
        assert_eq!(said(&shown, key), expected, "{key}");
    }
    let again = config(&site, &["show", "--format", "json"]).ended().await.expect(0);
    assert_eq!(ended.stdout, again.stdout, "the order of keys is stable");
    assert!(!site.has_database(), "nothing is opened");
}

#[tokio::test]
async fn every_layer_is_named() {
    let file = "[global]\ndb = 'file.sqlite'\ncache_dir = 'f'\nstatus_dir = 'f'\n\
        [global.cache]\nredis_port = 7000\nredis_ttl_seconds = 60\n\
        [sensors.a]\ndb = 'a.sqlite'\nlogpath = '/logs'\n";
    let site = site_with(file).await;
    let arguments = ["show", "--format", "json", "--cache-dir", "flag"];
    let mut run = config(&site, &arguments);
    for (name, value) in [
        ("REDIS_TTL_SECONDS", "90"),
        ("ENABLE_REDIS_CACHE", "off"),
        ("COWRIE_STATUS_DIR", "variable"),
        ("COWRIE_CACHE_DIR", "variable"),
        ("DATABASE_URL", "postgresql://u:hunter2@192.0.2.1/c"),
        ("REDIS_PASSWORD", SECRET),
        ("VT_API_KEY", SECRET),
    ] {
        run = run.with_variable(name, value);
    }
    let shown = document(&without_secret(run.ended().await, 0));
    for (key, expected) in [
        ("global.db", "file.sqlite by config/sensors.toml (file)"),
        ("global.cache_dir", "flag by --cache-dir (flag)"),
        ("global.status_dir", "variable by COWRIE_STATUS_DIR (environment)"),
        ("global.data_dir", "nothing by default (default)"),
        ("global.cache.redis_enabled", "false by ENABLE_REDIS_CACHE (environment)"),
        ("global.cache.redis_host", "localhost by default (default)"),
        ("global.cache.redis_port", "7000 by config/sensors.toml (file)"),
        ("global.cache.redis_ttl_seconds", "90 by REDIS_TTL_SECONDS (environment)"),
        ("global.cache.redis_password", "env:REDIS_PASSWORD by REDIS_PASSWORD (environment)"),
        ("sensors.a.db", "a.sqlite by config/sensors.toml (file)"),
        ("sensors.a.cache_dir", "flag by --cache-dir (flag)"),
        ("sensors.a.logpath", "/logs by config/sensors.toml (file)"),
        ("sensors.a.enable_asn_inventory", "true by default (default)"),
        ("sensors.a.vtapi", "env:VT_API_KEY by VT_API_KEY (environment)"),
        ("sensors.a.spurapi", "nothing by default (default)"),
    ] {
        assert_eq!(said(&shown, key), expected, "{key}");
    }
    let run = config(&site, &["show", "--format", "json", "--db", "env:URL"]);
    let run = run.with_variable("URL", "postgresql://u:hunter2@192.0.2.1/c");
    let shown = document(&without_secret(run.ended().await, 0));
    assert_eq!(said(&shown, "global.db"), "env:URL by --db (flag)");
    assert_eq!(said(&shown, "sensors.a.db"), "env:URL by --db (flag)");
}

#[tokio::test]
async fn without_a_file_the_variables_are_enough() {
    let site = Site::new(Engine::Sqlite).await;
    let template = "postgresql://loader:{file:/run/secrets/db}@192.0.2.1/cowrie";
    let run = config(&site, &["show", "--format", "json"]).with_variable("COWRIE_DB", template);
    let shown = document(&run.ended().await.expect(0));
    assert_eq!(shown["file"], Value::Null);
    assert_eq!(said(&shown, "global.db"), format!("{template} by COWRIE_DB (environment)"));
    let ended = config(&site, &["check"]).ended().await.expect(0);
    ended.prints(&["There is no configuration file"]);
}

/// Everything that is wrong is printed at once, and ends with 2.
#[tokio::test]
async fn what_is_wrong_is_said_without_secrets() {
    let file = "[global]\ndb = 'postgresql://loader:hunter2@192.0.2.1/c'\ndatabse = 'hunter2'\n\
        log_dir = '/var/log'\n[sensors.a]\nvtapi = 'hunter2'\nspurapi = 'file:hunter2'\n\
        logpath = 'x'\n\"\\u001b[2Jhunter\" = 1\n[providers.spurr]\nenabled = true\n";
    let site = site_with(file).await;
    let run = config(&site, &["check"]).with_variable("ENABLE_DB_CACHE", SECRET);
    without_secret(run.ended().await, 2).prints(&[
        "problem: `ENABLE_DB_CACHE` in the environment must be `1`",
        "problem: unknown key `global.databse` in config/sensors.toml; did you mean `database_url`?",
        "problem: unknown key `sensors.a.\\u{1b}[2Jhunter` in config/sensors.toml",
        "problem: failed to read `db`: failed to read the database setting of config/sensors.toml: \
         it holds a password in plain text",
        "did you mean `spur`?",
        "`sensors.a.vtapi` in config/sensors.toml holds a secret in plain text; \
         keep it elsewhere and write a reference, for example `vtapi = \"env:VT_API_KEY\"`",
        "`sensors.a.spurapi` in config/sensors.toml is not a usable reference: `file:` needs an \
         absolute path",
        "warning: `global.log_dir` in config/sensors.toml is not needed any more and is ignored",
        "The configuration cannot be used: 7 problems.",
    ]);
    let run = config(&site, &["check", "--format", "json"]).with_variable("REDIS_PORT", SECRET);
    let found = document(&without_secret(run.ended().await, 2));
    assert_eq!(found["schema"], "cowrie-enrich.config-check/1");
    assert_eq!(found["problems"].as_array().map(Vec::len), Some(7));
    assert_eq!(found["warnings"].as_array().map(Vec::len), Some(1));
    let ended = without_secret(config(&site, &["show", "-vv"]).ended().await, 2);
    assert_eq!(ended.stdout, "", "{ended:#?}");
    let ended = config(&site, &["check", "--config", "none.toml"]).ended().await;
    ended
        .expect(2)
        .prints(&["problem: failed to read the configuration file `none.toml`: No such"]);
}

#[tokio::test]
async fn warnings_do_not_make_a_file_unusable() {
    let site = site_with("[global]\nlog_dir = '/var/log'\n[[sensor]]\nname = 'a'\n").await;
    let run = config(&site, &["check"]).with_variable("USE_LEGACY_PROCESSOR", "1");
    run.ended().await.expect(0).prints(&[
        "warning: `USE_LEGACY_PROCESSOR` in the environment is not needed any more",
        "warning: `global.log_dir` in config/sensors.toml is not needed any more",
        "can be used.",
    ]);
    config(&site, &["show"]).ended().await.expect(0).says(&["`global.log_dir`"]);
}

#[tokio::test]
async fn a_plain_password_on_the_command_line_is_refused() {
    let site = site_with("").await;
    for work in ["show", "check"] {
        let arguments = [work, "--db", "postgresql://u:hunter2@192.0.2.1/c"];
        let ended = without_secret(config(&site, &arguments).ended().await, 2);
        let said = ended.stdout + &ended.stderr;
        assert!(said.contains("`--db env:DATABASE_URL`"), "{said}");
    }
}

/// The secrets that a site with this file refers to, each with what came of it.
async fn credentials(site: &Site, arguments: &[&str], code: i32) -> Vec<String> {
    let arguments = [&["credentials", "--format", "json"], arguments].concat();
    let run = site.program(Program::Enrich, &arguments);
    let run = run.with_variable("VT_API_KEY", SECRET).with_variable("DATABASE_URL", &site.db());
    let ended = without_secret(run.ended().await, code);
    let document = document(&ended);
    assert_eq!(document["schema"], "cowrie-enrich.credentials/1");
    let one = |credential: &Value| {
        let text = |name: &str| credential[name].as_str().unwrap_or("-").to_owned();
        let names = ["key", "reference", "origin", "problem", "probe"];
        names.map(text).join(" | ")
    };
    document["credentials"].as_array().unwrap().iter().map(one).collect()
}

#[tokio::test]
async fn credentials_say_what_resolves_and_what_is_accepted() {
    let site = Site::new(Engine::Postgres).await;
    site.write(
        "sensors.toml",
        "[global]\ndb = 'env:DATABASE_URL'\n[global.cache]\nredis_enabled = false\n\
         [[sensor]]\nname = 'a'\nvtapi = 'env:VT_API_KEY'\nspurapi = 'file:/no/such/file'\n\
         [providers.virustotal]\nbase_url = 'http://127.0.0.1:1'\nrate_per_second = 50\n",
    );
    let there = [
        "global.db | env:DATABASE_URL | sensors.toml | - | -",
        "sensors.a.vtapi | env:VT_API_KEY | sensors.toml | - | -",
        "sensors.a.spurapi | file:/no/such/file | sensors.toml | failed to resolve \
         `file:/no/such/file`: failed to read the file: No such file or directory (os error 2) | -",
        "vtapi | env:VT_API_KEY | VT_API_KEY | - | -",
    ];
    assert_eq!(credentials(&site, &[], 1).await, there);
    let probed = credentials(&site, &["--probe"], 1).await;
    assert!(probed[0].ends_with("| - | accepted"), "{probed:?}");
    // Nobody listens there, which says nothing of the key.
    assert!(probed[1].ends_with("| - | no answer"), "{probed:?}");
    assert_eq!(probed[2], there[2]);
}

#[tokio::test]
async fn a_database_that_refuses_is_told_by_the_probe() {
    let site = site_with("[global]\ndb = 'postgresql://u:{env:VT_API_KEY}@127.0.0.1:1/c'\n").await;
    let probed = credentials(&site, &["--probe"], 1).await;
    assert!(probed[0].starts_with("global.db | env:VT_API_KEY | "), "{probed:?}");
    assert!(probed[0].ends_with("| - | refused"), "{probed:?}");
}

//! Variables of the environment, ours and those of the legacy system.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers too")]

use std::collections::BTreeMap;
use std::fs;

use cowrie_config::{Flags, Origin, Settings, Shown, SourceKey, load};
use cowrie_settings::{IGNORED_VARIABLES, Kind, SETTINGS, Setting};
use tempfile::TempDir;

const NO_FLAGS: Flags = Flags { config: None, db: None, cache_dir: None, status_dir: None };

/// A working directory with `sensors.toml` in it.
fn place(file: &str) -> TempDir {
    let place = TempDir::new().unwrap();
    fs::write(place.path().join("sensors.toml"), file).unwrap();
    place
}

fn load_with(file: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
    let place = place(file);
    let environment: BTreeMap<&str, &str> = environment.iter().copied().collect();
    load(&NO_FLAGS, place.path(), &environment).map_err(|error| {
        let debug = format!("{error} {error:?}");
        assert!(!debug.contains("hunter2"), "{debug}");
        error.to_string()
    })
}

fn shown(settings: &Settings, key: &str) -> Shown {
    settings.shown().into_iter().find(|shown| shown.key == key).unwrap()
}

/// What the value of a key is, and where it comes from.
fn said(settings: &Settings, key: &str) -> String {
    let shown = shown(settings, key);
    format!("{} by {}", shown.value.as_deref().unwrap_or("nothing"), shown.origin)
}

/// Something that a variable may say, and what becomes of it.
fn sample(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Switch => ("No", "false"),
        Kind::Count | Kind::Number => (" 47", "47"),
        Kind::Secret => ("${KEPT}", "env:KEPT"),
        Kind::Database | Kind::Path => ("/elsewhere", "/elsewhere"),
        Kind::Server => ("192.0.2.53:5353", "192.0.2.53:5353"),
        Kind::Text | Kind::Url | Kind::Account => ("text", "text"),
    }
}

/// A file that says something else for everything that a variable can set.
const FILE: &str = "[global]\ndb = 'f'\ndata_dir = 'f'\ncache_dir = 'f'\nreport_dir = 'f'\n\
    status_dir = 'f'\nemail = 'f'\n[global.cache]\nredis_enabled = true\nredis_host = 'f'\n\
    redis_port = 1\nredis_db = 1\nredis_password = 'env:F'\nredis_ttl_seconds = 1\n\
    db_cache_enabled = true\n[longtail]\nrun_analysis = true\nstore_results = true\n\
    [providers.maxmind]\ndirectory = 'f'\n\
    [providers.cymru]\nwhois_server = 'f:1'\ndns_server = '192.0.2.1:1'\n";

#[test]
fn every_variable_beats_the_file_or_acts_as_a_reference() {
    let of_one = |setting: &&Setting| !setting.key().contains('<');
    for setting in SETTINGS.iter().filter(of_one) {
        let key = setting.key();
        let (text, value) = sample(setting.kind);
        let legacy: &[&str] = if setting.kind.is_secret() { &[] } else { setting.legacy_variables };
        for name in setting.variable.iter().chain(legacy) {
            let settings = load_with(FILE, &[(name, text)]).unwrap();
            assert_eq!(said(&settings, &key), format!("{value} by {name}"));
            let settings = load_with(FILE, &[(name, "")]).unwrap();
            assert_eq!(shown(&settings, &key).origin.to_string(), "sensors.toml", "{name}");
        }
        for name in setting.legacy_variables.iter().filter(|_| setting.kind.is_secret()) {
            let settings = load_with("", &[(name, "hunter2")]).unwrap();
            assert_eq!(said(&settings, &key), format!("env:{name} by {name}"));
            assert!(!format!("{settings:?}").contains("hunter2"));
            let settings = load_with(FILE, &[(name, "hunter2")]).unwrap();
            assert_eq!(shown(&settings, &key).origin.to_string(), "sensors.toml", "{name}");
        }
        if let (Some(name), Some(legacy)) = (setting.variable, legacy.first()) {
            let settings = load_with(FILE, &[(name, text), (legacy, text)]).unwrap();
            assert_eq!(shown(&settings, &key).origin.to_string(), name);
        }
    }
}

/// The list that scripts of the legacy system use, written out so that none gets lost.
#[test]
fn the_variables_of_the_legacy_system_are_known() {
    let known: Vec<_> = SETTINGS.iter().flat_map(|setting| setting.legacy_variables).collect();
    for name in [
        "COWRIEPROC_CACHE_DIR",
        "COWRIEPROC_DB_PATH",
        "COWRIEPROC_DB_URL",
        "DATABASE_URL",
        "DSHIELD_EMAIL",
        "ENABLE_DB_CACHE",
        "ENABLE_REDIS_CACHE",
        "GREYNOISE_API_KEY",
        "LONGTAIL_STORE_RESULTS",
        "MAXMIND_LICENSE_KEY",
        "REDIS_DB",
        "REDIS_HOST",
        "REDIS_PASSWORD",
        "REDIS_PORT",
        "REDIS_TTL_SECONDS",
        "RUN_LONGTAIL_ANALYSIS",
        "SPUR_API_KEY",
        "URLHAUS_API_KEY",
        "VT_API_KEY",
    ] {
        assert!(known.contains(&&name), "{name}");
    }
    for name in IGNORED_VARIABLES {
        let settings = load_with("", &[(name, "hunter2")]).unwrap();
        let expected = format!("`{name}` in the environment is not needed any more and is ignored");
        assert_eq!(settings.warnings, [expected]);
    }
}

#[test]
fn a_variable_that_cannot_be_read_is_named_without_its_value() {
    for (name, text, expected) in [
        (
            "ENABLE_REDIS_CACHE",
            "hunter2",
            "`ENABLE_REDIS_CACHE` in the environment must be `1`, `true`, `t`, `yes`, `y` or \
             `on`, or else `0`, `false`, `f`, `no`, `n` or `off`",
        ),
        (
            "REDIS_DB",
            "-hunter2",
            "`REDIS_DB` in the environment must be a whole number that is not below zero",
        ),
        (
            "REDIS_PORT",
            "70000",
            "`global.cache.redis_port` in REDIS_PORT must be a whole number from 0 to 65535",
        ),
        (
            "REDIS_HOST",
            "redis://:hunter2@h",
            "`global.cache.redis_host` in REDIS_HOST must be the name or the address of a host",
        ),
        (
            "COWRIE_REDIS_PASSWORD",
            "hunter2",
            "`global.cache.redis_password` in COWRIE_REDIS_PASSWORD holds a secret in plain text; \
             keep it elsewhere and write a reference, for example \
             `COWRIE_REDIS_PASSWORD=env:REDIS_PASSWORD`",
        ),
        ("COWRIE_DB", "postgresql://u:hunter2@h/c", "failed to read `db`"),
    ] {
        assert_eq!(load_with("", &[(name, text)]).unwrap_err(), expected);
    }
}

#[track_caller]
fn check_key(settings: &Settings, sensor: Option<&str>, expected: Option<&str>) {
    let found = settings.key_of(SourceKey::VirusTotal, sensor).map(ToString::to_string);
    assert_eq!(found.as_deref(), expected);
}

#[test]
fn the_key_of_a_source_is_found_with_and_without_sensors() {
    let file = "[[sensor]]\nname = 'a'\n[[sensor]]\nname = 'b'\nvtapi = 'env:B'\n\
        [sensors.c]\nvtapi = 'env:C'\n";
    let settings = load_with(file, &[("VT_API_KEY", "hunter2")]).unwrap();
    check_key(&settings, Some("a"), Some("env:VT_API_KEY"));
    check_key(&settings, Some("b"), Some("env:B"));
    check_key(&settings, Some("c"), Some("env:C"));
    check_key(&settings, Some("none"), Some("env:VT_API_KEY"));
    check_key(&settings, None, Some("env:B"));
    assert_eq!(said(&settings, "sensors.a.vtapi"), "env:VT_API_KEY by VT_API_KEY");
    assert_eq!(said(&settings, "sensors.b.vtapi"), "env:B by sensors.toml");
    let settings = load_with(file, &[]).unwrap();
    check_key(&settings, Some("a"), None);
    let settings = load_with("", &[("VT_API_KEY", "hunter2")]).unwrap();
    check_key(&settings, None, Some("env:VT_API_KEY"));
    check_key(&load_with("", &[("VT_API_KEY", "")]).unwrap(), None, None);
    for key in SourceKey::ALL {
        for name in key.variables() {
            let settings = load_with("", &[(name, "hunter2")]).unwrap();
            let found = settings.key_of(key, None).map(ToString::to_string);
            assert_eq!(found, Some(format!("env:{name}")));
        }
    }
}

#[test]
fn names_of_the_legacy_documents_are_read() {
    let file = "[sensors.a]\ngreynoise_api_key = 'env:G'\nmaxmind_license_key = 'env:M'\n";
    let settings = load_with(file, &[]).unwrap();
    assert_eq!(settings.warnings, Vec::<String>::new());
    assert_eq!(said(&settings, "sensors.a.greynoise_api"), "env:G by sensors.toml");
    assert_eq!(said(&settings, "sensors.a.maxmind_license"), "env:M by sensors.toml");
}

#[test]
fn a_variable_or_flag_beats_what_a_sensor_says() {
    let file = "[global]\ncache_dir = '/g'\nemail = 'g'\n\
        [sensors.own]\ncache_dir = '/o'\nreport_dir = '/r'\nemail = 'o'\n[sensors.none]\n";
    let said = |environment: &[(&str, &str)], key: &str| {
        said(&load_with(file, environment).unwrap(), &format!("sensors.{key}"))
    };
    assert_eq!(said(&[], "own.cache_dir"), "/o by sensors.toml");
    assert_eq!(said(&[], "none.cache_dir"), "/g by sensors.toml");
    assert_eq!(
        said(&[("COWRIEPROC_CACHE_DIR", "/e")], "own.cache_dir"),
        "/e by COWRIEPROC_CACHE_DIR"
    );
    assert_eq!(said(&[], "own.report_dir"), "/r by sensors.toml");
    assert_eq!(said(&[], "none.report_dir"), "nothing by default");
    assert_eq!(said(&[("COWRIE_REPORT_DIR", "/e")], "own.report_dir"), "/e by COWRIE_REPORT_DIR");
    assert_eq!(said(&[], "own.email"), "o by sensors.toml");
    assert_eq!(said(&[], "none.email"), "g by sensors.toml");
    assert_eq!(said(&[("DSHIELD_EMAIL", "e")], "own.email"), "e by DSHIELD_EMAIL");
    let settings = load_with("[sensors.a]\nemail = 'o'\n", &[]).unwrap();
    assert_eq!((settings.email_of(None), settings.email_of(Some("b"))), (Some("o"), None));
    let settings = load_with(file, &[]).unwrap();
    assert_eq!(settings.email_of(None), Some("g"));
    assert_eq!(settings.origin_of("global.data_dir"), Origin::Default);
}

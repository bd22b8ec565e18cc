//! Whole configurations, from files and environments as people have them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers too")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cowrie_config::{
    ConfigError, DatabaseSetting, DatabaseSettingError, DatabaseUrl, Flags, Origin, Settings, load,
};
use cowrie_secrets::Resolver;
use tempfile::TempDir;

const NO_FLAGS: Flags = Flags { config: None, db: None, cache_dir: None, status_dir: None };

/// A working directory with `config/sensors.toml` in it.
fn place(file: &str) -> TempDir {
    let place = TempDir::new().unwrap();
    fs::create_dir(place.path().join("config")).unwrap();
    fs::write(place.path().join("config/sensors.toml"), file).unwrap();
    place
}

fn load_file(file: &str, environment: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let environment: BTreeMap<&str, &str> = environment.iter().copied().collect();
    load(&NO_FLAGS, place(file).path(), &environment)
}

/// Opens what a setting says where those variables are.
fn resolve(
    setting: &DatabaseSetting,
    variables: &[(&'static str, &'static str)],
) -> Result<DatabaseUrl, DatabaseSettingError> {
    let environment: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let resolver = Resolver::new("tests", Arc::new(environment));
    runtime().block_on(setting.resolve(&resolver))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// The error and its sources, as a program prints them.
fn error_of(file: &str) -> String {
    let error = load_file(file, &[]).unwrap_err();
    let debug = format!("{error:?}");
    assert!(!debug.contains("hunter2"), "{debug}");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    assert!(!text.contains("hunter2"), "{text}");
    text
}

fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/sensors.example.toml");
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_example_loads_and_shows_every_key() {
    let settings = load_file(&example(), &[("HOME", "/home/op")]).unwrap();
    assert_eq!(settings.warnings, Vec::<String>::new());
    assert_eq!(settings.cache_dir, PathBuf::from("/home/op/.cache/cowrieprocessor"));
    assert_eq!(settings.maxmind_dir, Some(PathBuf::from("/var/lib/GeoIP")));
    let names: Vec<_> = settings.sensors.iter().map(|sensor| sensor.name.as_str()).collect();
    assert_eq!(names, ["sensor-a", "sensor-b"]);
    let sensor = settings.sensor("sensor-a").unwrap();
    assert_eq!(sensor.maxmind_account.as_deref(), Some("100000"));
    let references = [
        &sensor.vtapi,
        &sensor.urlhausapi,
        &sensor.spurapi,
        &sensor.greynoise_api,
        &sensor.maxmind_license,
        &settings.cache.redis_password,
    ];
    let shown: Vec<_> = references.iter().map(|r| r.as_ref().unwrap().to_string()).collect();
    assert_eq!(
        shown,
        [
            "env:VT_API_KEY",
            "file:/run/secrets/urlhaus",
            "systemd:spur",
            "env:GREYNOISE_API_KEY",
            "env:MAXMIND_LICENSE_KEY",
            "env:REDIS_PASSWORD",
        ]
    );
    assert!(settings.sensor_enabled("sensor-a"));
    assert!(!settings.sensor_enabled("sensor-b"));
    assert!(settings.sensor_enabled("sensor-c"));
    assert_eq!(settings.database_of("sensor-b").to_string(), "sensor-b.sqlite");
    assert_eq!(settings.database_of("sensor-c").to_string(), "cowrieprocessor.sqlite");
    assert_eq!(settings.providers["greynoise"].timeout_seconds, Some(10.0));
    assert_eq!(settings.providers["greynoise"].daily_quota, Some(50));
}

/// The keys and values that the legacy system shipped as its example.
const LEGACY: &str = r#"
[global]
db = "/mnt/dshield/data/db/cowrieprocessor.sqlite"
report_dir = "/mnt/dshield/reports"
[global.cache]
redis_enabled = true
redis_host = "localhost"
redis_port = 6379
redis_db = 0
redis_ttl_seconds = 3600
db_cache_enabled = true
[[sensor]]
name = "honeypot-a"
logpath = "/mnt/dshield/a/NSM/cowrie"
summarizedays = 1
email = "you@example.com"
[[sensor]]
name = "honeypot-b"
logpath = "/mnt/dshield/b/NSM/cowrie"
summarizedays = 1
[snowshoe_detector]
enabled = true
[snowshoe_detector.enrichment]
use_dshield = true
use_spur = true
max_enrichment_age_days = 365
treat_stale_as_unknown = false
cloud_provider_keywords = ["amazon", "aws"]
"#;

#[test]
fn the_legacy_example_loads_with_two_warnings() {
    let settings = load_file(LEGACY, &[]).unwrap();
    assert_eq!(
        settings.warnings,
        [
            "`[snowshoe_detector]` in config/sensors.toml is not needed any more and is ignored",
            "`sensor.summarizedays` in config/sensors.toml is not needed any more and is ignored",
        ]
    );
    assert_eq!(settings.report_dir, Some(PathBuf::from("/mnt/dshield/reports")));
    assert_eq!(settings.sensors.len(), 2);
    let path = Some(PathBuf::from("/mnt/dshield/b/NSM/cowrie"));
    assert_eq!(settings.sensor("honeypot-b").unwrap().logpath, path);
    assert_eq!(settings.database.to_string(), "/mnt/dshield/data/db/cowrieprocessor.sqlite");
}

#[test]
fn references_of_every_scheme_are_kept_and_damaged_ones_say_what_they_need() {
    let file = "[global.cache]\nredis_password = 'op://Security/Redis/password'\n\
        [[sensor]]\nname = 'a'\nspurapi = 'vault://kv/spur#token'\n\
        vtapi = 'aws-sm://eu-west-1/keys#vt'\nurlhausapi = 'sops:///etc/keys.yaml#urlhaus'\n";
    let settings = load_file(file, &[]).unwrap();
    assert_eq!(settings.warnings, Vec::<String>::new());
    let sensor = settings.sensor("a").unwrap();
    let references =
        [&settings.cache.redis_password, &sensor.spurapi, &sensor.vtapi, &sensor.urlhausapi];
    let shown = references.map(|reference| reference.as_ref().unwrap().to_string());
    assert_eq!(
        shown,
        [
            "op://Security/Redis/password",
            "vault://kv/spur#token",
            "aws-sm://eu-west-1/keys#vt",
            "sops:///etc/keys.yaml#urlhaus",
        ]
    );
    assert_eq!(
        error_of("[[sensor]]\nname = 'a'\nspurapi = 'vault://kv'\n"),
        "`sensors.a.spurapi` in config/sensors.toml is not a usable reference: \
         `vault://` needs a mount and a name, as in `vault://secret/cowrie#password`"
    );
    assert_eq!(
        error_of("[global]\ndb = 'op://vault/db'\n"),
        "failed to read `db`: failed to read the database setting of config/sensors.toml: \
         it is not a usable reference: `op://` needs a vault, an item and a field, as in \
         `op://vault/item/field`"
    );
}

#[test]
fn the_layout_with_names_loads() {
    let file = "[sensors.production]\n\
        database_url = 'postgresql://loader@db.example.org:5432/cowrie'\n\
        enable_asn_inventory = false\ncache_dir = '/var/cache/cowrie'\nsummarizedays = 3\n";
    let settings = load_file(file, &[]).unwrap();
    let sensor = settings.sensor("production").unwrap();
    assert!(!sensor.enable_asn_inventory);
    assert_eq!(sensor.cache_dir, Some(PathBuf::from("/var/cache/cowrie")));
    assert_eq!(
        settings.database_of("production").to_string(),
        "postgresql://loader@db.example.org:5432/cowrie"
    );
    assert_eq!(settings.warnings.len(), 1);
}

#[test]
fn without_a_file_the_defaults_hold() {
    let place = TempDir::new().unwrap();
    let environment = BTreeMap::from([("XDG_CACHE_HOME", "/xdg"), ("HOME", "/home/op")]);
    let settings = load(&NO_FLAGS, place.path(), &environment).unwrap();
    assert_eq!(settings.file, None);
    assert_eq!(settings.database.to_string(), "cowrieprocessor.sqlite");
    assert_eq!(settings.database.origin(), &Origin::Default);
    assert_eq!(settings.cache_dir, PathBuf::from("/xdg/cowrieprocessor"));
    assert_eq!(settings.maxmind_dir, None);
    assert_eq!(settings.status_dir, None);
    assert!(settings.cache.redis_enabled);
    let relative = BTreeMap::from([("XDG_CACHE_HOME", "xdg")]);
    let settings = load(&NO_FLAGS, place.path(), &relative).unwrap();
    assert_eq!(settings.cache_dir, PathBuf::from(".cache/cowrieprocessor"));
}

#[test]
fn files_are_found_in_their_order() {
    let place = place("[global]\ndb = 'first.sqlite'\n");
    fs::write(place.path().join("sensors.toml"), "[global]\ndb = 'second.sqlite'\n").unwrap();
    fs::write(place.path().join("own.toml"), "[global]\ndb = 'own.sqlite'\n").unwrap();
    let none = BTreeMap::<&str, &str>::new();
    let shown = |flags: &Flags, environment: &BTreeMap<&str, &str>| {
        load(flags, place.path(), environment).unwrap().database.to_string()
    };
    assert_eq!(shown(&NO_FLAGS, &none), "first.sqlite");
    let named = Flags { config: Some(PathBuf::from("own.toml")), ..NO_FLAGS };
    assert_eq!(shown(&named, &none), "own.sqlite");
    assert_eq!(shown(&NO_FLAGS, &BTreeMap::from([("COWRIE_CONFIG", "own.toml")])), "own.sqlite");
    fs::remove_file(place.path().join("config/sensors.toml")).unwrap();
    assert_eq!(shown(&NO_FLAGS, &none), "second.sqlite");
    let missing = Flags { config: Some(PathBuf::from("missing.toml")), ..NO_FLAGS };
    let error = load(&missing, place.path(), &none).unwrap_err();
    assert_eq!(error.to_string(), "failed to read the configuration file `missing.toml`");
}

#[track_caller]
fn check_database(file: &str, flag: Option<&str>, environment: &[(&str, &str)], expected: &str) {
    let place = place(file);
    let environment: BTreeMap<&str, &str> = environment.iter().copied().collect();
    let flags = Flags { db: flag.map(str::to_owned), ..NO_FLAGS };
    let database = load(&flags, place.path(), &environment).unwrap().database;
    assert_eq!(format!("{database} by {}", database.origin()), expected);
}

#[test]
fn the_strongest_layer_names_the_database() {
    let file = "[global]\ndb = 'file.sqlite'\n";
    let url = ("DATABASE_URL", "postgres://u:p@h/c");
    let legacy_path = ("COWRIEPROC_DB_PATH", "/x.sqlite");
    let legacy_url = ("COWRIEPROC_DB_URL", "sqlite:////y.sqlite");
    let ours = ("COWRIE_DB", "${DATABASE_URL}");
    check_database("", None, &[], "cowrieprocessor.sqlite by default");
    check_database("", None, &[url], "env:DATABASE_URL by DATABASE_URL");
    check_database("", None, &[url, legacy_path], "env:COWRIEPROC_DB_PATH by COWRIEPROC_DB_PATH");
    check_database(
        "",
        None,
        &[url, legacy_path, legacy_url],
        "env:COWRIEPROC_DB_URL by COWRIEPROC_DB_URL",
    );
    check_database("", None, &[("DATABASE_URL", "")], "cowrieprocessor.sqlite by default");
    check_database(file, None, &[url, legacy_url], "file.sqlite by config/sensors.toml");
    check_database(file, None, &[url, ours], "env:DATABASE_URL by COWRIE_DB");
    check_database(file, Some("flag.sqlite"), &[url, ours], "flag.sqlite by --db");
}

#[test]
fn a_sensor_has_its_own_database_unless_one_is_forced() {
    let file = "[global]\ndb = 'all.sqlite'\n[sensors.a]\ndb = 'a.sqlite'\n";
    let place = place(file);
    let check = |flag: Option<&str>, environment: &[(&str, &str)], expected: &str| {
        let environment: BTreeMap<&str, &str> = environment.iter().copied().collect();
        let flags = Flags { db: flag.map(str::to_owned), ..NO_FLAGS };
        let settings = load(&flags, place.path(), &environment).unwrap();
        assert_eq!(settings.database_of("a").to_string(), expected);
    };
    check(None, &[], "a.sqlite");
    check(None, &[("DATABASE_URL", "x.sqlite")], "a.sqlite");
    check(None, &[("COWRIE_DB", "x.sqlite")], "x.sqlite");
    check(Some("flag.sqlite"), &[("COWRIE_DB", "x.sqlite")], "flag.sqlite");
}

#[test]
fn every_value_knows_its_origin() {
    let environment = [
        ("COWRIEPROC_CACHE_DIR", "/legacy"),
        ("COWRIE_MAXMIND_DIR", "/mm"),
        ("COWRIE_COLOUR", "x"),
    ];
    let file = "[global]\ndata_dir = '/d'\ncache_dir = '/c'\n[global.cache]\nredis_port = 7000\n";
    let settings = load_file(file, &environment).unwrap();
    let shown = |key: &str| settings.origins.get(key).map(Origin::to_string);
    assert_eq!(shown("global.db").as_deref(), Some("default"));
    assert_eq!(shown("global.data_dir").as_deref(), Some("config/sensors.toml"));
    assert_eq!(shown("global.cache_dir").as_deref(), Some("COWRIEPROC_CACHE_DIR"));
    assert_eq!(shown("global.cache.redis_port").as_deref(), Some("config/sensors.toml"));
    assert_eq!(shown("global.cache.redis_host").as_deref(), Some("default"));
    assert_eq!(shown("providers.maxmind.directory").as_deref(), Some("COWRIE_MAXMIND_DIR"));
    assert_eq!(settings.cache_dir, PathBuf::from("/legacy"));
    assert_eq!(settings.maxmind_dir, Some(PathBuf::from("/mm")));
}

#[test]
fn path_flags_win() {
    let place = place("[global]\ncache_dir = '/c'\n");
    let cache = place.path().join("x/cache");
    fs::create_dir_all(cache.join("maxmind")).unwrap();
    let flags = Flags {
        cache_dir: Some(cache.clone()),
        status_dir: Some(PathBuf::from("status")),
        ..NO_FLAGS
    };
    let settings = load(&flags, place.path(), &BTreeMap::<&str, &str>::new()).unwrap();
    assert_eq!(settings.cache_dir, cache);
    assert_eq!(settings.maxmind_dir, Some(cache.join("maxmind")));
    assert_eq!(settings.status_dir, Some(PathBuf::from("status")));
    assert_eq!(settings.origins["global.cache_dir"].to_string(), "--cache-dir");
}

#[test]
fn the_database_has_two_names_in_a_file() {
    for (file, expected) in [
        ("[global]\ndatabase_url = 'a.sqlite'\n", ["a.sqlite", "a.sqlite"]),
        (
            "[global]\ndb = 'a.sqlite'\n[sensors.s]\ndatabase_url = 'b.sqlite'\n",
            ["a.sqlite", "b.sqlite"],
        ),
        (
            "[global]\ndb = 'a.sqlite'\n[[sensor]]\nname = 's'\ndb = 'b.sqlite'\n",
            ["a.sqlite", "b.sqlite"],
        ),
    ] {
        let settings = load_file(file, &[]).unwrap();
        let shown = |database: &DatabaseSetting| resolve(database, &[]).unwrap().to_string();
        let found = [shown(&settings.database), shown(settings.database_of("s"))];
        assert!(found.iter().zip(expected).all(|(found, end)| found.ends_with(end)), "{found:?}");
    }
    let from_environment =
        load_file("[global]\ndatabase_url = 'a.sqlite'\n", &[("COWRIE_DB", "c.sqlite")]);
    let found = resolve(&from_environment.unwrap().database, &[]).unwrap();
    assert_eq!(found.to_string(), "c.sqlite");
}

#[track_caller]
fn check_error(file: &str, expected: &str) {
    assert_eq!(error_of(file), expected);
}

#[test]
fn unknown_keys_name_the_nearest_known_one() {
    check_error(
        "[global]\ndatabse = 'hunter2'\n",
        "unknown key `global.databse` in config/sensors.toml; did you mean `database_url`?",
    );
    check_error(
        "[globl]\ndb = 'x'\n",
        "unknown key `globl` in config/sensors.toml; did you mean `global`?",
    );
    check_error(
        "[global.cache]\nredis_prt = 1\n",
        "unknown key `global.cache.redis_prt` in config/sensors.toml; did you mean `redis_port`?",
    );
    check_error(
        "[[sensor]]\nname = 'a'\n[[sensor]]\nname = 'b'\nlog_path = '/x'\n",
        "unknown key `[[sensor]] number 2: log_path` in config/sensors.toml; \
         did you mean `logpath`?",
    );
    check_error(
        "[sensors.a]\nenable_asn_inventry = true\n",
        "unknown key `sensors.a.enable_asn_inventry` in config/sensors.toml; \
         did you mean `enable_asn_inventory`?",
    );
    check_error(
        "[providers.greynoize]\nenabled = true\n",
        "unknown key `providers.greynoize` in config/sensors.toml; did you mean `greynoise`?",
    );
    check_error(
        "[providers.cymru]\ndirectory = '/x'\n",
        "unknown key `providers.cymru.directory` in config/sensors.toml",
    );
    check_error(
        "[longtail]\nstore_result = 'hunter2'\n",
        "unknown key `longtail.store_result` in config/sensors.toml; \
         did you mean `store_results`?",
    );
    check_error(
        "[providers.spur]\ntimeout = 10\n",
        "unknown key `providers.spur.timeout` in config/sensors.toml; \
         did you mean `timeout_seconds`?",
    );
    check_error(
        "[[sensor]]\nname = 'a'\nreportdir = '/x'\n",
        "unknown key `[[sensor]] number 1: reportdir` in config/sensors.toml; \
         did you mean `report_dir`?",
    );
    check_error("hunter = 'hunter2'\n", "unknown key `hunter` in config/sensors.toml");
}

#[test]
fn secrets_in_plain_text_are_refused_without_being_repeated() {
    for (section, key, field, variable) in [
        ("[sensors.a]", "sensors.a.vtapi", "vtapi", "VT_API_KEY"),
        ("[sensors.a]", "sensors.a.urlhausapi", "urlhausapi", "URLHAUS_API_KEY"),
        ("[sensors.a]", "sensors.a.spurapi", "spurapi", "SPUR_API_KEY"),
        ("[sensors.a]", "sensors.a.greynoise_api", "greynoise_api", "GREYNOISE_API_KEY"),
        ("[sensors.a]", "sensors.a.maxmind_license", "maxmind_license", "MAXMIND_LICENSE_KEY"),
        ("[global.cache]", "global.cache.redis_password", "redis_password", "REDIS_PASSWORD"),
    ] {
        for value in ["'hunter2'", "'op:hunter2'", "123"] {
            check_error(
                &format!("{section}\n{field} = {value}\n"),
                &format!(
                    "`{key}` in config/sensors.toml holds a secret in plain text; \
                     keep it elsewhere and write a reference, for example \
                     `{field} = \"env:{variable}\"`"
                ),
            );
        }
    }
    check_error(
        "[global]\ndb = 'postgresql://loader:hunter2@h/c'\n",
        "failed to read `db`: failed to read the database setting of config/sensors.toml: \
         it holds a password in plain text; write `db = \"env:DATABASE_URL\"` or \
         `postgresql://user:{file:/run/secrets/db}@host/db`",
    );
    check_error(
        "[sensors.a]\ndb = 'postgresql://loader:hunter2@h/c'\n",
        "failed to read `sensors.a.db`: \
         failed to read the database setting of config/sensors.toml: \
         it holds a password in plain text; write `db = \"env:DATABASE_URL\"` or \
         `postgresql://user:{file:/run/secrets/db}@host/db`",
    );
    check_error(
        "[providers.spur]\nbase_url = 'https://u:hunter2@h'\n",
        "`providers.spur.base_url` in config/sensors.toml must not carry a user or a password",
    );
}

#[test]
fn wrong_values_are_named() {
    check_error(
        "[global.cache]\nredis_port = 'hunter2'\n",
        "`global.cache.redis_port` in config/sensors.toml is a string, but must be \
         a whole number from 0 to 65535",
    );
    check_error(
        "[global.cache]\nredis_port = 70000\n",
        "`global.cache.redis_port` in config/sensors.toml must be a whole number from 0 to 65535",
    );
    check_error(
        "global = 3\n",
        "`global` in config/sensors.toml is a whole number, but must be a table",
    );
    check_error(
        "sensor = 'hunter2'\n",
        "`sensor` in config/sensors.toml is a string, but must be a list of tables",
    );
    check_error(
        "[sensors.a]\nlogpath = 1\n",
        "`sensors.a.logpath` in config/sensors.toml is a whole number, but must be a path",
    );
    check_error(
        "[sensors.a]\nvtapi = ['hunter2']\n",
        "`sensors.a.vtapi` in config/sensors.toml is a list, but must be a reference to a secret",
    );
    check_error(
        "[[sensor]]\nlogpath = '/x'\n",
        "`[[sensor]] number 1` in config/sensors.toml has no `name`",
    );
    check_error(
        "[[sensor]]\nname = 'a'\n[sensors.a]\n",
        "`sensor `a`` in config/sensors.toml is there twice",
    );
    check_error(
        "[sensors.a]\nname = 'b'\n",
        "`sensors.a.name` in config/sensors.toml differs from the name of its section",
    );
    check_error(
        "[sensors.a]\ndb = 'x'\ndatabase_url = 'y'\n",
        "`sensors.a` in config/sensors.toml stands beside another spelling of `db`",
    );
    check_error(
        "[providers.spur]\nrate_per_second = 0\n",
        "`providers.spur.rate_per_second` in config/sensors.toml must be a number above zero",
    );
    check_error(
        "[providers.spur]\nbase_url = 'spur.example.org'\n",
        "`providers.spur.base_url` in config/sensors.toml must begin with `https://` or \
         `http://` and a host",
    );
    check_error(
        "[providers.spur]\nbase_url = 'https://spur.example.org/?key=hunter2'\n",
        "`providers.spur.base_url` in config/sensors.toml must end before a `?` or `#`",
    );
    check_error(
        "[providers.spur]\nwhois_server = 'whois.example.org:43'\n",
        "unknown key `providers.spur.whois_server` in config/sensors.toml",
    );
    check_error(
        "[providers.cymru]\nbase_url = 'https://cymru.example.org'\n",
        "unknown key `providers.cymru.base_url` in config/sensors.toml; \
         did you mean `whois_server`?",
    );
    for server in ["whois.example.org", "whois.example.org:", "h:0", "h:70000", ":43", "u@h:43"] {
        let file = format!("[providers.cymru]\nwhois_server = '{server}'\n");
        assert!(error_of(&file).contains("`providers.cymru.whois_server`"), "{server}");
    }
    check_error(
        "[providers.cymru]\ndns_server = 'dns.example.org:53'\n",
        "`providers.cymru.dns_server` in config/sensors.toml must be an address and a port, \
         as in `192.0.2.53:53`",
    );
    check_error(
        "[global.cache]\nredis_host = 'redis://:hunter2@h'\n",
        "`global.cache.redis_host` in config/sensors.toml must be \
         the name or the address of a host",
    );
    for host in ["user:hunter2", "localhost:6379", ""] {
        let file = format!("[global.cache]\nredis_host = '{host}'\n");
        assert!(error_of(&file).contains("must be the name or the address of a host"), "{host}");
    }
    for host in ["redis-1.example.org", "192.0.2.1", "::1", "[2001:db8::1]"] {
        let settings = load_file(&format!("[global.cache]\nredis_host = '{host}'\n"), &[]);
        assert_eq!(settings.unwrap().cache.redis_host, host);
    }
    check_error(
        "[longtail]\nrun_analysis = 'yes'\n",
        "`longtail.run_analysis` in config/sensors.toml is a string, but must be a boolean",
    );
    check_error(
        "[global\n",
        "`config/sensors.toml` is not TOML: line 1, column 8: unclosed table, expected `]`",
    );
}

#[test]
fn a_file_that_cannot_be_read_is_not_passed_over() {
    let empty = BTreeMap::<&str, &str>::new();
    let place = TempDir::new().unwrap();
    assert!(load(&NO_FLAGS, place.path(), &empty).unwrap().file.is_none());
    fs::create_dir(place.path().join("sensors.toml")).unwrap();
    let read = |place: &TempDir| load(&NO_FLAGS, place.path(), &empty).unwrap_err();
    assert!(matches!(read(&place), ConfigError::Read { .. }));
    let place = TempDir::new().unwrap();
    std::os::unix::fs::symlink("nowhere", place.path().join("sensors.toml")).unwrap();
    assert!(matches!(read(&place), ConfigError::Read { .. }));
    let flags = Flags { config: Some(PathBuf::from("/dev/zero")), ..NO_FLAGS };
    let endless = load(&flags, place.path(), &empty).unwrap_err();
    assert!(matches!(endless, ConfigError::Read { .. }), "{endless}");
}

#[test]
fn the_database_is_resolved_when_it_is_opened() {
    let settings = load_file("[global]\ndb = 'env:DATABASE_URL'\n", &[]).unwrap();
    let error = resolve(&settings.database, &[]).unwrap_err();
    assert_eq!(error.to_string(), "failed to read the database setting of config/sensors.toml");
    let variables = [("DATABASE_URL", "postgresql://loader:hunter2@h/c")];
    let url = resolve(&settings.database, &variables).unwrap();
    assert!(matches!(&url, DatabaseUrl::Postgres { .. }));
    assert!(!format!("{url} {url:?} {settings:?}").contains("hunter2"));
}

#[test]
fn a_panic_says_nothing_of_a_secret() {
    let settings = load_file("[global]\ndb = 'env:DATABASE_URL'\n", &[]).unwrap();
    let variables = BTreeMap::from([("DATABASE_URL", "postgresql://loader:hunter2@h/c")]);
    let resolver = Resolver::new("tests", Arc::new(variables));
    let url = runtime().block_on(settings.database.resolve(&resolver)).unwrap();
    let secret = runtime().block_on(resolver.resolve(settings.database.references()[0], "a test"));
    let panicking =
        std::thread::spawn(move || panic!("{resolver:?} {settings:?} {url:?} {secret:?}"));
    let said = *panicking.join().unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("DATABASE_URL"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

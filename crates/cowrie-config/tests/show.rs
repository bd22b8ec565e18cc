//! Every value in force, and everything that is wrong.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cowrie_config::{Flags, Review, Settings, load, review};
use cowrie_settings::{Fallback, Section};
use tempfile::TempDir;

const NO_FLAGS: Flags = Flags { config: None, db: None, cache_dir: None, status_dir: None };

fn place(file: &str) -> TempDir {
    let place = TempDir::new().unwrap();
    fs::write(place.path().join("sensors.toml"), file).unwrap();
    place
}

fn load_file(file: &str) -> Settings {
    load(&NO_FLAGS, place(file).path(), &BTreeMap::<&str, &str>::new()).unwrap()
}

/// The names of the keys that are shown below a path.
fn names(settings: &Settings, path: &str) -> BTreeSet<String> {
    let keys = settings.shown().into_iter().map(|shown| shown.key);
    let below = keys.filter_map(|key| Some(key.strip_prefix(path)?.strip_prefix('.')?.to_owned()));
    below.filter(|name| !name.contains('.')).collect()
}

fn described(sections: &[Section]) -> BTreeSet<String> {
    let settings = sections.iter().flat_map(|section| section.settings());
    settings.map(|setting| setting.name.to_owned()).collect()
}

#[test]
fn every_setting_is_shown() {
    let settings = load_file("[sensors.a]\n[[sensor]]\nname = 'b'\n");
    assert_eq!(names(&settings, "global"), described(&[Section::Global]));
    assert_eq!(names(&settings, "global.cache"), described(&[Section::Cache]));
    assert_eq!(names(&settings, "longtail"), described(&[Section::Longtail]));
    let mut sensor = described(&[Section::Sensor]);
    assert!(sensor.remove("name"), "it is in the key");
    assert_eq!(names(&settings, "sensors.a"), sensor);
    assert_eq!(names(&settings, "sensors.b"), sensor);
    assert_eq!(names(&settings, "providers.spur"), described(&[Section::Provider]));
    assert_eq!(
        names(&settings, "providers.maxmind"),
        described(&[Section::Provider, Section::MaxMind])
    );
    assert_eq!(
        names(&settings, "providers.cymru"),
        described(&[Section::Provider, Section::Cymru])
    );
}

#[test]
fn what_is_described_as_the_default_is_the_default() {
    let settings = load_file("[sensors.a]\n");
    for shown in settings.shown() {
        assert_eq!(shown.origin.to_string(), "default", "{}", shown.key);
        let name = shown.key.rsplit('.').next().unwrap();
        let section = match shown.key.strip_suffix(name).unwrap() {
            "global." => Section::Global,
            "global.cache." => Section::Cache,
            "longtail." => Section::Longtail,
            "sensors.a." => Section::Sensor,
            _ => continue,
        };
        let setting = section.settings().find(|setting| setting.name == name).unwrap();
        match setting.fallback {
            Fallback::Value(value) => assert_eq!(shown.value.as_deref(), Some(value), "{name}"),
            Fallback::Words(words) => assert_eq!(shown.fallback, Some(words), "{name}"),
        }
    }
}

#[test]
fn values_of_the_example_come_from_the_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/sensors.example.toml");
    let settings = load_file(&fs::read_to_string(path).unwrap());
    let said = |key: &str| {
        let shown = settings.shown().into_iter().find(|shown| shown.key == key).unwrap();
        format!("{} by {}", shown.value.unwrap_or_default(), shown.origin)
    };
    for (key, expected) in [
        ("global.db", "cowrieprocessor.sqlite by sensors.toml"),
        ("global.cache.redis_password", "env:REDIS_PASSWORD by sensors.toml"),
        ("sensors.sensor-a.enable_asn_inventory", "true by sensors.toml"),
        ("sensors.sensor-a.urlhausapi", "file:/run/secrets/urlhaus by sensors.toml"),
        ("sensors.sensor-a.maxmind_account", "100000 by sensors.toml"),
        ("sensors.sensor-b.db", "sensor-b.sqlite by sensors.toml"),
        ("sensors.sensor-b.enable_asn_inventory", "false by sensors.toml"),
        ("sensors.sensor-b.vtapi", " by default"),
        ("providers.greynoise.rate_per_second", "0.5 by sensors.toml"),
        ("providers.maxmind.directory", "/var/lib/GeoIP by sensors.toml"),
        ("providers.spur.enabled", " by default"),
    ] {
        assert_eq!(said(key), expected, "{key}");
    }
}

#[test]
fn flags_are_the_origin_of_what_they_set() {
    let flags = Flags {
        db: Some("flag.sqlite".to_owned()),
        cache_dir: Some(PathBuf::from("cache")),
        status_dir: Some(PathBuf::from("status")),
        ..NO_FLAGS
    };
    let place = place("[global]\ndb = 'f'\n[sensors.a]\ndb = 's'\ncache_dir = 'c'\n");
    let settings = load(&flags, place.path(), &BTreeMap::<&str, &str>::new()).unwrap();
    let by_flag =
        settings.shown().into_iter().filter(|shown| shown.origin.to_string().starts_with("--"));
    let found: Vec<_> = by_flag.map(|shown| format!("{} {}", shown.key, shown.origin)).collect();
    assert_eq!(
        found,
        [
            "global.db --db",
            "global.cache_dir --cache-dir",
            "global.status_dir --status-dir",
            "sensors.a.db --db",
            "sensors.a.cache_dir --cache-dir",
        ]
    );
}

fn review_file(file: &str, environment: &[(&str, &str)]) -> Review {
    let environment: BTreeMap<&str, &str> = environment.iter().copied().collect();
    let found = review(&NO_FLAGS, place(file).path(), &environment);
    assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
    found
}

#[test]
fn everything_that_is_wrong_is_found_at_once() {
    let file = "colour = 'hunter2'\n\
        [global]\ndb = 'postgresql://u:hunter2@h/c'\nlog_dir = 'l'\ndata_dirr = 'hunter2'\n\
        [global.cache]\nredis_port = 'hunter2'\nredis_password = 'hunter2'\n\
        [[sensor]]\nname = 'a'\nvtapi = 'hunter2'\nlog_path = 'x'\n\
        [[sensor]]\nlogpath = 'x'\n\
        [sensors.b]\ndb = 'x'\ndatabase_url = 'y'\nspurapi = 'file:relative'\n\
        [providers.spur]\nrate_per_second = 0\nbase_url = 'hunter2'\n";
    let found = review_file(file, &[("ENABLE_DB_CACHE", "maybe")]);
    assert_eq!(found.file, Some(PathBuf::from("sensors.toml")));
    let mut problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    problems.sort();
    let expected = [
        "`ENABLE_DB_CACHE` in the environment must be `1`",
        "`[[sensor]] number 2` in sensors.toml has no `name`",
        "`global.cache.redis_password` in sensors.toml holds a secret in plain text",
        "`global.cache.redis_port` in sensors.toml is a string",
        "`providers.spur.base_url` in sensors.toml must begin",
        "`providers.spur.rate_per_second` in sensors.toml must be a number above zero",
        "`sensors.a.vtapi` in sensors.toml holds a secret in plain text",
        "`sensors.b.spurapi` in sensors.toml is not a usable reference",
        "`sensors.b` in sensors.toml stands beside another spelling of `db`",
        "failed to read `db`",
        "unknown key `[[sensor]] number 1: log_path` in sensors.toml; did you mean `logpath`?",
        "unknown key `colour` in sensors.toml",
        "unknown key `global.data_dirr` in sensors.toml; did you mean `data_dir`?",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, start) in problems.iter().zip(expected) {
        assert!(problem.starts_with(start), "{problem} is not {start}");
    }
    assert_eq!(found.warnings.len(), 1, "{:?}", found.warnings);
}

/// A variable may be wrong where the file is right, and the other way round.
#[test]
fn each_layer_answers_for_itself() {
    let file = "[global.cache]\nredis_port = 1\nredis_db = 'hunter2'\nredis_hots = 'hunter2'\n";
    let found = review_file(file, &[("REDIS_PORT", "70000"), ("REDIS_DB", "2")]);
    let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
    let number = "must be a whole number from 0 to 65535";
    assert_eq!(problems.len(), 2, "{problems:#?}");
    let port = format!("`global.cache.redis_port` in REDIS_PORT {number}");
    assert!(problems.contains(&port), "{problems:#?}");
    let host = "unknown key `global.cache.redis_hots` in sensors.toml; did you mean `redis_host`?";
    assert!(problems.contains(&host.to_owned()), "{problems:#?}");
}

#[test]
fn what_cannot_be_read_at_all_is_one_problem() {
    let found = review_file("[global\n", &[]);
    assert_eq!((found.file, found.problems.len()), (None, 1));
    let found = review_file("", &[("COWRIE_CONFIG", "none.toml")]);
    assert_eq!((found.file, found.problems.len()), (None, 1));
    let found = review_file("", &[]);
    assert_eq!((found.problems.len(), found.warnings.len()), (0, 0));
}

//! Keeps `docs/config.md` and `config/sensors.example.toml` what the description of the settings
//! says.
#![expect(clippy::unwrap_used, reason = "what is missing fails the test")]

mod document;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cowrie_settings::{SETTINGS, Section, Setting};
use toml::{Table, Value};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn example() -> String {
    fs::read_to_string(root().join("config/sensors.example.toml")).unwrap()
}

/// With `UPDATE_DOCS=1` in the environment the document is written instead of compared.
#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting")]
fn the_reference_is_up_to_date() {
    let path = root().join("docs/config.md");
    let expected = document::text();
    if std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
        fs::write(&path, &expected).unwrap();
        return;
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/config.md is not what the settings are; \
         run `UPDATE_DOCS=1 cargo test -p cowrie-config --test reference`"
    );
}

#[test]
fn the_example_shows_every_setting_and_no_other() {
    let file: Table = example().parse().unwrap();
    let mut found = BTreeSet::new();
    for (name, value) in &file {
        match (name.as_str(), value) {
            ("global", Value::Table(global)) => {
                let (cache, own): (Vec<_>, Vec<_>) =
                    global.iter().partition(|(name, _)| *name == "cache");
                found.extend(own.iter().map(|(name, _)| format!("global.{name}")));
                let cache = cache.iter().filter_map(|(_, cache)| cache.as_table());
                found.extend(cache.flat_map(|cache| keys("global.cache", cache)));
            }
            ("longtail", Value::Table(longtail)) => found.extend(keys("longtail", longtail)),
            ("sensor", Value::Array(sensors)) => {
                let sensors = sensors.iter().filter_map(Value::as_table);
                found.extend(sensors.flat_map(|sensor| keys("sensors.<name>", sensor)));
            }
            ("sensors" | "providers", Value::Table(sections)) => {
                for (section, inside) in sections {
                    // The sources with keys of their own.
                    let is_special = ["maxmind", "cymru"].contains(&section.as_str());
                    let above = if name == "providers" && is_special { section } else { "<name>" };
                    found.extend(keys(&format!("{name}.{above}"), inside.as_table().unwrap()));
                }
            }
            _ => panic!("`{name}` is not described"),
        }
    }
    let described: BTreeSet<_> = SETTINGS.iter().map(Setting::key).collect();
    assert_eq!(found, described);
}

fn keys(above: &str, section: &Table) -> Vec<String> {
    section.keys().map(|name| format!("{above}.{name}")).collect()
}

#[test]
fn the_example_names_the_variables_and_flags_of_each_setting() {
    let text = example();
    let words: BTreeSet<&str> =
        text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).collect();
    for setting in SETTINGS.iter().filter(|setting| setting.section != Section::Sensor) {
        for name in setting.variable.iter().chain(&setting.flag) {
            assert!(words.contains(name), "the example does not name {name}");
        }
    }
    let is_ours = |word: &&&str| word.starts_with("COWRIE_");
    for name in words.iter().filter(is_ours) {
        let is_known = SETTINGS.iter().any(|setting| setting.variable == Some(name));
        assert!(is_known, "the example names {name}, which nobody reads");
    }
}

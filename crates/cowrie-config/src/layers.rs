//! The layers of a configuration, and which of them a value came from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cowrie_secrets::Environment;
use cowrie_settings::{Fallback, Given, SETTINGS, Setting};
use figment::error::Kind;
use figment::util::nest;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider, Source};
use toml::Table;

use crate::Origin;
use crate::error::ConfigError;
use crate::file::ConfigFile;

/// Puts the layers on top of each other: defaults, variables that act as references, file,
/// environment, flags.
///
/// A variable that cannot be read is a problem, becomes unusable, and sets nothing. Cowrie itself is configured by
/// variables with the same prefix, so that unknown ones are nobody's mistake.
pub(crate) fn stack(
    file: Option<&ConfigFile>,
    database_flag: Option<&str>,
    environment: &dyn Environment,
    unusable: &mut BTreeSet<String>,
    problems: &mut Vec<ConfigError>,
) -> Figment {
    let layered = || SETTINGS.iter().filter(|setting| setting.stands_once());
    let mut figment = Figment::new();
    for setting in layered() {
        figment = figment.merge(default_of(setting)).merge(reference_to(setting, environment));
    }
    if let Some(file) = file {
        figment = figment.merge(Layer::of_file(file.path.clone(), file.table.clone()));
    }
    for setting in layered() {
        for name in overriding(setting) {
            match value_of(setting, name, environment) {
                _ if unusable.contains(name) => {}
                Ok(value) => figment = figment.merge(Layer::of_variable(setting, name, value)),
                Err(problem) => {
                    unusable.insert(name.to_owned());
                    problems.push(problem);
                }
            }
        }
    }
    if let Some(text) = database_flag {
        let origin = Origin::Flag("--db".to_owned());
        figment = figment.merge(Layer::of_key(origin, "global.db", Value::from(text)));
    }
    figment
}

/// What holds when nobody says anything.
fn default_of(setting: &Setting) -> Layer {
    let value = match setting.fallback {
        Fallback::Value(text) => setting.kind.read(text).ok().map(value),
        Fallback::Words(_) => None,
    };
    Layer::of_value(Origin::Default, setting, value)
}

/// A legacy variable that holds a secret acts as the reference to itself, weaker than the file.
fn reference_to(setting: &Setting, environment: &dyn Environment) -> Layer {
    let names = setting.legacy_variables.iter().filter(|_| setting.kind.is_secret());
    let set = names.copied().find(|name| is_set(name, environment));
    let name = set.unwrap_or_default();
    Layer::of_variable(setting, name, set.map(|name| Value::from(format!("env:{name}"))))
}

/// The variables that beat the file, weakest first.
fn overriding(setting: &Setting) -> impl Iterator<Item = &'static str> {
    let is_secret = setting.kind.is_secret();
    let legacy = setting.legacy_variables.iter().filter(move |_| !is_secret);
    legacy.rev().copied().chain(setting.variable)
}

/// What the variable says; `None` when it is not set.
fn value_of(
    setting: &Setting,
    name: &str,
    environment: &dyn Environment,
) -> Result<Option<Value>, ConfigError> {
    let Some(text) = text_of(name, environment)? else {
        return Ok(None);
    };
    match setting.kind.read(&text) {
        Ok(given) => Ok(Some(value(given))),
        Err(problem) => Err(bad_variable(name, problem)),
    }
}

fn value(given: Given<'_>) -> Value {
    match given {
        Given::Switch(is_on) => is_on.into(),
        Given::Count(number) => number.into(),
        Given::Number(number) => number.into(),
        Given::Text(text) => text.into(),
    }
}

/// The origin of every value, by its key; sensors of a list go by their names.
pub(crate) fn origins(figment: &Figment) -> BTreeMap<String, Origin> {
    let mut origins = BTreeMap::new();
    if let Ok(root) = figment.extract::<Value>() {
        collect_origins(figment, &root, "", &mut origins);
    }
    origins
}

/// The origin that a layer wrote into its metadata.
pub(crate) fn origin_of(metadata: &Metadata) -> Origin {
    match (metadata.name.as_ref(), &metadata.source) {
        ("file", Some(Source::File(path))) => Origin::File(path.clone()),
        ("environment", Some(Source::Custom(name))) => Origin::Environment(name.clone()),
        ("flag", Some(Source::Custom(name))) => Origin::Flag(name.clone()),
        _ => Origin::Default,
    }
}

/// The text of a variable; one that is set to nothing counts as not set.
pub(crate) fn text_of(
    name: &str,
    environment: &dyn Environment,
) -> Result<Option<String>, ConfigError> {
    let Some(value) = environment.variable(name).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    match value.into_string() {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(bad_variable(name, "is not UTF-8")),
    }
}

/// Whether the variable says anything; its value is not looked at.
pub(crate) fn is_set(name: &str, environment: &dyn Environment) -> bool {
    environment.variable(name).is_some_and(|value| !value.is_empty())
}

fn bad_variable(name: &str, problem: &str) -> ConfigError {
    ConfigError::BadValue {
        key: name.to_owned(),
        origin: Origin::Environment("the environment".to_owned()),
        problem: problem.to_owned(),
    }
}

fn collect_origins(
    figment: &Figment,
    value: &Value,
    key: &str,
    origins: &mut BTreeMap<String, Origin>,
) {
    match value {
        Value::Dict(_, entries) => {
            for (name, value) in entries {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                collect_origins(figment, value, &key, origins);
            }
        }
        Value::Array(_, sensors) if key == "sensor" => {
            for sensor in sensors {
                let name = sensor.find_ref("name").and_then(Value::as_str).unwrap_or_default();
                collect_origins(figment, sensor, &format!("sensors.{name}"), origins);
            }
        }
        _ => {
            let origin = figment.get_metadata(value.tag()).map_or(Origin::Default, origin_of);
            origins.insert(key.to_owned(), origin);
        }
    }
}

/// One source of values.
struct Layer {
    origin: Origin,
    values: Values,
}

enum Values {
    Key(Dict),
    File(Table),
}

impl Layer {
    fn of_variable(setting: &Setting, name: &str, value: Option<Value>) -> Self {
        Self::of_value(Origin::Environment(name.to_owned()), setting, value)
    }

    /// A layer of one value, or of none.
    fn of_value(origin: Origin, setting: &Setting, value: Option<Value>) -> Self {
        match value {
            Some(value) => Self::of_key(origin, &setting.key(), value),
            None => Self { origin, values: Values::Key(Dict::new()) },
        }
    }

    fn of_key(origin: Origin, key: &str, value: Value) -> Self {
        let values = nest(key, value).into_dict().unwrap_or_default();
        Self { origin, values: Values::Key(values) }
    }

    fn of_file(path: PathBuf, table: Table) -> Self {
        Self { origin: Origin::File(path), values: Values::File(table) }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        match &self.origin {
            Origin::Default => Metadata::named("default"),
            Origin::File(path) => Metadata::from("file", path.as_path()),
            Origin::Environment(name) => {
                Metadata::from("environment", Source::Custom(name.clone()))
            }
            Origin::Flag(name) => Metadata::from("flag", Source::Custom(name.clone())),
        }
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let dict = match &self.values {
            Values::Key(dict) => dict.clone(),
            Values::File(table) => match Value::serialize(table)? {
                Value::Dict(_, dict) => dict,
                other => return Err(Kind::InvalidType(other.to_actual(), "table".into()).into()),
            },
        };
        Ok(Profile::Default.collect(dict))
    }
}

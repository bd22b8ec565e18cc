//! The layers of a configuration, and which of them a value came from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cowrie_secrets::Environment;
use figment::error::Kind;
use figment::util::nest;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider, Source};
use toml::Table;

use crate::Origin;
use crate::error::ConfigError;
use crate::file::ConfigFile;

/// Variables of the environment layer, strongest first, with the key that each sets.
///
/// `COWRIE_DB` takes what `db` takes in the file. Cowrie itself is configured by variables with
/// the same prefix, so that unknown ones are nobody's mistake.
const VARIABLES: [(&str, &str); 6] = [
    ("COWRIE_DB", "global.db"),
    ("COWRIE_DATA_DIR", "global.data_dir"),
    ("COWRIE_CACHE_DIR", "global.cache_dir"),
    ("COWRIEPROC_CACHE_DIR", "global.cache_dir"),
    ("COWRIE_STATUS_DIR", "global.status_dir"),
    ("COWRIE_MAXMIND_DIR", "providers.maxmind.directory"),
];

/// Variables of the legacy system that name the database, strongest first.
///
/// They hold a URL with its password, so they act as a reference, and only when the file names no
/// database.
const DATABASE_VARIABLES: [&str; 3] = ["COWRIEPROC_DB_URL", "COWRIEPROC_DB_PATH", "DATABASE_URL"];

/// Puts the layers on top of each other: defaults, variables that act as references, file,
/// environment, flags.
pub(crate) fn stack(
    file: Option<&ConfigFile>,
    database_flag: Option<&str>,
    environment: &dyn Environment,
) -> Result<Figment, ConfigError> {
    let mut figment = Figment::new();
    for (key, value) in defaults() {
        figment = figment.merge(Layer::of_key(Origin::Default, key, value));
    }
    for name in DATABASE_VARIABLES {
        if is_set(name, environment) {
            let reference = Value::from(format!("env:{name}"));
            let origin = Origin::Environment(name.to_owned());
            figment = figment.merge(Layer::of_key(origin, "global.db", reference));
            break;
        }
    }
    if let Some(file) = file {
        figment = figment.merge(Layer::of_file(file.path.clone(), file.table.clone()));
    }
    for (name, key) in VARIABLES.iter().rev() {
        if let Some(text) = text_of(name, environment)? {
            let origin = Origin::Environment((*name).to_owned());
            figment = figment.merge(Layer::of_key(origin, key, Value::from(text)));
        }
    }
    if let Some(text) = database_flag {
        let origin = Origin::Flag("--db".to_owned());
        figment = figment.merge(Layer::of_key(origin, "global.db", Value::from(text)));
    }
    Ok(figment)
}

/// The origin of every value, by its key; lists are one value.
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
        Err(_) => Err(ConfigError::BadValue {
            key: name.to_owned(),
            origin: Origin::Environment("the environment".to_owned()),
            problem: "is not UTF-8".to_owned(),
        }),
    }
}

/// What holds when nobody says anything.
fn defaults() -> [(&'static str, Value); 7] {
    [
        ("global.db", Value::from("cowrieprocessor.sqlite")),
        ("global.cache.redis_enabled", Value::from(true)),
        ("global.cache.redis_host", Value::from("localhost")),
        ("global.cache.redis_port", Value::from(6379)),
        ("global.cache.redis_db", Value::from(0)),
        ("global.cache.redis_ttl_seconds", Value::from(3600)),
        ("global.cache.db_cache_enabled", Value::from(true)),
    ]
}

fn is_set(name: &str, environment: &dyn Environment) -> bool {
    environment.variable(name).is_some_and(|value| !value.is_empty())
}

fn collect_origins(
    figment: &Figment,
    value: &Value,
    key: &str,
    origins: &mut BTreeMap<String, Origin>,
) {
    if let Value::Dict(_, entries) = value {
        for (name, value) in entries {
            let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            collect_origins(figment, value, &key, origins);
        }
    } else {
        let origin = figment.get_metadata(value.tag()).map_or(Origin::Default, origin_of);
        origins.insert(key.to_owned(), origin);
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

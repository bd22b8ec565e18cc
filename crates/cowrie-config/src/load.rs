//! From flags, file and environment to settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cowrie_secrets::Environment;
use figment::Figment;

use crate::checks::Checks;
use crate::error::{ConfigError, explain};
use crate::sections::Root;
use crate::sections::sensor::SensorSection;
use crate::settings::{Sensor, Settings};
use crate::{DatabaseSetting, Origin, file, layers};

/// What the command line said; it beats everything else.
#[derive(Clone, Debug)]
pub struct Flags {
    /// `--config`: the file, instead of the two that are looked for.
    pub config: Option<PathBuf>,
    /// `--db`.
    pub db: Option<String>,
    /// `--cache-dir`.
    pub cache_dir: Option<PathBuf>,
    /// `--status-dir`.
    pub status_dir: Option<PathBuf>,
}

/// Reads the settings: defaults, then file, then environment, then flags.
///
/// The file is `--config`, else `COWRIE_CONFIG`, else `config/sensors.toml`, else `sensors.toml`
/// below `working_dir`, else none. No secret is resolved and no folder is made here.
pub fn load(
    flags: &Flags,
    working_dir: &Path,
    environment: &dyn Environment,
) -> Result<Settings, ConfigError> {
    let named = match &flags.config {
        Some(path) => Some(path.clone()),
        None => layers::text_of("COWRIE_CONFIG", environment)?.map(PathBuf::from),
    };
    let file = file::read(named.as_deref(), working_dir)?;
    let figment = layers::stack(file.as_ref(), flags.db.as_deref(), environment)?;
    let root: Root = figment.extract().map_err(explain)?;
    let origin = file.as_ref().map_or(Origin::Default, |file| Origin::File(file.path.clone()));
    let mut checks = Checks {
        origin,
        home: environment.variable("HOME").map(PathBuf::from).filter(|home| home.is_absolute()),
        warnings: file.as_ref().map(|file| file.warnings.clone()).unwrap_or_default(),
    };
    let mut settings = settings_of(root, &figment, &mut checks, environment)?;
    settings.file = file.map(|file| file.path);
    settings.warnings = checks.warnings;
    apply_path_flags(&mut settings, flags);
    settings.maxmind_dir = maxmind_dir(&settings, working_dir);
    Ok(settings)
}

fn settings_of(
    root: Root,
    figment: &Figment,
    checks: &mut Checks,
    environment: &dyn Environment,
) -> Result<Settings, ConfigError> {
    let origins = layers::origins(figment);
    let global = root.global;
    let database = database(&global.db, origins.get("global.db"))?;
    let mut providers = BTreeMap::new();
    for (name, section) in root.providers {
        let provider = section.into_provider(&name, checks)?;
        providers.insert(name, provider);
    }
    let cache_dir = match global.cache_dir {
        Some(path) => checks.path(path),
        None => default_cache_dir(environment),
    };
    Ok(Settings {
        file: None,
        database,
        cache_dir,
        data_dir: global.data_dir.map(|path| checks.path(path)),
        status_dir: global.status_dir.map(|path| checks.path(path)),
        maxmind_dir: None,
        cache: global.cache.into_settings(checks)?,
        sensors: sensors(root.sensor, root.sensors, checks)?,
        providers,
        warnings: Vec::new(),
        origins,
    })
}

fn database(text: &str, origin: Option<&Origin>) -> Result<DatabaseSetting, ConfigError> {
    let origin = origin.cloned().unwrap_or(Origin::Default);
    DatabaseSetting::parse(text, origin)
        .map_err(|source| ConfigError::Database { key: "db".to_owned(), source: source.into() })
}

/// Both layouts as one list. A name may be given once.
fn sensors(
    listed: Vec<SensorSection>,
    named: BTreeMap<String, SensorSection>,
    checks: &mut Checks,
) -> Result<Vec<Sensor>, ConfigError> {
    let mut all = Vec::new();
    for (index, mut section) in listed.into_iter().enumerate() {
        let number = index + 1;
        let Some(name) = section.name.take() else {
            return Err(checks.bad_value(&format!("[[sensor]] number {number}"), "has no `name`"));
        };
        all.push((name, section));
    }
    for (name, section) in named {
        if section.name.as_ref().is_some_and(|inner| *inner != name) {
            let key = format!("sensors.{name}.name");
            return Err(checks.bad_value(&key, "differs from the name of its section"));
        }
        all.push((name, section));
    }
    let mut seen = BTreeSet::new();
    let mut sensors = Vec::with_capacity(all.len());
    for (name, section) in all {
        if name.is_empty() {
            return Err(checks.bad_value("sensor.name", "is empty"));
        }
        if !seen.insert(name.clone()) {
            return Err(checks.bad_value(&format!("sensor `{name}`"), "is there twice"));
        }
        sensors.push(section.into_sensor(name, checks)?);
    }
    Ok(sensors)
}

/// The user's cache folder, after the XDG base directory specification; without a home, a folder
/// below the working directory.
fn default_cache_dir(environment: &dyn Environment) -> PathBuf {
    let absolute = |name: &str| {
        environment.variable(name).map(PathBuf::from).filter(|path| path.is_absolute())
    };
    let base =
        absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    base.unwrap_or_else(|| PathBuf::from(".cache")).join("cowrieprocessor")
}

/// Paths of flags need not be text, so they do not go through the layers.
fn apply_path_flags(settings: &mut Settings, flags: &Flags) {
    if let Some(path) = &flags.cache_dir {
        settings.cache_dir.clone_from(path);
        let origin = Origin::Flag("--cache-dir".to_owned());
        settings.origins.insert("global.cache_dir".to_owned(), origin);
    }
    if let Some(path) = &flags.status_dir {
        settings.status_dir = Some(path.clone());
        let origin = Origin::Flag("--status-dir".to_owned());
        settings.origins.insert("global.status_dir".to_owned(), origin);
    }
}

fn maxmind_dir(settings: &Settings, working_dir: &Path) -> Option<PathBuf> {
    let set = settings.providers.get("maxmind").and_then(|provider| provider.directory.clone());
    set.or_else(|| {
        let usual = settings.cache_dir.join("maxmind");
        working_dir.join(&usual).is_dir().then_some(usual)
    })
}

//! From flags, file and environment to settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cowrie_secrets::Environment;
use cowrie_settings::IGNORED_VARIABLES;
use figment::Figment;

use crate::checks::Checks;
use crate::error::{ConfigError, explain, place_of};
use crate::file::ConfigFile;
use crate::sections::Root;
use crate::sections::sensor::SensorSection;
use crate::settings::{Sensor, Settings};
use crate::{Origin, file, layers, source_key};

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
    let (settings, checks) = read(flags, working_dir, environment);
    match (checks.problems.into_iter().next(), settings) {
        (None, Some(settings)) => Ok(settings),
        (problem, _) => Err(problem.unwrap_or(ConfigError::Nothing)),
    }
}

/// Everything that is to be said against a configuration, where [`load`] gives the first error.
#[derive(Debug)]
pub struct Review {
    /// The file that was read; `None` when there is none, or none that can be read.
    pub file: Option<PathBuf>,
    /// What makes the configuration unusable.
    pub problems: Vec<ConfigError>,
    /// What the user should read.
    pub warnings: Vec<String>,
}

/// Reads everything as [`load`] does, and goes on after an error.
pub fn review(flags: &Flags, working_dir: &Path, environment: &dyn Environment) -> Review {
    let (_, checks) = read(flags, working_dir, environment);
    let file = match checks.origin {
        Origin::File(path) => Some(path),
        _ => None,
    };
    Review { file, problems: checks.problems, warnings: checks.warnings }
}

/// The settings, where there are any, and what the checks found.
fn read(
    flags: &Flags,
    working_dir: &Path,
    environment: &dyn Environment,
) -> (Option<Settings>, Checks) {
    let home = environment.variable("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let mut checks = Checks {
        origin: Origin::Default,
        origins: BTreeMap::new(),
        home,
        warnings: ignored_variables(environment),
        problems: Vec::new(),
    };
    let mut file = match find(flags, working_dir, environment) {
        Ok(file) => file,
        Err(problem) => {
            checks.problems.push(problem);
            return (None, checks);
        }
    };
    if let Some(file) = &file {
        checks.origin = Origin::File(file.path.clone());
        checks.warnings.extend(file.warnings.clone());
    }
    let Some((root, figment)) = extract(&mut file, flags, environment, &mut checks.problems) else {
        return (None, checks);
    };
    checks.origins = layers::origins(&figment);
    let mut settings = settings_of(root, &mut checks, environment);
    if let Some(settings) = &mut settings {
        settings.file = file.map(|file| file.path);
        settings.warnings.clone_from(&checks.warnings);
        apply_path_flags(settings, flags);
        settings.maxmind_dir = maxmind_dir(settings, working_dir);
    }
    (settings, checks)
}

fn find(
    flags: &Flags,
    working_dir: &Path,
    environment: &dyn Environment,
) -> Result<Option<ConfigFile>, ConfigError> {
    let named = match &flags.config {
        Some(path) => Some(path.clone()),
        None => layers::text_of("COWRIE_CONFIG", environment)?.map(PathBuf::from),
    };
    file::read(named.as_deref(), working_dir)
}

/// Puts the layers together as often as something has to be taken out of them.
fn extract(
    file: &mut Option<ConfigFile>,
    flags: &Flags,
    environment: &dyn Environment,
    problems: &mut Vec<ConfigError>,
) -> Option<(Root, Figment)> {
    let database = flags.db.as_deref();
    let mut unusable = BTreeSet::new();
    loop {
        let figment = layers::stack(file.as_ref(), database, environment, &mut unusable, problems);
        let error = match figment.extract() {
            Ok(root) => return Some((root, figment)),
            Err(error) => error,
        };
        let origin = error.metadata.as_ref().map_or(Origin::Default, layers::origin_of);
        let place = place_of(&error);
        problems.push(explain(error));
        let is_out = match origin {
            Origin::Environment(name) => unusable.insert(name),
            Origin::File(_) => file.as_mut().is_some_and(|file| file.remove(&place)),
            Origin::Default | Origin::Flag(_) => false,
        };
        if !is_out {
            return None;
        }
    }
}

fn settings_of(root: Root, checks: &mut Checks, environment: &dyn Environment) -> Option<Settings> {
    let global = root.global;
    let database = checks.database("global.db", &global.db);
    let mut providers = BTreeMap::new();
    for (name, section) in root.providers {
        let provider = section.into_provider(&name, checks);
        providers.insert(name, provider);
    }
    let cache_dir = match global.cache_dir {
        Some(path) => checks.path(path),
        None => default_cache_dir(environment),
    };
    let cache = global.cache.into_settings(checks);
    let sensors = sensors(root.sensor, root.sensors, checks);
    Some(Settings {
        file: None,
        database: database?,
        cache_dir,
        data_dir: global.data_dir.map(|path| checks.path(path)),
        report_dir: global.report_dir.map(|path| checks.path(path)),
        status_dir: global.status_dir.map(|path| checks.path(path)),
        maxmind_dir: None,
        email: global.email,
        cache,
        longtail: root.longtail.into_settings(),
        sensors,
        providers,
        key_variables: source_key::in_variables(environment),
        warnings: Vec::new(),
        origins: checks.origins.clone(),
    })
}

/// One sentence for each variable that is set for nothing.
fn ignored_variables(environment: &dyn Environment) -> Vec<String> {
    let set = IGNORED_VARIABLES.iter().filter(|name| layers::is_set(name, environment));
    set.map(|name| format!("`{name}` in the environment is not needed any more and is ignored"))
        .collect()
}

/// Both layouts as one list. A name may be given once.
fn sensors(
    listed: Vec<SensorSection>,
    named: BTreeMap<String, SensorSection>,
    checks: &mut Checks,
) -> Vec<Sensor> {
    let mut all = Vec::new();
    for (index, mut section) in listed.into_iter().enumerate() {
        match section.name.take() {
            Some(name) => all.push((name, section)),
            None => checks.bad_value(&format!("[[sensor]] number {}", index + 1), "has no `name`"),
        }
    }
    for (name, section) in named {
        if section.name.as_ref().is_some_and(|inner| *inner != name) {
            let key = format!("sensors.{name}.name");
            checks.bad_value(&key, "differs from the name of its section");
        }
        all.push((name, section));
    }
    let mut seen = BTreeSet::new();
    let mut sensors = Vec::with_capacity(all.len());
    for (name, section) in all {
        if name.is_empty() {
            checks.bad_value("sensor.name", "is empty");
        }
        if !seen.insert(name.clone()) {
            checks.bad_value(&format!("sensor `{name}`"), "is there twice");
        }
        sensors.push(section.into_sensor(name, checks));
    }
    sensors
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

//! The settings as plain values, which is all that other crates see.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use cowrie_secrets::Reference;

use crate::{DatabaseSetting, Origin, SourceKey};

/// Everything that was set, by whichever layer.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file that was read; `None` when there is none.
    pub file: Option<PathBuf>,
    /// The database of runs that name no sensor; see [`Settings::database_of`].
    pub database: DatabaseSetting,
    /// Where answers of sources are kept on disk. It may not exist yet.
    pub cache_dir: PathBuf,
    /// Where the legacy system kept its data.
    pub data_dir: Option<PathBuf>,
    /// Where reports go that are written to files.
    pub report_dir: Option<PathBuf>,
    /// Where status files go; `None` means that none are written.
    pub status_dir: Option<PathBuf>,
    /// Where the MMDB files of MaxMind are: as set, or `maxmind` in the cache folder when that
    /// folder exists.
    pub maxmind_dir: Option<PathBuf>,
    /// The contact that DShield asks for, where a sensor names none; see [`Settings::email_of`].
    pub email: Option<String>,
    /// The cache in Redis and in the database.
    pub cache: CacheSettings,
    /// What the longtail timer does.
    pub longtail: LongtailSettings,
    /// The sensors, those of `[[sensor]]` first, each name once.
    pub sensors: Vec<Sensor>,
    /// What is set of the sources, by their names.
    pub providers: BTreeMap<String, Provider>,
    /// The keys that variables hold; see [`Settings::key_of`].
    pub key_variables: BTreeMap<SourceKey, Reference>,
    /// Sentences that the user should read once.
    pub warnings: Vec<String>,
    /// Where each value comes from, by its key (`global.db`).
    pub origins: BTreeMap<String, Origin>,
}

/// `[global.cache]`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CacheSettings {
    /// Whether Redis is asked.
    pub redis_enabled: bool,
    /// Host name or address of Redis.
    pub redis_host: String,
    /// Port of Redis.
    pub redis_port: u16,
    /// Number of the Redis database.
    pub redis_db: u32,
    /// Where the password of Redis is kept.
    pub redis_password: Option<Reference>,
    /// How long Redis keeps an answer, in seconds.
    pub redis_ttl_seconds: u32,
    /// Whether answers are kept in the database.
    pub db_cache_enabled: bool,
}

/// `[longtail]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LongtailSettings {
    /// Whether the longtail timer runs the analysis.
    pub run_analysis: bool,
    /// Whether it stores what it finds.
    pub store_results: bool,
}

/// One honeypot.
#[derive(Clone, Debug)]
pub struct Sensor {
    /// Its name, which events carry too.
    pub name: String,
    /// Where its logs are.
    pub logpath: Option<PathBuf>,
    /// Whether its addresses are looked up and counted by AS.
    pub enable_asn_inventory: bool,
    /// Its own database; `None` means that of `[global]`.
    pub database: Option<DatabaseSetting>,
    /// Its own cache folder; see [`Settings::cache_dir_of`].
    pub cache_dir: Option<PathBuf>,
    /// Its own folder for reports; see [`Settings::report_dir_of`].
    pub report_dir: Option<PathBuf>,
    /// The contact that DShield asks for: an address, or a reference to one.
    pub email: Option<String>,
    /// Where the key of VirusTotal is kept.
    pub vtapi: Option<Reference>,
    /// Where the key of URLhaus is kept.
    pub urlhausapi: Option<Reference>,
    /// Where the token of SPUR is kept.
    pub spurapi: Option<Reference>,
    /// Where the key of GreyNoise is kept.
    pub greynoise_api: Option<Reference>,
    /// The account at MaxMind.
    pub maxmind_account: Option<String>,
    /// Where the licence key of MaxMind is kept.
    pub maxmind_license: Option<Reference>,
}

/// What is set of one source; `None` means the source's own default.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// Whether it is asked at all.
    pub enabled: Option<bool>,
    /// Where it is asked.
    pub base_url: Option<String>,
    /// How long an answer is waited for, in seconds.
    pub timeout_seconds: Option<f64>,
    /// How many questions are asked in a second.
    pub rate_per_second: Option<f64>,
    /// How many questions are asked in a day.
    pub daily_quota: Option<u64>,
    /// How long an answer is good, in days.
    pub ttl_days: Option<f64>,
    /// How long *not found* is good, in days.
    pub negative_ttl_days: Option<f64>,
    /// Where its files are (MaxMind only).
    pub directory: Option<PathBuf>,
    /// Host and port of the bulk whois service (Team Cymru only).
    pub whois_server: Option<String>,
    /// The name server that is asked (Team Cymru only).
    pub dns_server: Option<SocketAddr>,
}

impl Settings {
    /// The sensor of that name.
    pub fn sensor(&self, name: &str) -> Option<&Sensor> {
        self.sensors.iter().find(|sensor| sensor.name == name)
    }

    /// Whether addresses of the sensor are looked up and counted by AS; so it is for a sensor
    /// that no section names.
    pub fn sensor_enabled(&self, name: &str) -> bool {
        self.sensor(name).is_none_or(|sensor| sensor.enable_asn_inventory)
    }

    /// The database of the sensor: a flag or `COWRIE_DB`, else its own, else that of `[global]`.
    pub fn database_of(&self, name: &str) -> &DatabaseSetting {
        let is_forced = match self.database.origin() {
            Origin::Flag(_) => true,
            Origin::Environment(variable) => variable == "COWRIE_DB",
            Origin::Default | Origin::File(_) => false,
        };
        match self.sensor(name).and_then(|sensor| sensor.database.as_ref()) {
            Some(own) if !is_forced => own,
            _ => &self.database,
        }
    }

    /// The cache folder of the sensor: a flag or variable, else its own, else that of `[global]`.
    pub fn cache_dir_of(&self, name: &str) -> &Path {
        let own = self.sensor(name).and_then(|sensor| sensor.cache_dir.as_deref());
        own.filter(|_| !self.is_forced("global.cache_dir")).unwrap_or(&self.cache_dir)
    }

    /// The folder for reports of the sensor: a variable, else its own, else that of `[global]`.
    pub fn report_dir_of(&self, name: &str) -> Option<&Path> {
        let own = self.sensor(name).and_then(|sensor| sensor.report_dir.as_deref());
        own.filter(|_| !self.is_forced("global.report_dir")).or(self.report_dir.as_deref())
    }

    /// The contact that DShield asks for: a variable, else the sensor's own, else that of
    /// `[global]`. A run that names no sensor takes that of `[global]`, else the first there is.
    pub fn email_of(&self, sensor: Option<&str>) -> Option<&str> {
        let general = self.email.as_deref();
        let Some(name) = sensor else {
            return general.or_else(|| self.sensors.iter().find_map(|one| one.email.as_deref()));
        };
        let own = self.sensor(name).and_then(|sensor| sensor.email.as_deref());
        own.filter(|_| !self.is_forced("global.email")).or(general)
    }

    /// Where the key of a source is kept: as the sensor says, or without a sensor as the first one
    /// says that does; else the variable that holds it, if it is set.
    pub fn key_of(&self, key: SourceKey, sensor: Option<&str>) -> Option<&Reference> {
        let own = match sensor {
            Some(name) => self.sensor(name).and_then(|sensor| sensor.key(key)),
            None => self.sensors.iter().find_map(|sensor| sensor.key(key)),
        };
        own.or_else(|| self.key_variables.get(&key))
    }

    /// Where the value of the key comes from.
    pub fn origin_of(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// Whether a flag or variable said it, which beats what a sensor says.
    pub(crate) fn is_forced(&self, key: &str) -> bool {
        matches!(self.origins.get(key), Some(Origin::Environment(_) | Origin::Flag(_)))
    }
}

impl Sensor {
    /// Where its key of a source is kept.
    pub fn key(&self, key: SourceKey) -> Option<&Reference> {
        let reference = match key {
            SourceKey::VirusTotal => &self.vtapi,
            SourceKey::UrlHaus => &self.urlhausapi,
            SourceKey::Spur => &self.spurapi,
            SourceKey::GreyNoise => &self.greynoise_api,
            SourceKey::MaxMind => &self.maxmind_license,
        };
        reference.as_ref()
    }
}

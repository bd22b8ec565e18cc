//! Every value in force, with its origin.

use std::path::Path;

use cowrie_settings::{Fallback, Section};

use crate::sections::provider::NAMES;
use crate::settings::{Provider, Sensor, Settings};
use crate::{Origin, SourceKey};

/// A value in force.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shown {
    /// The key, with the sections above it.
    pub key: String,
    /// The value as text; a secret as its reference, a database without its password. `None` when
    /// nothing is set.
    pub value: Option<String>,
    /// What holds when nothing is set, in words.
    pub fallback: Option<&'static str>,
    /// Where the value comes from.
    pub origin: Origin,
}

/// A name, its value, and where that comes from.
type Value = (&'static str, Option<String>, Origin);

impl Settings {
    /// Every value in force: those of `[global]`, then of the cache, of the longtail timer, of
    /// each sensor and of each source.
    ///
    /// What a sensor leaves to `[global]` or to a variable is shown as it holds for the sensor,
    /// with its origin.
    pub fn shown(&self) -> Vec<Shown> {
        let mut all = Vec::new();
        let mut add = |section: Section, path: &str, values: Vec<Value>| {
            all.extend(values.into_iter().map(|value| shown(section, path, value)));
        };
        add(Section::Global, "global", self.global_values());
        add(Section::Cache, "global.cache", self.cache_values());
        add(Section::Longtail, "longtail", self.longtail_values());
        for sensor in &self.sensors {
            let path = format!("sensors.{}", sensor.name);
            add(Section::Sensor, &path, self.sensor_values(sensor, &path));
        }
        for name in NAMES {
            let path = format!("providers.{name}");
            add(Section::Provider, &path, self.provider_values(name, &path));
            if name == "maxmind" {
                let origin = self.origin_of("providers.maxmind.directory");
                let directory = self.maxmind_dir.as_deref().map(text);
                add(Section::MaxMind, &path, vec![("directory", directory, origin)]);
            }
            if name == "cymru" {
                add(Section::Cymru, &path, self.cymru_values(&path));
            }
        }
        all
    }

    fn global_values(&self) -> Vec<Value> {
        let of =
            |name: &'static str, value| (name, value, self.origin_of(&format!("global.{name}")));
        vec![
            ("db", Some(self.database.to_string()), self.database.origin().clone()),
            of("data_dir", self.data_dir.as_deref().map(text)),
            of("cache_dir", Some(text(&self.cache_dir))),
            of("report_dir", self.report_dir.as_deref().map(text)),
            of("status_dir", self.status_dir.as_deref().map(text)),
            of("email", self.email.clone()),
        ]
    }

    fn cache_values(&self) -> Vec<Value> {
        let cache = &self.cache;
        let of = |name: &'static str, value| {
            (name, value, self.origin_of(&format!("global.cache.{name}")))
        };
        vec![
            of("redis_enabled", Some(cache.redis_enabled.to_string())),
            of("redis_host", Some(cache.redis_host.clone())),
            of("redis_port", Some(cache.redis_port.to_string())),
            of("redis_db", Some(cache.redis_db.to_string())),
            of("redis_password", cache.redis_password.as_ref().map(ToString::to_string)),
            of("redis_ttl_seconds", Some(cache.redis_ttl_seconds.to_string())),
            of("db_cache_enabled", Some(cache.db_cache_enabled.to_string())),
        ]
    }

    fn longtail_values(&self) -> Vec<Value> {
        let of = |name: &'static str, value: bool| {
            (name, Some(value.to_string()), self.origin_of(&format!("longtail.{name}")))
        };
        vec![
            of("run_analysis", self.longtail.run_analysis),
            of("store_results", self.longtail.store_results),
        ]
    }

    fn sensor_values(&self, sensor: &Sensor, path: &str) -> Vec<Value> {
        let name = sensor.name.as_str();
        let own =
            |name: &'static str, value| (name, value, self.origin_of(&format!("{path}.{name}")));
        // A value is the sensor's own, or comes from wherever that of `[global]` does.
        let shared = |field: &'static str, value: Option<String>, has_own: bool| {
            let general = format!("global.{field}");
            let is_own = has_own && !self.is_forced(&general);
            let key = if is_own { format!("{path}.{field}") } else { general };
            (field, value, self.origin_of(&key))
        };
        let database = self.database_of(name);
        let cache_dir = Some(text(self.cache_dir_of(name)));
        let report_dir = self.report_dir_of(name).map(text);
        let email = self.email_of(Some(name)).map(str::to_owned);
        let mut values = vec![
            own("logpath", sensor.logpath.as_deref().map(text)),
            own("enable_asn_inventory", Some(sensor.enable_asn_inventory.to_string())),
            ("db", Some(database.to_string()), database.origin().clone()),
            shared("cache_dir", cache_dir, sensor.cache_dir.is_some()),
            shared("report_dir", report_dir, sensor.report_dir.is_some()),
            shared("email", email, sensor.email.is_some()),
            own("maxmind_account", sensor.maxmind_account.clone()),
        ];
        values.extend(SourceKey::ALL.map(|key| self.key_value(sensor, key, path)));
        values
    }

    fn key_value(&self, sensor: &Sensor, key: SourceKey, path: &str) -> Value {
        let reference = self.key_of(key, Some(&sensor.name)).map(ToString::to_string);
        let variable = reference.as_deref().and_then(|text| text.strip_prefix("env:"));
        let origin = match (sensor.key(key), variable) {
            (None, Some(variable)) => Origin::Environment(variable.to_owned()),
            _ => self.origin_of(&format!("{path}.{}", key.name())),
        };
        (key.name(), reference, origin)
    }

    fn cymru_values(&self, path: &str) -> Vec<Value> {
        let cymru = self.providers.get("cymru");
        let of =
            |name: &'static str, value| (name, value, self.origin_of(&format!("{path}.{name}")));
        let dns = cymru.and_then(|one| one.dns_server);
        vec![
            of("whois_server", cymru.and_then(|one| one.whois_server.clone())),
            of("dns_server", dns.map(|address| address.to_string())),
        ]
    }

    fn provider_values(&self, name: &str, path: &str) -> Vec<Value> {
        let provider = self.providers.get(name);
        let of = |name: &'static str, value: &dyn Fn(&Provider) -> Option<String>| {
            (name, provider.and_then(value), self.origin_of(&format!("{path}.{name}")))
        };
        let number = |number: Option<f64>| number.map(|number| number.to_string());
        vec![
            of("enabled", &|one| one.enabled.map(|is_enabled| is_enabled.to_string())),
            of("base_url", &|one| one.base_url.clone()),
            of("timeout_seconds", &|one| number(one.timeout_seconds)),
            of("rate_per_second", &|one| number(one.rate_per_second)),
            of("daily_quota", &|one| one.daily_quota.map(|quota| quota.to_string())),
            of("ttl_days", &|one| number(one.ttl_days)),
            of("negative_ttl_days", &|one| number(one.negative_ttl_days)),
        ]
    }
}

fn shown(section: Section, path: &str, (name, value, origin): Value) -> Shown {
    let fallback = match section.setting(name).map(|setting| setting.fallback) {
        Some(Fallback::Words(words)) => Some(words),
        _ => None,
    };
    Shown { key: format!("{path}.{name}"), value, fallback, origin }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

//! Every reference to a secret that the settings hold.

use cowrie_secrets::Reference;

use crate::settings::{Sensor, Settings};
use crate::{DatabaseSetting, Origin, SourceKey};

/// A secret that something in the settings needs, and where it is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credential {
    /// The key that needs it, with the sections above it.
    pub key: String,
    /// Where it is kept.
    pub reference: Reference,
    /// Where that is said.
    pub origin: Origin,
}

impl Settings {
    /// The secrets of the databases, of Redis, of each sensor, and those that variables hold.
    pub fn credentials(&self) -> Vec<Credential> {
        let mut all = of_database("global.db", &self.database);
        let key = "global.cache.redis_password";
        all.extend(self.cache.redis_password.iter().map(|secret| self.credential(key, secret)));
        for sensor in &self.sensors {
            all.extend(self.of_sensor(sensor));
        }
        all.extend(self.key_variables.iter().map(|(key, reference)| {
            let text = reference.to_string();
            let name = text.strip_prefix("env:").unwrap_or(&text).to_owned();
            let (key, origin) = (key.name().to_owned(), Origin::Environment(name));
            Credential { key, reference: reference.clone(), origin }
        }));
        all
    }

    fn of_sensor(&self, sensor: &Sensor) -> Vec<Credential> {
        let path = |name: &str| format!("sensors.{}.{name}", sensor.name);
        let database = sensor.database.as_ref();
        let mut all = database.map(|own| of_database(&path("db"), own)).unwrap_or_default();
        for key in SourceKey::ALL {
            let secret = sensor.key(key);
            all.extend(secret.map(|secret| self.credential(&path(key.name()), secret)));
        }
        all
    }

    fn credential(&self, key: &str, reference: &Reference) -> Credential {
        let origin = self.origin_of(key);
        Credential { key: key.to_owned(), reference: reference.clone(), origin }
    }
}

fn of_database(key: &str, setting: &DatabaseSetting) -> Vec<Credential> {
    let credential = |reference: &Reference| Credential {
        key: key.to_owned(),
        reference: reference.clone(),
        origin: setting.origin().clone(),
    };
    setting.references().into_iter().map(credential).collect()
}

//! `[[sensor]]` and `[sensors.<name>]`: one honeypot.

use std::path::PathBuf;

use serde::Deserialize;

use crate::checks::Checks;
use crate::error::ConfigError;
use crate::settings::Sensor;
use crate::written::{WrittenAccount, WrittenSecret};

/// One sensor, in either layout.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SensorSection {
    pub(crate) name: Option<String>,
    logpath: Option<PathBuf>,
    enable_asn_inventory: Option<bool>,
    #[serde(alias = "database_url")]
    db: Option<String>,
    cache_dir: Option<PathBuf>,
    email: Option<String>,
    vtapi: Option<WrittenSecret>,
    urlhausapi: Option<WrittenSecret>,
    spurapi: Option<WrittenSecret>,
    greynoise_api: Option<WrittenSecret>,
    maxmind_account: Option<WrittenAccount>,
    maxmind_license: Option<WrittenSecret>,
}

impl SensorSection {
    /// The plain values of the sensor called `name`.
    pub(crate) fn into_sensor(
        self,
        name: String,
        checks: &mut Checks,
    ) -> Result<Sensor, ConfigError> {
        let key = |field: &str| format!("sensors.{name}.{field}");
        let database = match self.db {
            Some(text) => Some(checks.database(&key("db"), &text)?),
            None => None,
        };
        Ok(Sensor {
            logpath: self.logpath.map(|path| checks.path(path)),
            enable_asn_inventory: self.enable_asn_inventory.unwrap_or(true),
            database,
            cache_dir: self.cache_dir.map(|path| checks.path(path)),
            email: self.email,
            vtapi: checks.secret(&key("vtapi"), self.vtapi, "VT_API_KEY")?,
            urlhausapi: checks.secret(&key("urlhausapi"), self.urlhausapi, "URLHAUS_API_KEY")?,
            spurapi: checks.secret(&key("spurapi"), self.spurapi, "SPUR_API_KEY")?,
            greynoise_api: checks.secret(
                &key("greynoise_api"),
                self.greynoise_api,
                "GREYNOISE_API_KEY",
            )?,
            maxmind_account: self.maxmind_account.map(|account| account.0),
            maxmind_license: checks.secret(
                &key("maxmind_license"),
                self.maxmind_license,
                "MAXMIND_LICENSE_KEY",
            )?,
            name,
        })
    }
}

//! `[[sensor]]` and `[sensors.<name>]`: one honeypot.

use std::path::PathBuf;

use cowrie_settings::Section;
use serde::Deserialize;

use crate::checks::Checks;
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
    report_dir: Option<PathBuf>,
    email: Option<String>,
    vtapi: Option<WrittenSecret>,
    urlhausapi: Option<WrittenSecret>,
    spurapi: Option<WrittenSecret>,
    #[serde(alias = "greynoise_api_key")]
    greynoise_api: Option<WrittenSecret>,
    maxmind_account: Option<WrittenAccount>,
    #[serde(alias = "maxmind_license_key")]
    maxmind_license: Option<WrittenSecret>,
}

impl SensorSection {
    /// The plain values of the sensor called `name`.
    pub(crate) fn into_sensor(self, name: String, checks: &mut Checks) -> Sensor {
        let key = |field: &str| format!("sensors.{name}.{field}");
        let database = self.db.and_then(|text| checks.database(&key("db"), &text));
        let mut secret = |field: &str, written| {
            checks.secret(&key(field), written, Section::Sensor.setting(field))
        };
        let vtapi = secret("vtapi", self.vtapi);
        let urlhausapi = secret("urlhausapi", self.urlhausapi);
        let spurapi = secret("spurapi", self.spurapi);
        let greynoise_api = secret("greynoise_api", self.greynoise_api);
        let maxmind_license = secret("maxmind_license", self.maxmind_license);
        Sensor {
            logpath: self.logpath.map(|path| checks.path(path)),
            enable_asn_inventory: self.enable_asn_inventory.unwrap_or(true),
            database,
            cache_dir: self.cache_dir.map(|path| checks.path(path)),
            report_dir: self.report_dir.map(|path| checks.path(path)),
            email: self.email,
            vtapi,
            urlhausapi,
            spurapi,
            greynoise_api,
            maxmind_account: self.maxmind_account.map(|account| account.0),
            maxmind_license,
            name,
        }
    }
}

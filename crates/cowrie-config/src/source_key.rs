//! The secrets that sources ask for.

use std::collections::BTreeMap;

use cowrie_secrets::{Environment, Reference};
use cowrie_settings::Section;

use crate::layers::is_set;

/// A source that asks for a key.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum SourceKey {
    /// VirusTotal's key.
    VirusTotal,
    /// URLhaus's key.
    UrlHaus,
    /// SPUR's token.
    Spur,
    /// GreyNoise's key.
    GreyNoise,
    /// MaxMind's licence key.
    MaxMind,
}

impl SourceKey {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::VirusTotal, Self::UrlHaus, Self::Spur, Self::GreyNoise, Self::MaxMind];

    /// What it is called in the section of a sensor.
    pub fn name(self) -> &'static str {
        match self {
            Self::VirusTotal => "vtapi",
            Self::UrlHaus => "urlhausapi",
            Self::Spur => "spurapi",
            Self::GreyNoise => "greynoise_api",
            Self::MaxMind => "maxmind_license",
        }
    }

    /// The variables that hold it when the file does not say where it is, strongest first.
    pub fn variables(self) -> &'static [&'static str] {
        let setting = Section::Sensor.setting(self.name());
        setting.map(|setting| setting.legacy_variables).unwrap_or_default()
    }
}

/// The keys that variables hold.
pub(crate) fn in_variables(environment: &dyn Environment) -> BTreeMap<SourceKey, Reference> {
    let keys = SourceKey::ALL.into_iter().filter_map(|key| {
        let name = key.variables().iter().find(|name| is_set(name, environment))?;
        Some((key, format!("env:{name}").parse().ok()?))
    });
    keys.collect()
}

#[cfg(test)]
mod tests {
    use cowrie_settings::Kind;

    use super::*;

    #[test]
    fn every_key_of_a_sensor_has_its_variable() {
        let named: Vec<_> = SourceKey::ALL.iter().map(|key| key.name()).collect();
        let secrets = Section::Sensor
            .settings()
            .filter(|setting| setting.kind == Kind::Secret && !setting.legacy_variables.is_empty());
        assert_eq!(secrets.map(|setting| setting.name).collect::<Vec<_>>(), named);
    }
}

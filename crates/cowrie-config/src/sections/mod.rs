//! The sections of the file, one module each, as serde reads them.
//!
//! These types do not leave the crate; what leaves it are the plain values of `settings`.

pub(crate) mod cache;
pub(crate) mod global;
pub(crate) mod longtail;
pub(crate) mod provider;
pub(crate) mod sensor;

use std::collections::BTreeMap;

use serde::Deserialize;

use global::GlobalSection;
use longtail::LongtailSection;
use provider::ProviderSection;
use sensor::SensorSection;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Root {
    pub(crate) global: GlobalSection,
    pub(crate) longtail: LongtailSection,
    /// `[[sensor]]`, the layout of the legacy system.
    #[serde(default)]
    pub(crate) sensor: Vec<SensorSection>,
    /// `[sensors.<name>]`.
    #[serde(default)]
    pub(crate) sensors: BTreeMap<String, SensorSection>,
    /// `[providers.<name>]`.
    #[serde(default)]
    pub(crate) providers: BTreeMap<String, ProviderSection>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cowrie_settings::Section;
    use figment::error::Kind as ErrorKind;
    use figment::value::{Dict, Value};
    use serde::de::DeserializeOwned;

    use super::cache::CacheSection;
    use super::*;

    /// The keys that serde knows of a section: it lists them when it meets another.
    fn known<T: DeserializeOwned>() -> BTreeSet<&'static str> {
        let dict: Dict = [("no such key".to_owned(), Value::from(1))].into();
        let Err(error) = Value::from(dict).deserialize::<T>() else { panic!("any key is taken") };
        match error.kind {
            ErrorKind::UnknownField(_, known) => known.iter().copied().collect(),
            other => panic!("{other}"),
        }
    }

    fn described(sections: &[Section]) -> BTreeSet<&'static str> {
        let settings = sections.iter().flat_map(|section| section.settings());
        settings
            .flat_map(|setting| [setting.name].into_iter().chain(setting.aliases.iter().copied()))
            .collect()
    }

    #[test]
    fn every_key_that_is_read_is_described_and_no_other() {
        let mut global = known::<GlobalSection>();
        assert!(global.remove("cache"), "a section of its own");
        assert_eq!(described(&[Section::Global]), global);
        assert_eq!(described(&[Section::Cache]), known::<CacheSection>());
        assert_eq!(described(&[Section::Longtail]), known::<LongtailSection>());
        assert_eq!(described(&[Section::Sensor]), known::<SensorSection>());
        let provider = [Section::Provider, Section::MaxMind, Section::Cymru];
        assert_eq!(described(&provider), known::<ProviderSection>());
    }
}

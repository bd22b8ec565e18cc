//! Which database: the name that MaxMind gives it.

use std::fmt;
use std::str::FromStr;

/// The longest name that is believed.
const MAX_LENGTH: usize = 64;

/// The name of a database, such as `GeoLite2-City`: letters, digits and hyphens.
///
/// It is safe as a step of a path and of a URL. MaxMind tells capitals from small letters.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Edition(String);

impl Edition {
    /// The two that the enrichment needs, which are free: `GeoLite2-City` and `GeoLite2-ASN`.
    pub fn defaults() -> [Self; 2] {
        ["GeoLite2-City", "GeoLite2-ASN"].map(|name| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a database of that type is this edition, whole or for one region.
    pub(crate) fn is_of_type(&self, database_type: &str) -> bool {
        let goes_on = |long: &str, short: &str| {
            long.strip_prefix(short).is_some_and(|more| more.starts_with('-'))
        };
        self.0 == database_type
            || goes_on(database_type, &self.0)
            || (!database_type.is_empty() && goes_on(&self.0, database_type))
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Edition {
    type Err = BadEdition;

    fn from_str(text: &str) -> Result<Self, BadEdition> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_name = (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_allowed);
        let bad = || BadEdition { text: text.chars().take(MAX_LENGTH).collect() };
        is_name.then(|| Self(text.to_owned())).ok_or_else(bad)
    }
}

/// A text that is no name of a database.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{}` is not the name of a database, such as `GeoLite2-City`", .text.escape_debug())]
pub struct BadEdition {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_in_a_path() {
        for name in ["GeoLite2-City", "GeoIP2-City-Europe", "x"] {
            assert_eq!(name.parse::<Edition>().unwrap().as_str(), name);
        }
        let long = "x".repeat(65);
        for text in ["", ".", "..", "a/b", "a.b", "a_b", "a b", "a\n", "ä", &long] {
            let error = text.parse::<Edition>().unwrap_err().to_string();
            assert!(error.ends_with("such as `GeoLite2-City`"), "{text}: {error}");
        }
        assert!(Edition::defaults().iter().all(|name| name.as_str().parse().as_ref() == Ok(name)));
    }

    #[track_caller]
    fn check_type(edition: &str, database_type: &str, expected: bool) {
        let edition: Edition = edition.parse().unwrap();
        assert_eq!(edition.is_of_type(database_type), expected, "{edition}: {database_type}");
    }

    #[test]
    fn the_type_is_the_edition_whole_or_for_a_region() {
        check_type("GeoLite2-City", "GeoLite2-City", true);
        check_type("GeoIP2-City", "GeoIP2-City-Europe", true);
        check_type("GeoIP2-City-Europe", "GeoIP2-City", true);
        check_type("GeoLite2-City", "GeoLite2-ASN", false);
        check_type("GeoLite2-City", "GeoIP2-City", false);
        check_type("GeoLite2-City", "GeoLite2-Cityscape", false);
        check_type("GeoLite2-City", "", false);
        check_type("-City", "", false);
    }
}

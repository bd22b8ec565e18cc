//! Checks that a type alone cannot make, and the warnings that come up on the way.

use std::path::PathBuf;

use cowrie_secrets::Reference;

use crate::error::ConfigError;
use crate::written::WrittenSecret;
use crate::{DatabaseSetting, Origin};

/// What the checks of one file need to know and collect.
pub(crate) struct Checks {
    /// Where the checked values stand.
    pub(crate) origin: Origin,
    /// What `~/` stands for.
    pub(crate) home: Option<PathBuf>,
    /// What the user should hear about.
    pub(crate) warnings: Vec<String>,
}

impl Checks {
    /// The reference that stands at `key`; `variable` is the one to recommend.
    pub(crate) fn secret(
        &self,
        key: &str,
        written: Option<WrittenSecret>,
        variable: &str,
    ) -> Result<Option<Reference>, ConfigError> {
        match written {
            None => Ok(None),
            Some(WrittenSecret::Reference(reference)) => Ok(Some(reference)),
            Some(WrittenSecret::Damaged(source)) => Err(ConfigError::BadReference {
                key: key.to_owned(),
                origin: self.origin.clone(),
                source,
            }),
            Some(WrittenSecret::Plain) => {
                let field = key.rsplit('.').next().unwrap_or(key);
                Err(ConfigError::PlainSecret {
                    key: key.to_owned(),
                    origin: self.origin.clone(),
                    example: format!("{field} = \"env:{variable}\""),
                })
            }
        }
    }

    /// The database that stands at `key`.
    pub(crate) fn database(&self, key: &str, text: &str) -> Result<DatabaseSetting, ConfigError> {
        DatabaseSetting::parse(text, self.origin.clone())
            .map_err(|source| ConfigError::Database { key: key.to_owned(), source: source.into() })
    }

    /// The path with `~/` put in, which no shell does for a file.
    pub(crate) fn path(&self, path: PathBuf) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path,
        }
    }

    /// A number of seconds, days or questions must be above zero.
    pub(crate) fn positive(&self, key: &str, number: Option<f64>) -> Result<(), ConfigError> {
        match number {
            Some(number) if !number.is_finite() || number <= 0.0 => {
                Err(self.bad_value(key, "must be a number above zero"))
            }
            _ => Ok(()),
        }
    }

    /// A base URL is HTTP, and has no room for a user and a password.
    pub(crate) fn base_url(&self, key: &str, url: Option<&str>) -> Result<(), ConfigError> {
        let Some(url) = url else {
            return Ok(());
        };
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        match rest {
            Some(rest) if rest.contains('@') => {
                Err(self.bad_value(key, "must not carry a user or a password"))
            }
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(()),
            _ => Err(self.bad_value(key, "must begin with `https://` or `http://` and a host")),
        }
    }

    /// A value that the key cannot take.
    pub(crate) fn bad_value(&self, key: &str, problem: &str) -> ConfigError {
        ConfigError::BadValue {
            key: key.to_owned(),
            origin: self.origin.clone(),
            problem: problem.to_owned(),
        }
    }

    /// A key that nobody knows.
    pub(crate) fn unknown_key(&self, key: &str, suggestion: Option<String>) -> ConfigError {
        ConfigError::UnknownKey { key: key.to_owned(), origin: self.origin.clone(), suggestion }
    }
}

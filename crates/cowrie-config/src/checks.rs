//! Checks that a type alone cannot make, and the warnings that come up on the way.

use std::collections::BTreeMap;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use cowrie_secrets::Reference;
use cowrie_settings::Setting;

use crate::error::ConfigError;
use crate::written::WrittenSecret;
use crate::{DatabaseSetting, Origin};

/// What the checks of a configuration need to know and collect.
///
/// A check that fails leaves a problem behind and nothing else, so that all problems are found.
pub(crate) struct Checks {
    /// Where a value stands that has no origin of its own.
    pub(crate) origin: Origin,
    /// Where each value comes from, by its key.
    pub(crate) origins: BTreeMap<String, Origin>,
    /// What `~/` stands for.
    pub(crate) home: Option<PathBuf>,
    /// What the user should hear about.
    pub(crate) warnings: Vec<String>,
    /// What makes the configuration unusable.
    pub(crate) problems: Vec<ConfigError>,
}

impl Checks {
    /// Where the value of `key` comes from.
    pub(crate) fn origin_of(&self, key: &str) -> Origin {
        self.origins.get(key).unwrap_or(&self.origin).clone()
    }

    /// The reference that stands at `key`, as `setting` describes it.
    pub(crate) fn secret(
        &mut self,
        key: &str,
        written: Option<WrittenSecret>,
        setting: Option<&Setting>,
    ) -> Option<Reference> {
        match written? {
            WrittenSecret::Reference(reference) => Some(reference),
            WrittenSecret::Damaged(source) => {
                let origin = self.origin_of(key);
                let key = key.to_owned();
                self.problems.push(ConfigError::BadReference { key, origin, source });
                None
            }
            WrittenSecret::Plain => {
                let origin = self.origin_of(key);
                let variables = setting.map(|setting| setting.legacy_variables).unwrap_or_default();
                let reference = format!("env:{}", variables.first().unwrap_or(&"NAME"));
                let field = key.rsplit('.').next().unwrap_or(key);
                let example = if let Origin::Environment(name) = &origin {
                    format!("{name}={reference}")
                } else {
                    format!("{field} = \"{reference}\"")
                };
                let key = key.to_owned();
                self.problems.push(ConfigError::PlainSecret { key, origin, example });
                None
            }
        }
    }

    /// The database that stands at `key`.
    pub(crate) fn database(&mut self, key: &str, text: &str) -> Option<DatabaseSetting> {
        let setting = DatabaseSetting::parse(text, self.origin_of(key));
        // The flag for the one of `[global]` is called like this too.
        let key = if key == "global.db" { "db" } else { key };
        let known = setting.map_err(|source| ConfigError::Database {
            key: key.to_owned(),
            source: Box::new(source),
        });
        known.map_err(|problem| self.problems.push(problem)).ok()
    }

    /// The path with `~/` put in, which no shell does for a file.
    pub(crate) fn path(&self, path: PathBuf) -> PathBuf {
        match (path.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => path,
        }
    }

    /// A number of seconds, days or questions must be above zero.
    pub(crate) fn positive(&mut self, key: &str, number: Option<f64>) {
        if number.is_some_and(|number| !number.is_finite() || number <= 0.0) {
            self.bad_value(key, "must be a number above zero");
        }
    }

    /// A base URL is HTTP, and has no room for a user, a password or a key.
    pub(crate) fn base_url(&mut self, key: &str, url: Option<&str>) {
        let Some(url) = url else {
            return;
        };
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        match rest {
            Some(rest) if rest.contains('@') => {
                self.bad_value(key, "must not carry a user or a password");
            }
            Some(rest) if rest.contains(['?', '#']) => {
                self.bad_value(key, "must end before a `?` or `#`");
            }
            Some(rest) if !rest.is_empty() && !rest.starts_with('/') => {}
            _ => self.bad_value(key, "must begin with `https://` or `http://` and a host"),
        }
    }

    /// A host is a name or an address, so that no password of a URL gets in.
    pub(crate) fn host(&mut self, key: &str, host: &str) {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        let is_name = !host.is_empty() && host.chars().all(is_plain);
        let inside = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if !is_name && inside.unwrap_or(host).parse::<Ipv6Addr>().is_err() {
            self.bad_value(key, "must be the name or the address of a host");
        }
    }

    /// A server is a host and a port.
    pub(crate) fn server(&mut self, key: &str, server: Option<&str>) {
        let Some(server) = server else { return };
        match server.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok_and(|port| port > 0) => {
                self.host(key, host);
            }
            _ => self.bad_value(key, "must be a host and a port, as in `whois.example.org:43`"),
        }
    }

    /// A name server is an address and a port.
    pub(crate) fn socket_address(&mut self, key: &str, text: Option<&str>) -> Option<SocketAddr> {
        let text = text?;
        let address = text.parse();
        if address.is_err() {
            self.bad_value(key, "must be an address and a port, as in `192.0.2.53:53`");
        }
        address.ok()
    }

    /// A value that the key cannot take.
    pub(crate) fn bad_value(&mut self, key: &str, problem: &str) {
        let problem = problem.to_owned();
        let origin = self.origin_of(key);
        self.problems.push(ConfigError::BadValue { key: key.to_owned(), origin, problem });
    }

    /// A key that nobody knows.
    pub(crate) fn unknown_key(&mut self, key: &str, suggestion: Option<String>) {
        let origin = self.origin_of(key);
        self.problems.push(ConfigError::UnknownKey { key: key.to_owned(), origin, suggestion });
    }
}

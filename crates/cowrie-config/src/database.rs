//! The database as a setting: what was written, where, and how it is resolved.

use std::fmt;

use cowrie_secrets::{Reference, Resolver};

use crate::database_url::{DatabaseUrl, DatabaseUrlError, WrittenUrl};
use crate::origin::Origin;

/// A database that somebody named. Its secrets are resolved when it is opened, not before.
///
/// `Display` shows what was written, which holds no secret: a password in plain text is refused.
#[derive(Clone, Debug)]
pub struct DatabaseSetting {
    written: WrittenUrl,
    origin: Origin,
}

/// A setting names no usable database.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the database setting of {origin}")]
pub struct DatabaseSettingError {
    /// Who named it.
    pub origin: Origin,
    /// What is wrong with it.
    pub source: DatabaseUrlError,
}

impl DatabaseSetting {
    /// Reads what was written: a path, a `sqlite:` or `postgresql:` URL in the spellings of
    /// `SQLAlchemy` and sqlx, a reference to one, or a PostgreSQL URL with references in braces.
    ///
    /// A password in plain text is refused wherever it stands.
    pub fn parse(text: &str, origin: Origin) -> Result<Self, DatabaseSettingError> {
        match WrittenUrl::parse(text, &remedy(&origin)) {
            Ok(written) => Ok(Self { written, origin }),
            Err(source) => Err(DatabaseSettingError { origin, source }),
        }
    }

    /// Who named the database.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The references in it.
    pub fn references(&self) -> Vec<&Reference> {
        self.written.references()
    }

    /// Resolves its secrets.
    pub async fn resolve(&self, resolver: &Resolver) -> Result<DatabaseUrl, DatabaseSettingError> {
        self.written
            .resolve(resolver)
            .await
            .map_err(|source| DatabaseSettingError { origin: self.origin.clone(), source })
    }
}

impl fmt::Display for DatabaseSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.written)
    }
}

/// What to write instead of a password.
fn remedy(origin: &Origin) -> String {
    let in_braces = "`postgresql://user:{file:/run/secrets/db}@host/db`";
    match origin {
        Origin::Flag(name) => format!("`{name} env:DATABASE_URL`"),
        Origin::Environment(name) => format!("`{name}=env:DATABASE_URL` or {in_braces}"),
        Origin::Default | Origin::File(_) => {
            format!("`db = \"env:DATABASE_URL\"` or {in_braces}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::path::PathBuf;

    use super::*;

    #[track_caller]
    fn check(origin: Origin, expected: &str) {
        let error = DatabaseSetting::parse("postgres://u:hunter2@h/c", origin).unwrap_err();
        let source = error.source().map(ToString::to_string).unwrap_or_default();
        assert_eq!(format!("{error}: {source}"), expected);
    }

    #[test]
    fn a_refused_password_shows_what_to_write() {
        check(
            Origin::Flag("--db".to_owned()),
            "failed to read the database setting of --db: \
             it holds a password in plain text; write `--db env:DATABASE_URL`",
        );
        check(
            Origin::File(PathBuf::from("sensors.toml")),
            "failed to read the database setting of sensors.toml: \
             it holds a password in plain text; write `db = \"env:DATABASE_URL\"` or \
             `postgresql://user:{file:/run/secrets/db}@host/db`",
        );
        check(
            Origin::Environment("COWRIE_DB".to_owned()),
            "failed to read the database setting of COWRIE_DB: \
             it holds a password in plain text; write `COWRIE_DB=env:DATABASE_URL` or \
             `postgresql://user:{file:/run/secrets/db}@host/db`",
        );
    }
}

//! Database URLs, in the spellings that people bring along.

use std::fmt;
use std::path::PathBuf;

use cowrie_secrets::{
    ExposeSecret, ParseReferenceError, ParseTemplateError, Reference, ResolveError, Resolver,
    SecretString, Template,
};

use crate::url_parts::{MASKS, UrlParts};

/// What the secrets are for, as the log says it.
const PURPOSE: &str = "database";

/// A database that can be opened.
///
/// `Display` shows where it is, without the password.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// A SQLite database that lives as long as the program.
    SqliteMemory,
    /// A SQLite file.
    Sqlite {
        /// The file, which need not exist.
        path: PathBuf,
    },
    /// A PostgreSQL server.
    Postgres {
        /// The URL with everything in it; its scheme is `postgresql`.
        url: SecretString,
        /// The URL without the password.
        shown: String,
    },
}

/// A text is no database. The text is never repeated, since it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseUrlError {
    /// There is no text.
    #[error("it is empty")]
    Empty,
    /// A password in plain text.
    #[error("it holds a password in plain text; write {remedy}")]
    PlainPassword {
        /// What to write instead.
        remedy: String,
    },
    /// Another database system.
    #[error("it is neither a path nor a `sqlite:` or `postgresql:` URL")]
    Scheme,
    /// The URL is damaged.
    #[error("it is not a usable URL: {problem}")]
    Malformed {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A reference that is damaged.
    #[error("it is not a usable reference")]
    Reference(#[from] ParseReferenceError),
    /// Braces without a reference in them.
    #[error("its braces cannot be read")]
    Template(#[from] ParseTemplateError),
    /// The secret could not be had.
    #[error("its secret is not available")]
    Resolve(#[from] ResolveError),
}

/// A database as it was written, before any secret is resolved.
#[derive(Clone, Debug)]
pub(crate) enum WrittenUrl {
    /// Nothing in it is secret.
    Plain(DatabaseUrl),
    /// The whole URL is kept elsewhere.
    Reference(Reference),
    /// Parts of a PostgreSQL URL are kept elsewhere.
    Template { template: Template, shown: String },
}

impl WrittenUrl {
    /// Reads what a person wrote. `remedy` is what to write instead of a password.
    pub(crate) fn parse(text: &str, remedy: &str) -> Result<Self, DatabaseUrlError> {
        match text.parse::<Reference>() {
            Ok(reference) => return Ok(Self::Reference(reference)),
            Err(ParseReferenceError::NotAReference) => {}
            Err(error) => return Err(error.into()),
        }
        let plain_password = || DatabaseUrlError::PlainPassword { remedy: remedy.to_owned() };
        let Some(rest) = postgres_rest(text) else {
            // What was to be a server would otherwise pass as the name of a file, password and all.
            if sets_password(text) {
                return Err(plain_password());
            }
            if text.starts_with("postgres") && text.contains(':') {
                return Err(DatabaseUrlError::Malformed { problem: "`//` must follow its scheme" });
            }
            // A mistake in a reference would otherwise make a file of that name.
            if resembles_reference(text) {
                let problem =
                    "it resembles a reference, but is none; a file can be written `./NAME`";
                return Err(DatabaseUrlError::Malformed { problem });
            }
            return sqlite(text).map(Self::Plain);
        };
        if rest.contains(|c| MASKS.contains(&c)) {
            return Err(DatabaseUrlError::Malformed { problem: "it holds a private character" });
        }
        let template: Template = format!("postgresql://{rest}").parse()?;
        let masked = template.masked(mask);
        let parts = parts_of(&masked)?;
        if parts.has_plain_password() {
            return Err(plain_password());
        }
        // A server repeats a user or a database that it does not know, and the driver an option.
        if parts.has_secret_elsewhere() {
            let problem = "only its password may be a reference in braces; \
                           if more of it is secret, keep the whole URL elsewhere";
            return Err(DatabaseUrlError::Malformed { problem });
        }
        let shown = unmasked(&parts.shown(), &template);
        if template.references().next().is_none() {
            let url = SecretString::from(masked.as_str());
            return Ok(Self::Plain(DatabaseUrl::Postgres { url, shown }));
        }
        Ok(Self::Template { template, shown })
    }

    /// The references in it.
    pub(crate) fn references(&self) -> Vec<&Reference> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Reference(reference) => vec![reference],
            Self::Template { template, .. } => template.references().collect(),
        }
    }

    /// Resolves the secrets in it.
    pub(crate) async fn resolve(
        &self,
        resolver: &Resolver,
    ) -> Result<DatabaseUrl, DatabaseUrlError> {
        match self {
            Self::Plain(url) => Ok(url.clone()),
            Self::Reference(reference) => resolved(&resolver.resolve(reference, PURPOSE).await?),
            Self::Template { template, shown } => {
                let url = template.expand(resolver, PURPOSE).await?;
                Ok(DatabaseUrl::Postgres { url, shown: shown.clone() })
            }
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteMemory => f.write_str("sqlite::memory:"),
            Self::Sqlite { path } => write!(f, "{}", path.display()),
            Self::Postgres { shown, .. } => f.write_str(shown),
        }
    }
}

impl fmt::Display for WrittenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(url) => write!(f, "{url}"),
            Self::Reference(reference) => write!(f, "{reference}"),
            Self::Template { template, .. } => write!(f, "{template}"),
        }
    }
}

/// Reads a whole URL that was kept elsewhere, so that it may hold its password.
///
/// Only what is clearly a URL or a path to a database passes: anything else may be a bare
/// password in the wrong place, and must not become the name of a file.
fn resolved(secret: &SecretString) -> Result<DatabaseUrl, DatabaseUrlError> {
    let text = secret.expose_secret();
    if let Some(rest) = postgres_rest(text) {
        let shown = UrlParts::parse(rest)
            .map_err(|problem| DatabaseUrlError::Malformed { problem })?
            .shown();
        let url = SecretString::from(format!("postgresql://{rest}"));
        return Ok(DatabaseUrl::Postgres { url, shown });
    }
    let is_path = text.starts_with(['/', '.'])
        || [".sqlite", ".sqlite3", ".db"].iter().any(|ending| text.ends_with(ending));
    if text.starts_with("sqlite") || text == ":memory:" || is_path {
        return sqlite(text);
    }
    Err(DatabaseUrlError::Scheme)
}

/// Whether somebody may have meant a reference.
fn resembles_reference(text: &str) -> bool {
    const SCHEMES: [&str; 7] = ["env", "file", "systemd", "op", "sops", "vault", "aws-sm"];
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    text.starts_with('$')
        || text.contains(['{', '}'])
        || scheme.is_some_and(|scheme| SCHEMES.contains(&scheme.as_str()))
}

/// Whether the text sets a password as libpq's key-value form does, which allows blanks.
fn sets_password(text: &str) -> bool {
    let is_set = |rest: &str| rest.trim_start().starts_with('=');
    text.to_ascii_lowercase().split("password").skip(1).any(is_set)
}

/// What follows the scheme of a PostgreSQL URL, in any of its spellings; `SQLAlchemy` adds the
/// driver after a `+`.
fn postgres_rest(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let (system, driver) = scheme.split_once('+').unwrap_or((scheme, ""));
    let is_scheme = driver.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_scheme && matches!(system, "postgres" | "postgresql")).then_some(rest)
}

fn parts_of(url: &str) -> Result<UrlParts<'_>, DatabaseUrlError> {
    let rest = postgres_rest(url).unwrap_or(url);
    UrlParts::parse(rest).map_err(|problem| DatabaseUrlError::Malformed { problem })
}

/// The mask of the reference with that number; the last one stands for all that are too many.
fn mask(number: usize) -> char {
    MASKS.clone().nth(number).unwrap_or(*MASKS.end())
}

/// Puts the references back that the masks stand for.
fn unmasked(shown: &str, template: &Template) -> String {
    let mut text = shown.to_owned();
    for (number, reference) in template.references().enumerate() {
        text = text.replace(mask(number), &format!("{{{reference}}}"));
    }
    text
}

/// SQLite in the spellings of `SQLAlchemy` (three slashes and a relative path, four for an
/// absolute one), of sqlx (`sqlite:path`, `sqlite://path`), and as a bare path.
fn sqlite(text: &str) -> Result<DatabaseUrl, DatabaseUrlError> {
    let path = match text.split_once(':') {
        Some((scheme, rest)) if scheme.split('+').next() == Some("sqlite") => {
            if rest.contains('?') {
                return Err(DatabaseUrlError::Malformed { problem: "it must not have options" });
            }
            match rest.strip_prefix("//") {
                Some("" | "/") => ":memory:",
                Some(rest) => rest.strip_prefix('/').unwrap_or(rest),
                None => rest,
            }
        }
        _ if text.contains("://") => return Err(DatabaseUrlError::Scheme),
        _ => text,
    };
    // What was to be a server would pass as the name of a file, and be repeated as one.
    let has_account = path.rsplit_once('@').is_some_and(|(before, _)| before.contains(':'));
    if has_account {
        return Err(DatabaseUrlError::Malformed { problem: "a path has no account in it" });
    }
    match path {
        "" => Err(DatabaseUrlError::Empty),
        ":memory:" => Ok(DatabaseUrl::SqliteMemory),
        path if path.contains('\0') => {
            Err(DatabaseUrlError::Malformed { problem: "it holds a NUL" })
        }
        path => Ok(DatabaseUrl::Sqlite { path: PathBuf::from(path) }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    const REMEDY: &str = "something else";

    /// Resolves in an environment of those variables.
    fn resolve<Value: Into<String>>(
        url: &WrittenUrl,
        variables: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Result<DatabaseUrl, DatabaseUrlError> {
        let environment: BTreeMap<&str, String> =
            variables.into_iter().map(|(name, value)| (name, value.into())).collect();
        let resolver = Resolver::new("tests", Arc::new(environment));
        runtime().block_on(url.resolve(&resolver))
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_time().build().unwrap()
    }

    fn environment() -> [(&'static str, &'static str); 6] {
        [
            ("PG", "postgres://loader:hunter2@192.0.2.1/cowrie?sslmode=require"),
            ("LITE", "sqlite:////var/lib/c.sqlite"),
            ("FILE", "/var/lib/c.sqlite"),
            ("WORD", "hunter2"),
            ("LOOP", "env:WORD"),
            ("BAD", "postgres://loader:hun/ter2@h/c"),
        ]
    }

    /// What is written, what is shown once it is resolved, and what is opened.
    #[track_caller]
    fn check(text: &str, written: &str, shown: &str, opened: &str) {
        let found = WrittenUrl::parse(text, REMEDY).unwrap();
        let url = resolve(&found, environment()).unwrap();
        let target = match &url {
            DatabaseUrl::SqliteMemory => "memory".to_owned(),
            DatabaseUrl::Sqlite { path } => path.display().to_string(),
            DatabaseUrl::Postgres { url, .. } => url.expose_secret().to_owned(),
        };
        assert_eq!((found.to_string().as_str(), url.to_string().as_str()), (written, shown));
        assert_eq!(target, opened);
        let said = format!("{found} {found:?} {url} {url:?}");
        assert!(!said.contains("hunter2"), "{said}");
    }

    #[test]
    fn sqlite_in_all_spellings() {
        for (text, path) in [
            ("cowrie.sqlite", "cowrie.sqlite"),
            ("./x", "./x"),
            ("/var/lib/c.sqlite", "/var/lib/c.sqlite"),
            ("sqlite:///rel/c.sqlite", "rel/c.sqlite"),
            ("sqlite:////var/lib/c.sqlite", "/var/lib/c.sqlite"),
            ("sqlite+pysqlite:///c.sqlite", "c.sqlite"),
            ("sqlite://c.sqlite", "c.sqlite"),
            ("sqlite:c.sqlite", "c.sqlite"),
            ("C:c.sqlite", "C:c.sqlite"),
        ] {
            check(text, path, path, path);
        }
        for text in ["sqlite::memory:", ":memory:", "sqlite://", "sqlite:///", "sqlite:///:memory:"]
        {
            check(text, "sqlite::memory:", "sqlite::memory:", "memory");
        }
    }

    #[test]
    fn postgres_in_all_spellings() {
        let url = "postgresql://loader@192.0.2.1:5432/cowrie";
        for scheme in
            ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgres+x"]
        {
            check(&format!("{scheme}://loader@192.0.2.1:5432/cowrie"), url, url, url);
        }
    }

    #[test]
    fn references_are_resolved_and_not_shown() {
        check(
            "env:PG",
            "env:PG",
            "postgresql://loader@192.0.2.1/cowrie?sslmode=require",
            "postgresql://loader:hunter2@192.0.2.1/cowrie?sslmode=require",
        );
        check("${FILE}", "env:FILE", "/var/lib/c.sqlite", "/var/lib/c.sqlite");
        check("env:LITE", "env:LITE", "/var/lib/c.sqlite", "/var/lib/c.sqlite");
        check(
            "postgresql+psycopg://loader:{env:WORD}@h/c",
            "postgresql://loader:{env:WORD}@h/c",
            "postgresql://loader@h/c",
            "postgresql://loader:hunter2@h/c",
        );
        check(
            "postgres://u:${WORD}@h/c?password={env:WORD}",
            "postgresql://u:{env:WORD}@h/c?password={env:WORD}",
            "postgresql://u@h/c",
            "postgresql://u:hunter2@h/c?password=hunter2",
        );
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let result = WrittenUrl::parse(text, REMEDY).and_then(|url| resolve(&url, environment()));
        let error = result.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("hunter2") && !said.contains("ter2"), "{said}");
        assert_eq!(error.to_string(), expected, "{text}");
    }

    #[test]
    fn passwords_in_plain_text_are_refused() {
        for text in [
            "postgresql://loader:hunter2@h/c",
            "postgresql+psycopg2://loader:hunter2@h/c",
            "postgres://loader:{env:WORD}hunter2@h/c",
            "postgres://h/c?password=hunter2",
            "host=h password=hunter2",
            "host = h password = hunter2",
            "host=h sslpassword='hunter2'",
        ] {
            check_refused(text, "it holds a password in plain text; write something else");
        }
    }

    #[test]
    fn what_cannot_be_opened_is_refused() {
        check_refused("", "it is empty");
        check_refused("sqlite:", "it is empty");
        check_refused(
            "sqlite:///c.sqlite?mode=ro",
            "it is not a usable URL: it must not have options",
        );
        check_refused(
            "mysql://loader:hunter2@h/c",
            "it is neither a path nor a `sqlite:` or `postgresql:` URL",
        );
        for text in ["//u:hunter2@h/c", "sqlite://u:hunter2@h/c", "u:hunter2@h"] {
            check_refused(text, "it is not a usable URL: a path has no account in it");
        }
        for text in [
            "postgres:/u:hunter2@h/c",
            "postgresql:u:hunter2@h",
            "postgres+x:hunter2",
            "postgres+x:://hunter2@h/c",
        ] {
            check_refused(text, "it is not a usable URL: `//` must follow its scheme");
        }
        check_refused("op://vault/db", "it is not a usable reference");
        for text in [
            "postgres://{env:WORD}:x{env:WORD}@h/c",
            "postgres://{env:WORD}@h/c",
            "postgres://u:{env:WORD}@{env:WORD}/c",
            "postgres://u@h:{env:WORD}/c",
            "postgres://u@h/{env:WORD}",
            "postgres://u@h/c?sslmode={env:WORD}",
            "postgres://u@h/c?password={env:WORD}&dbname={env:WORD}",
        ] {
            let error = WrittenUrl::parse(text, REMEDY).unwrap_err().to_string();
            let is_refused = error.contains("only its password") || error.contains("plain text");
            assert!(is_refused, "{text}: {error}");
        }
        for text in [
            "$DATABASE_URL",
            "${WORD",
            "ENV:WORD",
            "aws-sm:x",
            "op:/v/i/f",
            "{env:WORD}",
            "vault:a/b",
        ] {
            let problem = "it is not a usable URL: it resembles a reference, but is none; a file can \
                           be written `./NAME`";
            check_refused(text, problem);
        }
        check_refused("env:", "it is not a usable reference");
        check_refused("postgres://u:{hunter2}@h/c", "its braces cannot be read");
        check_refused("env:NONE", "its secret is not available");
        let problem = "it is neither a path nor a `sqlite:` or `postgresql:` URL";
        check_refused("env:WORD", problem);
        check_refused("env:LOOP", problem);
        check_refused(
            "env:BAD",
            "it is not a usable URL: an `@`, `/` or `?` in its user or password must be \
             percent-encoded",
        );
    }

    proptest! {
        #[test]
        fn reading_is_total(text in "(postgres://|sqlite:|env:)?[a-z0-9:/@?#{}&=\\[\\]%$.]{0,30}") {
            let _unused = WrittenUrl::parse(&text, REMEDY).map(|url| url.to_string());
        }

        #[test]
        fn no_password_is_ever_shown(
            scheme in "postgres(ql)?(\\+x)?:/{0,2}",
            user in "[a-z]{0,5}",
            before in "[0-9:/@?#&=%. ]{0,4}",
            after in "[0-9:/@?#&=%. ]{0,4}",
        ) {
            let text = format!("{scheme}{user}:{before}hunter2{after}@192.0.2.1/cowrie");
            let written = match WrittenUrl::parse(&text, REMEDY) {
                Ok(url) => format!("{url} {url:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            let reference = WrittenUrl::parse("env:A", REMEDY).unwrap();
            let resolved = match resolve(&reference, [("A", &text)]) {
                Ok(url) => format!("{url} {url:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            prop_assert!(!written.contains("hunter2"));
            prop_assert!(!resolved.contains("hunter2"));
        }
    }
}

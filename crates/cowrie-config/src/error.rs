//! What can be wrong with a configuration.
//!
//! No message repeats a value: it may be a secret in the wrong place.

use std::io;
use std::path::PathBuf;

use cowrie_secrets::ParseReferenceError;
use figment::error::{Actual, Kind};

use crate::Origin;
use crate::database::DatabaseSettingError;
use crate::layers;

/// A configuration cannot be used. All of these are wrong usage (exit code 2).
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("failed to read the configuration file `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("`{path}` is not TOML: line {line}, column {column}: {problem}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// What the parser says, without the line itself.
        problem: String,
    },
    /// A key that no version knows.
    #[error("unknown key `{key}` in {origin}{}", suggested(.suggestion.as_deref()))]
    UnknownKey {
        /// The key, with the sections above it.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// The nearest key that exists there.
        suggestion: Option<String>,
    },
    /// A value of another type than the key takes.
    #[error("`{key}` in {origin} is {found}, but must be {expected}")]
    WrongType {
        /// The key, with the sections above it.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// The type that was found.
        found: &'static str,
        /// The type that is needed.
        expected: String,
    },
    /// A value that the key cannot take.
    #[error("`{key}` in {origin} {problem}")]
    BadValue {
        /// The key, with the sections above it.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// What is wrong with it, as the end of a sentence.
        problem: String,
    },
    /// A secret instead of a reference to it.
    #[error(
        "`{key}` in {origin} holds a secret in plain text; \
         keep it elsewhere and write a reference, for example `{example}`"
    )]
    PlainSecret {
        /// The key, with the sections above it.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// A line that would be right.
        example: String,
    },
    /// A reference to a secret that is damaged.
    #[error("`{key}` in {origin} is not a usable reference")]
    BadReference {
        /// The key, with the sections above it.
        key: String,
        /// Where it stands.
        origin: Origin,
        /// What it needs.
        source: ParseReferenceError,
    },
    /// A database URL that cannot be used.
    #[error("failed to read `{key}`")]
    Database {
        /// The key, with the sections above it.
        key: String,
        /// Why.
        source: Box<DatabaseSettingError>,
    },
    /// The layers together make no configuration.
    #[error("failed to put the configuration together")]
    Nothing,
}

/// The nearest of the names, when one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    let close = names.iter().map(|name| (strsim::jaro_winkler(word, name), *name));
    let best = close.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then_some(best.1)
}

/// Where in the file the error is, as far as its parts can be taken out of it.
pub(crate) fn place_of(error: &figment::Error) -> Vec<String> {
    let mut path = error.path.clone();
    let name = match &error.kind {
        Kind::UnknownField(name, _) => Some(name.clone()),
        Kind::DuplicateField(name) => Some((*name).to_owned()),
        _ => None,
    };
    // The path ends with the key or with the section that holds it.
    if let Some(name) = name.filter(|name| path.last() != Some(name)) {
        path.push(name);
    }
    path
}

/// Says in our words, and without values, why figment could not read the sections.
pub(crate) fn explain(error: figment::Error) -> ConfigError {
    let origin = error.metadata.as_ref().map_or(Origin::Default, layers::origin_of);
    let place = place_of(&error);
    let mut path = error.path;
    match error.kind {
        Kind::UnknownField(name, known) => {
            path = place;
            let suggestion = nearest(&name, known).map(str::to_owned);
            ConfigError::UnknownKey { key: key_of(&path), origin, suggestion }
        }
        Kind::InvalidType(found, expected) => {
            let (found, expected) = (type_of(&found), in_words(&expected));
            ConfigError::WrongType { key: key_of(&path), origin, found, expected }
        }
        Kind::InvalidValue(_, expected) => {
            let problem = format!("must be {}", in_words(&expected));
            ConfigError::BadValue { key: key_of(&path), origin, problem }
        }
        Kind::MissingField(name) => {
            path.push(name.into_owned());
            let problem = "is missing".to_owned();
            ConfigError::BadValue { key: key_of(&path), origin, problem }
        }
        Kind::DuplicateField(name) => {
            let problem = format!("stands beside another spelling of `{name}`");
            ConfigError::BadValue { key: key_of(&path), origin, problem }
        }
        _ => {
            let problem = "cannot be used here".to_owned();
            ConfigError::BadValue { key: key_of(&path), origin, problem }
        }
    }
}

/// A path of keys as people write it; `[[sensor]]` entries count from 1.
fn key_of(path: &[String]) -> String {
    match path {
        [list, index, rest @ ..] if list == "sensor" => {
            let number = index.parse::<usize>().map_or(0, |index| index + 1);
            let rest = rest.join(".");
            if rest.is_empty() {
                format!("[[sensor]] number {number}")
            } else {
                format!("[[sensor]] number {number}: {rest}")
            }
        }
        _ => path.join("."),
    }
}

/// What serde calls a type, in the words of somebody who edits a file.
fn in_words(expected: &str) -> String {
    let words = match expected {
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" => "a whole number that is not below zero",
        "f64" => "a number",
        "path string" => "a path",
        "a sequence" => "a list of tables",
        "a map" => "a table",
        _ if expected.starts_with("struct ") => "a table",
        other => other,
    };
    words.to_owned()
}

fn type_of(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "a boolean",
        Actual::Unsigned(_) | Actual::Signed(_) => "a whole number",
        Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) | Actual::Bytes(_) => "a string",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "of another type",
    }
}

fn suggested(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_or_none() {
        let names = ["logpath", "name", "enable_asn_inventory", "vtapi"];
        for (word, expected) in [
            ("log_path", Some("logpath")),
            ("enable_asn_inventry", Some("enable_asn_inventory")),
            ("asn_inventory", Some("enable_asn_inventory")),
            ("vt_api", Some("vtapi")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &names), expected, "{word}");
        }
    }
}

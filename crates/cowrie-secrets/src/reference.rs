//! References: where a secret is kept, in the words of a configuration file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a secret is kept.
///
/// A reference is no secret: it may be printed, logged and compared.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Reference(pub(crate) Place);

/// The kinds of places.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Place {
    /// An environment variable.
    Variable(String),
    /// A file, by absolute path.
    File(PathBuf),
    /// A file in systemd's credentials directory.
    Credential(String),
}

/// A text is no reference.
///
/// The text itself is never repeated: it may be a secret in the wrong place.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParseReferenceError {
    /// The text has none of the known forms.
    #[error(
        "not a reference to a secret; the forms are `env:NAME`, `${{NAME}}`, \
         `file:/absolute/path` and `systemd:NAME`"
    )]
    NotAReference,
    /// What follows `env:` cannot be the name of a variable.
    #[error("`env:` needs a name of letters, digits and `_` that does not begin with a digit")]
    BadVariable,
    /// What follows `file:` is not an absolute path.
    #[error("`file:` needs an absolute path")]
    BadPath,
    /// What follows `systemd:` cannot be the name of a credential.
    #[error("`systemd:` needs the name of a credential, without `/` and `:`")]
    BadCredential,
    /// The scheme is known, and its secrets cannot be read yet.
    #[error("scheme `{scheme}` is not supported by this version")]
    Unsupported {
        /// The scheme, without its colon.
        scheme: &'static str,
    },
}

/// Schemes that configuration files may hold and this version cannot resolve.
const UNSUPPORTED: [&str; 4] = ["op", "aws-sm", "vault", "sops"];

/// systemd takes credential names up to the length of a file name.
const MAX_CREDENTIAL_NAME: usize = 255;

impl FromStr for Reference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, ParseReferenceError> {
        if let Some(name) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            return variable(name);
        }
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(ParseReferenceError::NotAReference);
        };
        match scheme {
            "env" => variable(rest),
            "file" => file(rest),
            "systemd" => credential(rest),
            _ => Err(unknown(scheme, rest)),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Variable(name) => write!(f, "env:{name}"),
            Place::File(path) => write!(f, "file:{}", path.display()),
            Place::Credential(name) => write!(f, "systemd:{name}"),
        }
    }
}

fn variable(name: &str) -> Result<Reference, ParseReferenceError> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty()
        || name.starts_with(|c: char| c.is_ascii_digit())
        || !name.chars().all(is_word)
    {
        return Err(ParseReferenceError::BadVariable);
    }
    Ok(Reference(Place::Variable(name.to_owned())))
}

fn file(text: &str) -> Result<Reference, ParseReferenceError> {
    let path = PathBuf::from(text);
    if !path.is_absolute() || text.contains('\0') {
        return Err(ParseReferenceError::BadPath);
    }
    Ok(Reference(Place::File(path)))
}

/// The rule is systemd's own: a file name in ASCII without control characters and colons.
fn credential(name: &str) -> Result<Reference, ParseReferenceError> {
    let is_plain = |c: char| c.is_ascii() && !c.is_ascii_control() && c != '/' && c != ':';
    let is_name = !name.is_empty() && name != "." && name != ".." && name.chars().all(is_plain);
    if !is_name || name.len() > MAX_CREDENTIAL_NAME {
        return Err(ParseReferenceError::BadCredential);
    }
    Ok(Reference(Place::Credential(name.to_owned())))
}

/// Only a full `scheme://` is taken for one of the known schemes, so that a secret that happens
/// to begin with `op:` is still called what it is.
fn unknown(scheme: &str, rest: &str) -> ParseReferenceError {
    match UNSUPPORTED.iter().find(|known| **known == scheme) {
        Some(scheme) if rest.starts_with("//") => ParseReferenceError::Unsupported { scheme },
        _ => ParseReferenceError::NotAReference,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, ParseReferenceError>) {
        let found = text.parse::<Reference>().map(|reference| reference.to_string());
        assert_eq!(found, expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn known_forms_are_read() {
        check("env:DATABASE_URL", Ok("env:DATABASE_URL"));
        check("env:_x9", Ok("env:_x9"));
        check("${DATABASE_URL}", Ok("env:DATABASE_URL"));
        check("file:/run/secrets/db", Ok("file:/run/secrets/db"));
        check("file:///run/secrets/db", Ok("file:///run/secrets/db"));
        check("systemd:vt-api.key", Ok("systemd:vt-api.key"));
    }

    #[test]
    fn damaged_forms_say_what_they_need() {
        for text in ["env:", "env:9A", "env:A-B", "env:A B", "env:Ä", "${}", "${A-B}"] {
            check(text, Err(ParseReferenceError::BadVariable));
        }
        for text in ["file:", "file:db.txt", "file:./db", "file:/a\0b"] {
            check(text, Err(ParseReferenceError::BadPath));
        }
        for text in ["systemd:", "systemd:..", "systemd:a/b", "systemd:a:b", "systemd:a\n"] {
            check(text, Err(ParseReferenceError::BadCredential));
        }
        check(&format!("systemd:{}", "a".repeat(256)), Err(ParseReferenceError::BadCredential));
    }

    #[test]
    fn other_known_schemes_are_not_supported_yet() {
        let cases = [
            ("op://vault/item/field", "op"),
            ("aws-sm://eu-west-1/id#key", "aws-sm"),
            ("vault://kv/data/db#password", "vault"),
            ("sops:///etc/secrets.enc.json#a.b", "sops"),
        ];
        for (text, scheme) in cases {
            check(text, Err(ParseReferenceError::Unsupported { scheme }));
        }
        let error = ParseReferenceError::Unsupported { scheme: "op" };
        assert_eq!(error.to_string(), "scheme `op` is not supported by this version");
    }

    #[test]
    fn everything_else_is_plain_text() {
        for text in ["", "hunter2", "op:hunter2", "a:b:c", "$NAME", "${A", "ENV:A", " env:A"] {
            let is_plain =
                matches!(text.parse::<Reference>(), Err(ParseReferenceError::NotAReference));
            assert!(is_plain, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_prints_as_it_is_read_again(text in "(env|file|systemd):/?[A-Za-z_.:/]{0,12}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference));
            }
        }

        #[test]
        fn an_error_never_repeats_the_text(scheme in "(env:|file:|op:)?", word in "[0-9!-]{6,20}") {
            let error = format!("{scheme}{word}").parse::<Reference>().unwrap_err();
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(&word));
        }
    }
}

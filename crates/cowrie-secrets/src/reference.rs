//! References: where a secret is kept, in the words of a configuration file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::schemes::aws::AwsSecret;
use crate::schemes::sops::SopsValue;
use crate::schemes::vault::VaultField;
use crate::schemes::{file, op, variable};

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
    /// A field of an item of 1Password, without its scheme.
    OnePassword(String),
    /// A value of an encrypted file.
    Sops(SopsValue),
    /// A field of a secret of Vault.
    Vault(VaultField),
    /// A secret of AWS, or a value of it.
    Aws(AwsSecret),
}

/// A text is no reference.
///
/// The text itself is never repeated: it may be a secret in the wrong place.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ParseReferenceError {
    /// The text has none of the known forms.
    #[error(
        "not a reference to a secret; the forms are `env:NAME`, `${{NAME}}`, \
         `file:/absolute/path`, `systemd:NAME`, `op://vault/item/field`, `sops://path#key`, \
         `vault://mount/name#field` and `aws-sm://region/id#key`"
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
    /// What follows `op://` is not the path of a field.
    #[error("`op://` needs a vault, an item and a field, as in `op://vault/item/field`")]
    BadItem,
    /// What follows `sops://` is not a path.
    #[error("`sops://` needs the path of a file, and after a `#` the key, if any")]
    BadSops,
    /// What follows `vault://` is not a mount and a name.
    #[error("`vault://` needs a mount and a name, as in `vault://secret/cowrie#password`")]
    BadVault,
    /// What follows `aws-sm://` is not the id of a secret.
    #[error("`aws-sm://` needs the id of a secret, as in `aws-sm://eu-west-1/cowrie#password`")]
    BadAws,
}

impl FromStr for Reference {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, ParseReferenceError> {
        if let Some(name) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            return variable(name).map(Self);
        }
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(ParseReferenceError::NotAReference);
        };
        let place = match scheme {
            "env" => variable(rest),
            "file" => file(rest),
            "systemd" => credential(rest),
            _ => match rest.strip_prefix("//") {
                // Only a full `scheme://` is taken for a scheme, so that a secret that happens to
                // begin with `op:` is still called what it is.
                Some(rest) => elsewhere(scheme, rest),
                None => Err(ParseReferenceError::NotAReference),
            },
        };
        place.map(Self)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Variable(name) => write!(f, "env:{name}"),
            Place::File(path) => write!(f, "file:{}", path.display()),
            Place::Credential(name) => write!(f, "systemd:{name}"),
            Place::OnePassword(item) => write!(f, "op://{item}"),
            Place::Sops(value) => write!(f, "sops://{value}"),
            Place::Vault(field) => write!(f, "vault://{field}"),
            Place::Aws(secret) => write!(f, "aws-sm://{secret}"),
        }
    }
}

fn variable(name: &str) -> Result<Place, ParseReferenceError> {
    let is_name = variable::is_name(name);
    is_name.then(|| Place::Variable(name.to_owned())).ok_or(ParseReferenceError::BadVariable)
}

fn file(text: &str) -> Result<Place, ParseReferenceError> {
    let path = PathBuf::from(text);
    let is_usable = path.is_absolute() && !text.contains('\0');
    is_usable.then_some(Place::File(path)).ok_or(ParseReferenceError::BadPath)
}

fn credential(name: &str) -> Result<Place, ParseReferenceError> {
    let is_name = file::is_credential_name(name);
    is_name.then(|| Place::Credential(name.to_owned())).ok_or(ParseReferenceError::BadCredential)
}

/// What stands behind `scheme://`.
fn elsewhere(scheme: &str, rest: &str) -> Result<Place, ParseReferenceError> {
    let item = || op::is_item(rest).then(|| Place::OnePassword(rest.to_owned()));
    match scheme {
        "op" => item().ok_or(ParseReferenceError::BadItem),
        "sops" => SopsValue::parse(rest).map(Place::Sops).ok_or(ParseReferenceError::BadSops),
        "vault" => VaultField::parse(rest).map(Place::Vault).ok_or(ParseReferenceError::BadVault),
        "aws-sm" => AwsSecret::parse(rest).map(Place::Aws).ok_or(ParseReferenceError::BadAws),
        _ => Err(ParseReferenceError::NotAReference),
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
    fn stores_are_named_by_their_scheme() {
        for text in [
            "op://vault/item/field",
            "op://vault/My Item/section/field",
            "sops:///etc/secrets.enc.json#a.b",
            "sops://secrets.yaml",
            "vault://secret/cowrie/db#password",
            "vault://kv/db",
            "aws-sm://eu-west-1/cowrie/db#password",
            "aws-sm://cowrie",
        ] {
            check(text, Ok(text));
        }
    }

    #[test]
    fn damaged_stores_say_what_they_need() {
        use ParseReferenceError as Error;
        for (text, expected) in [
            ("op://", Error::BadItem),
            ("op://vault/item", Error::BadItem),
            ("op://vault//field", Error::BadItem),
            ("op://vault/item/a\nb", Error::BadItem),
            ("sops://", Error::BadSops),
            ("sops://#key", Error::BadSops),
            ("vault://", Error::BadVault),
            ("vault://secret", Error::BadVault),
            ("vault://secret/../db", Error::BadVault),
            ("vault://secret//db#f", Error::BadVault),
            ("aws-sm://", Error::BadAws),
            ("aws-sm://eu-west-1/", Error::BadAws),
            ("vaullt://secret/db", Error::NotAReference),
        ] {
            check(text, Err(expected));
        }
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
        fn what_is_read_prints_as_it_is_read_again(text in "(env:|file:|systemd:|op://|sops://|vault://|aws-sm://)/?[A-Za-z_.:/#1-]{0,16}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference));
            }
        }

        #[test]
        fn an_error_never_repeats_the_text(scheme in "(env:|file:|op:|op://|vault://)?", word in "[0-9!-]{6,20}") {
            let error = format!("{scheme}{word}").parse::<Reference>().unwrap_err();
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains(&word));
        }
    }
}

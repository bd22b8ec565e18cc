//! Values as they may be written in a file: secrets, and identifiers that look like numbers.

use std::fmt;

use cowrie_secrets::{ParseReferenceError, Reference};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// What stands where a secret belongs. A plain value is forgotten as soon as it is recognised.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum WrittenSecret {
    /// A reference that can be resolved.
    Reference(Reference),
    /// A reference that is damaged.
    Damaged(ParseReferenceError),
    /// Something else, so probably the secret itself.
    Plain,
}

/// An account number or name, written with or without quotes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct WrittenAccount(pub(crate) String);

impl<'de> Deserialize<'de> for WrittenSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(ScalarVisitor("a reference to a secret"))?;
        Ok(match text.parse() {
            Ok(reference) => Self::Reference(reference),
            Err(ParseReferenceError::NotAReference) => Self::Plain,
            Err(error) => Self::Damaged(error),
        })
    }
}

impl<'de> Deserialize<'de> for WrittenAccount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor("a number or a string")).map(Self)
    }
}

/// Takes any scalar as text, so that no error has to mention it.
struct ScalarVisitor(&'static str);

impl Visitor<'_> for ScalarVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use figment::value::Value;

    use super::*;

    #[track_caller]
    fn check(value: impl Into<Value>, expected: &str) {
        let written: WrittenSecret = value.into().deserialize().unwrap();
        let shown = match &written {
            WrittenSecret::Reference(reference) => reference.to_string(),
            WrittenSecret::Damaged(error) => error.to_string(),
            WrittenSecret::Plain => "plain".to_owned(),
        };
        assert_eq!(shown, expected);
        assert!(!format!("{written:?}").contains("4711"));
    }

    #[test]
    fn only_references_are_kept() {
        check("env:A", "env:A");
        check("op://v/i/f", "op://v/i/f");
        check("file:4711", "`file:` needs an absolute path");
        check("hunter4711", "plain");
        check(4711, "plain");
        check(-4711, "plain");
        check(4711.5, "plain");
        check(true, "plain");
    }

    #[test]
    fn accounts_are_numbers_or_names() {
        for value in [Value::from(4711), Value::from("4711")] {
            assert_eq!(
                value.deserialize::<WrittenAccount>().unwrap(),
                WrittenAccount("4711".to_owned())
            );
        }
    }
}

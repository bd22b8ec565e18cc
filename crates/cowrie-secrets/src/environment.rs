//! The environment as a value that is handed in.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::env::VarError;
use std::ffi::{OsStr, OsString};

/// Where variables are looked up.
///
/// A `BTreeMap` of names and values is an environment too, which is what tests hand in.
pub trait Environment: Send + Sync {
    /// The value of the variable; `None` when it is not set.
    fn variable(&self, name: &str) -> Option<OsString>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn variable(&self, name: &str) -> Option<OsString> {
        match std::env::var(name) {
            Ok(value) => Some(value.into()),
            Err(VarError::NotUnicode(value)) => Some(value),
            Err(VarError::NotPresent) => None,
        }
    }
}

impl<Name, Value> Environment for BTreeMap<Name, Value>
where
    Name: Borrow<str> + Ord + Send + Sync,
    Value: AsRef<OsStr> + Send + Sync,
{
    fn variable(&self, name: &str) -> Option<OsString> {
        self.get(name).map(|value| value.as_ref().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_has_a_path_and_no_nonsense() {
        assert!(ProcessEnvironment.variable("PATH").is_some());
        for name in ["COWRIE_NO_SUCH_VARIABLE", "", "A=B", "A\0B"] {
            assert_eq!(ProcessEnvironment.variable(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_map_is_an_environment() {
        let map = BTreeMap::from([("A", "1")]);
        assert_eq!(map.variable("A"), Some(OsString::from("1")));
        assert_eq!(map.variable("B"), None);
    }
}

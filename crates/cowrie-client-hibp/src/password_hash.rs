//! The hash by which a password is looked up.

use std::fmt;

use cowrie_core::hex;
use cowrie_enrichment::{Data, HashPrefix};
use sha1::{Digest, Sha1};

/// The SHA-1 of a password, of which only the prefix is ever told.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PasswordHash([u8; 20]);

impl PasswordHash {
    /// The hash of a password, whose bytes are taken as they are.
    pub fn of(password: &[u8]) -> Self {
        Self(Sha1::digest(password).into())
    }

    /// What the service is asked about.
    pub fn prefix(&self) -> HashPrefix {
        HashPrefix::of(self.0)
    }

    /// How often the password was seen in breaches, by the answer for its own prefix.
    ///
    /// `None` when it is not in the range: it was never seen, if the range is the right one.
    pub fn prevalence(&self, range: &Data) -> Option<u64> {
        let digits = hex(&self.0).to_ascii_uppercase();
        range.get(digits.get(5..)?)?.as_u64()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The SHA-1 of `password`: 5BAA6 1E4C9B93F3F0682250B6CF8331B7EE68FD8.
    const SUFFIX: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8"; // pragma: allowlist secret

    #[test]
    fn a_password_is_found_by_the_rest_of_its_hash() {
        let password = PasswordHash::of(b"password"); // pragma: allowlist secret
        assert_eq!(password.prefix().to_string(), "5BAA6");
        let range = |facts: serde_json::Value| Data::new(facts.as_object().cloned().unwrap());
        let seen = range(json!({SUFFIX: 46_628_605, "0".repeat(35): 1})).unwrap();
        assert_eq!(password.prevalence(&seen), Some(46_628_605));
        assert_eq!(PasswordHash::of(b"Password").prevalence(&seen), None);
        let odd = range(json!({SUFFIX: "46628605"})).unwrap();
        assert_eq!(password.prevalence(&odd), None);
    }

    #[test]
    fn passwords_are_bytes() {
        // Neither text nor without NUL.
        assert_eq!(PasswordHash::of(b"").prefix().to_string(), "DA39A");
        assert_ne!(PasswordHash::of(b"a\0"), PasswordHash::of(b"a"));
        assert_ne!(PasswordHash::of(b"\xff"), PasswordHash::of(b"\xfe"));
    }

    #[test]
    fn the_hash_is_not_shown() {
        let shown = format!("{:?}", PasswordHash::of(b"password"));
        assert_eq!(shown, "PasswordHash(..)");
    }
}

//! What an address says by itself, before anybody is asked.

use std::net::IpAddr;

use cowrie_core::kind_of;
use serde_json::Map;

use crate::{Answer, Outcome};

/// Where the address belongs (`kind`), and whether nobody outside can know it (`is_bogon`).
///
/// Always data, and the same at all times; an IPv4-mapped IPv6 address is the IPv4 address.
pub fn validation(address: IpAddr) -> Answer {
    let kind = kind_of(address);
    facts(kind.is_bogon(), kind.name())
}

/// The validation of a text that is not an address: a bogon of the kind `malformed`.
pub fn malformed() -> Answer {
    facts(true, "malformed")
}

fn facts(is_bogon: bool, kind: &str) -> Answer {
    let pairs = [("is_bogon", is_bogon.into()), ("kind", kind.into())];
    let facts = pairs.map(|(name, value)| (name.to_owned(), value));
    Outcome::found(Map::from_iter(facts)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: Answer, is_bogon: bool, kind: &str) {
        let Outcome::Found(data) = answer.outcome else { panic!("{answer:?}") };
        assert_eq!(data.get("is_bogon"), Some(&is_bogon.into()));
        assert_eq!(data.get("kind"), Some(&kind.into()));
    }

    #[test]
    fn every_address_has_a_kind() {
        check(validation("8.8.8.8".parse().unwrap()), false, "public");
        check(validation("::ffff:8.8.8.8".parse().unwrap()), false, "public");
        check(validation("::ffff:192.168.0.1".parse().unwrap()), true, "private");
        check(validation("fd00::1".parse().unwrap()), true, "unique_local");
        check(validation("2001:db8::1".parse().unwrap()), true, "documentation");
        check(malformed(), true, "malformed");
    }
}

//! What a source can be asked about.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use cowrie_core::{AddressKind, canonical, hex, kind_of};

/// One thing that a source can be asked about.
///
/// Its [`Display`](fmt::Display) is its one spelling, which caches use as a key: the canonical
/// address, 64 hexadecimal digits in lower case, the domain in lower case, or five hexadecimal
/// digits in upper case.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Question {
    /// An address on the public Internet.
    Address(PublicAddress),
    /// A file.
    File(FileHash),
    /// A host by its name.
    Domain(Domain),
    /// All passwords whose SHA-1 begins so.
    Passwords(HashPrefix),
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::File(hash) => hash.fmt(f),
            Self::Domain(domain) => domain.fmt(f),
            Self::Passwords(prefix) => prefix.fmt(f),
        }
    }
}

/// An address on the public Internet, in its one form; no other may be asked about outside this
/// machine.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PublicAddress(IpAddr);

/// An address that nobody outside this machine can say anything of.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{address} is not on the public Internet: {}", .kind.name())]
pub struct NotPublic {
    /// The address, in its one form.
    pub address: IpAddr,
    /// Where it belongs.
    pub kind: AddressKind,
}

impl PublicAddress {
    /// The address.
    pub fn get(self) -> IpAddr {
        self.0
    }
}

impl TryFrom<IpAddr> for PublicAddress {
    type Error = NotPublic;

    fn try_from(address: IpAddr) -> Result<Self, NotPublic> {
        let (address, kind) = (canonical(address), kind_of(address));
        if kind == AddressKind::Public {
            Ok(Self(address))
        } else {
            Err(NotPublic { address, kind })
        }
    }
}

impl fmt::Display for PublicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The SHA-256 of a file.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FileHash([u8; 32]);

/// A text that is not what it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadQuestion {
    /// Not the SHA-256 of a file.
    #[error("not a SHA-256: 64 hexadecimal digits are wanted")]
    FileHash,
    /// Not the name of a host on the public Internet.
    #[error("not a public domain name")]
    Domain,
    /// Not the beginning of a SHA-1.
    #[error("not the first five hexadecimal digits of a SHA-1")]
    HashPrefix,
}

impl FromStr for FileHash {
    type Err = BadQuestion;

    /// Reads 64 hexadecimal digits in either case.
    fn from_str(text: &str) -> Result<Self, BadQuestion> {
        let digits = nibbles(text).filter(|digits| digits.len() == 64);
        let digits = digits.ok_or(BadQuestion::FileHash)?;
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        }
        Ok(Self(hash))
    }
}

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Last labels that name no host on the public Internet (RFC 6761, RFC 6762, RFC 7686, RFC 8375,
/// and what networks use among themselves). Reverse names stand under `arpa`.
const NOT_PUBLIC: [&str; 12] = [
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localhost",
    "onion",
    "private",
    "test",
];

/// The name of a host on the public Internet: labels of letters, digits, `-` and `_`, in lower
/// case, with a dot between.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Domain(String);

impl FromStr for Domain {
    type Err = BadQuestion;

    /// Reads a name of at most 253 characters that has a dot, is no address and not for private
    /// use; a dot at its end is dropped.
    fn from_str(text: &str) -> Result<Self, BadQuestion> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_name = name.len() <= 253
            && name.contains('.')
            && name.split('.').all(is_label)
            && last.contains(|c: char| c.is_ascii_lowercase())
            && !NOT_PUBLIC.contains(&last);
        if is_name { Ok(Self(name)) } else { Err(BadQuestion::Domain) }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first 20 bits of the SHA-1 of a password.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HashPrefix(u32);

impl HashPrefix {
    /// The front of a whole SHA-1.
    pub fn of(sha1: [u8; 20]) -> Self {
        let [a, b, c, ..] = sha1;
        Self(u32::from_be_bytes([0, a, b, c]) >> 4)
    }
}

impl FromStr for HashPrefix {
    type Err = BadQuestion;

    /// Reads five hexadecimal digits in either case.
    fn from_str(text: &str) -> Result<Self, BadQuestion> {
        let digits = nibbles(text).filter(|digits| digits.len() == 5);
        let digits = digits.ok_or(BadQuestion::HashPrefix)?;
        Ok(Self(digits.into_iter().fold(0, |sum, digit| sum << 4 | u32::from(digit))))
    }
}

impl fmt::Display for HashPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05X}", self.0)
    }
}

fn is_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&label.len()) && label.bytes().all(is_allowed)
}

fn nibbles(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_public_address_can_be_asked_about() {
        let public = |text: &str| PublicAddress::try_from(text.parse::<IpAddr>().unwrap());
        assert_eq!(public("::ffff:8.8.8.8").unwrap().to_string(), "8.8.8.8");
        assert_eq!(public("2A00:1450::1").unwrap().to_string(), "2a00:1450::1");
        for text in ["10.0.0.1", "127.0.0.1", "192.0.2.1", "fd00::1", "::ffff:10.0.0.1", "::"] {
            assert!(public(text).is_err(), "{text}");
        }
        let error = public("fd00::1").unwrap_err().to_string();
        assert_eq!(error, "fd00::1 is not on the public Internet: unique_local");
    }

    #[test]
    fn a_file_has_one_spelling() {
        let hash: FileHash = "AB".repeat(32).parse().unwrap();
        assert_eq!(hash.to_string(), "ab".repeat(32));
        for text in
            ["", "ab", &"ab".repeat(33), &"g".repeat(64), "../../etc/passwd", &"é".repeat(64)]
        {
            assert_eq!(text.parse::<FileHash>(), Err(BadQuestion::FileHash), "{text}");
        }
    }

    #[test]
    fn a_domain_has_one_spelling() {
        let read = |text: &str| text.parse::<Domain>().map(|domain| domain.to_string()).ok();
        assert_eq!(read("Example.ORG."), Some("example.org".to_owned()));
        assert_eq!(read("xn--bcher-kva.de"), Some("xn--bcher-kva.de".to_owned()));
        for text in ["nas.local", "1.1.168.192.in-addr.arpa", "a.home.arpa", "x.onion", "pc.LAN"] {
            assert_eq!(read(text), None, "{text}");
        }
        for text in ["", "localhost", "8.8.8.8", "a..b", ".a", "a/b.c", "ä.de", &"a.".repeat(128)]
        {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(&format!("{}.de", "a".repeat(64))), None);
    }

    #[test]
    fn a_prefix_is_twenty_bits() {
        let mut sha1 = [0xff; 20];
        sha1[..3].copy_from_slice(&[0x0a, 0xbc, 0xde]);
        assert_eq!(HashPrefix::of(sha1).to_string(), "0ABCD");
        assert_eq!("0abcd".parse(), Ok(HashPrefix::of(sha1)));
        for text in ["", "ABCD", "ABCDEF", "GGGGG"] {
            assert!(text.parse::<HashPrefix>().is_err(), "{text}");
        }
    }
}

//! Where the file of an answer is.
//!
//! | service | path below the folder of the service |
//! | --- | --- |
//! | `hibp` | `AB/CD/E/ABCDE.json` for the prefix `ABCDE` |
//! | `dshield` | `o1/o2/o3/o4.json` for an IPv4 address |
//! | `virustotal` | `ab/cd/ef/01/<hash>.json` for a hash that begins so |
//! | any other, or another question | `ab/<digest>.json`, by the SHA-256 of the key |
//!
//! These are the paths of the older system, so that its files go on being of use.
//! No text of a question becomes part of a path but an address, a hash or a prefix of one, which
//! are made anew from their numbers.

use std::net::IpAddr;

use cowrie_core::hex;
use cowrie_enrichment::{Question, SourceName};
use sha2::{Digest as _, Sha256};

/// The place of a file, below the folder of the cache.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    /// The folders that lead to it.
    pub(super) folders: Vec<String>,
    /// Its name.
    pub(super) file: String,
}

/// Where an answer is written, and looked for first.
pub(super) fn primary(service: SourceName, question: &Question) -> Place {
    let key = question.to_string();
    let folders: Vec<String> = match (service, question) {
        (SourceName::Hibp, Question::Passwords(_)) => pieces(&key, &[2, 2, 1]),
        (SourceName::DShield, Question::Address(address)) => match address.get() {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                return place(service, [a, b, c].map(|octet| octet.to_string()), &d.to_string());
            }
            IpAddr::V6(_) => return by_digest(service, &key),
        },
        (SourceName::VirusTotal, Question::File(_)) => pieces(&key, &[2, 2, 2, 2]),
        _ => return by_digest(service, &key),
    };
    place(service, folders, &key)
}

/// Everywhere an answer may be, the likeliest place first.
pub(super) fn places(service: SourceName, question: &Question) -> Vec<Place> {
    let key = question.to_string();
    let mut places = vec![primary(service, question)];
    let by_digest = by_digest(service, &key);
    if !places.contains(&by_digest) {
        places.push(by_digest);
    }
    if let (SourceName::VirusTotal, Question::File(_)) = (service, question) {
        places.push(Place { folders: Vec::new(), file: format!("{FLAT}{key}.json") });
    }
    places
}

/// What the names of VirusTotal's answers begin with that the older system kept in one folder.
const FLAT: &str = "vt_";

/// Whether a file in the uppermost folder is an answer of VirusTotal.
pub(super) fn is_flat_answer(name: &str) -> bool {
    let hash = name.strip_prefix(FLAT).and_then(|rest| rest.strip_suffix(".json"));
    hash.is_some_and(|hash| hash.len() == 64 && is_lower_hex(hash))
}

/// Whether a path below the folder of a service is one that an answer has.
///
/// Nothing else is removed: lists and databases may be in folders beside the answers.
pub(super) fn is_answer(service: SourceName, path: &[&str]) -> bool {
    let Some((file, folders)) = path.split_last() else { return false };
    let Some(key) = file.strip_suffix(".json") else { return false };
    let is_by_digest = key.len() == 64 && is_lower_hex(key) && folders == pieces(key, &[2]);
    let is_primary = match service {
        SourceName::Hibp => {
            key.len() == 5 && is_upper_hex(key) && folders == pieces(key, &[2, 2, 1])
        }
        SourceName::DShield => {
            folders.len() == 3 && folders.iter().chain([&key]).all(|octet| is_octet(octet))
        }
        // Older files are also named by shorter hashes.
        SourceName::VirusTotal => {
            key.len() >= 8 && is_lower_hex(key) && folders == pieces(key, &[2, 2, 2, 2])
        }
        _ => false,
    };
    is_by_digest || is_primary
}

fn by_digest(service: SourceName, key: &str) -> Place {
    let digest: [u8; 32] = Sha256::digest(key).into();
    let digest = hex(&digest);
    place(service, pieces(&digest, &[2]), &digest)
}

fn place(service: SourceName, folders: impl IntoIterator<Item = String>, key: &str) -> Place {
    let folders = [service.name().to_owned()].into_iter().chain(folders).collect();
    Place { folders, file: format!("{key}.json") }
}

/// The first pieces of a text, of so many letters each.
fn pieces(text: &str, lengths: &[usize]) -> Vec<String> {
    let mut letters = text.chars();
    lengths.iter().map(|length| letters.by_ref().take(*length).collect()).collect()
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_upper_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
}

fn is_octet(text: &str) -> bool {
    text.parse::<u8>().is_ok_and(|octet| octet.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Question {
        Question::Address(text.parse::<IpAddr>().unwrap().try_into().unwrap())
    }

    fn path(place: &Place) -> String {
        [place.folders.as_slice(), std::slice::from_ref(&place.file)].concat().join("/")
    }

    #[track_caller]
    fn check(service: SourceName, question: &Question, expected: &[&str]) {
        let places = places(service, question);
        assert_eq!(places.iter().map(path).collect::<Vec<_>>(), expected);
        let inner = places.iter().filter(|place| !place.folders.is_empty());
        for path in inner.map(path) {
            let parts: Vec<&str> = path.split('/').skip(1).collect();
            assert!(is_answer(service, &parts), "{path}");
        }
    }

    #[test]
    fn every_service_has_its_layout() {
        let prefix = Question::Passwords("0abcd".parse().unwrap());
        let [hibp, dshield, v6, spur, virustotal] = [
            (SourceName::Hibp, prefix),
            (SourceName::DShield, address("8.8.4.4")),
            (SourceName::DShield, address("2001:4860:4860::8888")),
            (SourceName::Spur, address("8.8.4.4")),
            (SourceName::VirusTotal, Question::File("ab".repeat(32).parse().unwrap())),
        ];
        let of = |pair: &(SourceName, Question)| path(&by_digest(pair.0, &pair.1.to_string()));
        check(hibp.0, &hibp.1, &["hibp/0A/BC/D/0ABCD.json", &of(&hibp)]);
        check(dshield.0, &dshield.1, &["dshield/8/8/4/4.json", &of(&dshield)]);
        check(v6.0, &v6.1, &[&of(&v6)]);
        check(spur.0, &spur.1, &[&of(&spur)]);
        let hash = "ab".repeat(32);
        let inner = format!("virustotal/ab/ab/ab/ab/{hash}.json");
        check(virustotal.0, &virustotal.1, &[&inner, &of(&virustotal), &format!("vt_{hash}.json")]);
    }

    #[test]
    fn digests_are_those_of_the_older_system() {
        // `printf 8.8.8.8 | sha256sum`
        let digest = "838c4c2573848f58e74332341a7ca6bc5cd86a8aec7d644137d53b4d597f10f5"; // pragma: allowlist secret
        let place = by_digest(SourceName::Spur, "8.8.8.8");
        assert_eq!(path(&place), format!("spur/83/{digest}.json"));
    }

    #[test]
    fn nothing_else_is_an_answer() {
        let is = |service, path: &str| is_answer(service, &path.split('/').collect::<Vec<_>>());
        assert!(is(SourceName::DShield, "10/0/0/1.json"));
        let md5 = "0123456789abcdef0123456789abcdef";
        assert!(is(SourceName::VirusTotal, &format!("01/23/45/67/{md5}.json")));
        for path in ["", "ip-ranges.json", "10/0/0/256.json", "10/0/0/01.json", "10/0/0/1.txt"] {
            assert!(!is(SourceName::DShield, path), "{path}");
        }
        let digest = "ab".repeat(32);
        assert!(!is(SourceName::Spur, &format!("ac/{digest}.json")));
        assert!(!is(SourceName::Spur, &format!("ab/cd/{digest}.json")));
        assert!(!is(SourceName::Hibp, "ab/cd/e/abcde.json"));
        assert!(is_flat_answer(&format!("vt_{digest}.json")));
        assert!(!is_flat_answer("vt_quota.json"));
    }
}

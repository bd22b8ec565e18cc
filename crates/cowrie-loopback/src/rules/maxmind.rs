//! `MaxMind`: `GET /geoip/databases/{edition}/download?suffix=` with account and key by HTTP basic
//! authentication.
//!
//! Source: <https://dev.maxmind.com/geoip/updating-databases/#directly-downloading-databases>.

use std::io::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::{Rules, only, step, unchanged};
use crate::book::Book;
use crate::{Asked, Canned, Provider, Providers, digest};

/// The date in the names of the samples.
const DATE: &str = "20260428";

const ARCHIVE: &str = "tar.gz";
const CHECKSUM: &str = ".sha256";

pub(super) const RULES: Rules = Rules {
    key: |asked| {
        let edition = step(asked, &["geoip", "databases", "*", "download"])?;
        Some(format!("{edition}.{}", asked.query_value("suffix")?))
    },
    canonical,
    refusal: |asked| only("GET", asked).or_else(|| no_key(asked)),
    unknown: |asked, book| checksum(&asked.key, book).unwrap_or_else(no_such_edition),
    finish: unchanged,
    samples: || {
        vec![
            ("GeoLite2-ASN", sample("GeoLite2-ASN", ASN)),
            ("GeoLite2-City", sample("GeoLite2-City", CITY)),
            ("GeoLite2-Country", sample("GeoLite2-Country", COUNTRY)),
        ]
    },
};

const ASN: &[u8] =
    include_bytes!("../../../cowrie-client-maxmind/tests/data/GeoLite2-ASN-Test.mmdb");
const CITY: &[u8] =
    include_bytes!("../../../cowrie-client-maxmind/tests/data/GeoLite2-City-Test.mmdb");
const COUNTRY: &[u8] =
    include_bytes!("../../../cowrie-client-maxmind/tests/data/GeoLite2-Country-Test.mmdb");

/// An archive as `MaxMind` packs it: a folder `EDITION_DATE` with two texts and `EDITION.mmdb`.
pub fn maxmind_archive(edition: &str, date: &str, mmdb: &[u8]) -> Vec<u8> {
    let folder = format!("{edition}_{date}");
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    append(&mut archive, EntryType::Directory, &format!("{folder}/"), &[]);
    append(&mut archive, EntryType::Regular, &format!("{folder}/COPYRIGHT.txt"), b"For tests.\n");
    append(&mut archive, EntryType::Regular, &format!("{folder}/LICENSE.txt"), b"For tests.\n");
    append(&mut archive, EntryType::Regular, &format!("{folder}/{edition}.mmdb"), mmdb);
    let packed = archive.into_inner().and_then(GzEncoder::finish);
    packed.expect("writing to memory does not fail")
}

fn append(archive: &mut Builder<impl Write>, kind: EntryType, path: &str, bytes: &[u8]) {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mode(0o755);
    // 2026-04-28, 06:00 UTC.
    header.set_mtime(1_777_356_000);
    archive.append_data(&mut header, path, bytes).expect("writing to memory does not fail");
}

fn sample(edition: &str, mmdb: &[u8]) -> Canned {
    Canned::bytes("application/gzip", maxmind_archive(edition, DATE, mmdb))
        .with_header(
            "content-disposition",
            format!("attachment; filename={edition}_{DATE}.{ARCHIVE}"),
        )
        .with_header("last-modified", "Tue, 28 Apr 2026 06:00:00 GMT")
}

/// `GeoLite2-City`, its path or a file of it, as `GeoLite2-City.tar.gz` or another file.
fn canonical(key: &str) -> String {
    let key = key.trim_start_matches('/');
    let key = key.strip_prefix("geoip/databases/").unwrap_or(key);
    let key = key.replace("/download?suffix=", ".").replace("/download", "");
    if key.contains('.') { key } else { format!("{key}.{ARCHIVE}") }
}

fn no_key(asked: &Asked) -> Option<Canned> {
    let pair = format!("{}:{}", Providers::ACCOUNT, Providers::KEY);
    let expected = format!("Basic {}", BASE64_STANDARD.encode(pair));
    let refusal = || Canned::text("Invalid license key").with_status(401);
    (asked.header("authorization") != Some(&expected)).then(refusal)
}

/// The line of `sha256sum` for an archive that the book has.
fn checksum(key: &str, book: &Book) -> Option<Canned> {
    let of = key.strip_suffix(CHECKSUM)?;
    let archive = book.get(Provider::MaxMind, of)?;
    let disposition = archive.header("content-disposition");
    let name = disposition.and_then(|text| text.split_once("filename=")).map(|(_, name)| name);
    let digest = digest::sha256(&archive.body);
    Some(Canned::text(format!("{digest}  {}\n", name.unwrap_or(of))))
}

fn no_such_edition() -> Canned {
    Canned::text("Database edition not found").with_status(404)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, expected: &str) {
        assert_eq!(canonical(key), expected);
    }

    #[test]
    fn an_edition_is_named_in_several_ways() {
        check("GeoLite2-City", "GeoLite2-City.tar.gz");
        check("GeoLite2-City.tar.gz", "GeoLite2-City.tar.gz");
        check("GeoLite2-City.tar.gz.sha256", "GeoLite2-City.tar.gz.sha256");
        check("/geoip/databases/GeoLite2-City/download", "GeoLite2-City.tar.gz");
        check(
            "/geoip/databases/GeoLite2-City/download?suffix=tar.gz.sha256",
            "GeoLite2-City.tar.gz.sha256",
        );
    }
}

//! A list of data centres: `cidr,hostmin,hostmax,vendor`, with or without quotes.
//!
//! Source: the repository `jhassine/server-ip-addresses`, `data/datacenters.csv`. The big clouds
//! stand in it too, and stay clouds, so that an address does not change its kind with the list
//! that happens to be there.

use super::csv::fields;
use super::lines::lines;
use super::{Rows, Vendor, network};

/// Words in the name of a vendor, and the cloud that it is, under the name of its own list.
const CLOUDS: [(&str, &str); 10] = [
    ("aws", "aws"),
    ("amazon", "aws"),
    ("azure", "azure"),
    ("microsoft", "azure"),
    ("gcp", "gcp"),
    ("google", "gcp"),
    ("cloudflare", "cloudflare"),
    ("oracle", "oracle"),
    ("digitalocean", "digitalocean"),
    ("digital ocean", "digitalocean"),
];

/// Characters that are kept of a vendor's name.
const MAX_NAME: usize = 60;

/// Where the fields stand in a row.
struct Columns {
    cidr: usize,
    vendor: usize,
}

pub(super) fn read(bytes: &[u8], rows: &mut Rows) {
    let mut lines = lines(bytes).peekable();
    let header = lines.peek().copied().flatten().and_then(columns);
    if header.is_some() {
        lines.next();
    }
    let columns = header.unwrap_or(Columns { cidr: 0, vendor: 3 });
    for line in lines {
        let cidr = line.and_then(|line| fields(line).nth(columns.cidr));
        let name = line.and_then(|line| fields(line).nth(columns.vendor));
        rows.add_of(cidr.and_then(|cidr| network(&cidr)), name.and_then(|name| vendor(&name)));
    }
}

/// The columns, when the line is a header.
fn columns(line: &str) -> Option<Columns> {
    let at = |wanted: &str| fields(line).position(|name| name.eq_ignore_ascii_case(wanted));
    Some(Columns { cidr: at("cidr")?, vendor: at("vendor")? })
}

/// The vendor of that name, in small letters.
fn vendor(name: &str) -> Option<Vendor> {
    let clean = name.chars().filter(|c| !c.is_control()).take(MAX_NAME);
    let clean = clean.collect::<String>().to_lowercase();
    let cloud = CLOUDS.iter().find(|(word, _)| clean.contains(word)).map(|(_, cloud)| *cloud);
    let is_cloud = cloud.is_some();
    let name = cloud.map_or_else(|| clean.trim().to_owned(), str::to_owned);
    (!name.is_empty()).then_some(Vendor { name, is_cloud })
}

#[cfg(test)]
mod tests {
    use crate::formats::testing::shown;
    use crate::formats::{Format, MAX_VENDORS};

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(Format::Datacenters, text.as_bytes()), expected);
    }

    #[test]
    fn vendors_are_kept_and_clouds_stay_clouds() {
        check(
            "\"cidr\",\"hostmin\",\"hostmax\",\"vendor\"\n\
             \"3.0.0.0/15\",\"3.0.0.0\",\"3.1.255.255\",\"AWS\"\n\
             \"45.79.0.0/16\",\"45.79.0.0\",\"45.79.255.255\",\"Linode\"\n\
             \"104.236.0.0/16\",\"104.236.0.0\",\"104.236.255.255\",\"DigitalOcean\"\n\
             \"5.9.0.0/16\",\"5.9.0.0\",\"5.9.255.255\",\"Hetzner, Online\"\n",
            "3.0.0.0/15=aws! 5.9.0.0/16=hetzner, online 45.79.0.0/16=linode \
             104.236.0.0/16=digitalocean!",
        );
    }

    #[test]
    fn with_and_without_quotes_header_and_vendor() {
        check("45.79.0.0/16,45.79.0.0,45.79.255.255,Linode\r\n", "45.79.0.0/16=linode");
        check("vendor,cidr\nOVH,192.0.2.0/24\n", "192.0.2.0/24=ovh");
        check("192.0.2.0/24\n192.0.3.0/24,,,\" \"\n", "192.0.2.0/24 192.0.3.0/24");
        check("cidr,hostmin,hostmax,vendor\n", "there is no network in it");
        check("192.0.2.0/24,,,A\u{1b}[31m\n", "192.0.2.0/24=a[31m");
    }

    #[test]
    fn a_file_cannot_name_more_vendors_than_its_bound() {
        let row = |n: usize| format!("10.{}.{}.0/24,,,v{n}\n", n / 256, n % 256);
        let text: String = (0..=MAX_VENDORS).map(row).collect();
        let shown = shown(Format::Datacenters, text.as_bytes());
        assert!(shown.contains("10.3.231.0/24=v999"), "{shown}");
        assert!(shown.ends_with("10.3.232.0/24"), "{shown}");
    }
}

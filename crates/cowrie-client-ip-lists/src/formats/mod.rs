//! The formats in which lists are published.
//!
//! Reading is total: a line that is no network is counted, and a file that is no list is
//! [`Damage`].

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use cowrie_core::canonical;
use ipnet::IpNet;

mod aws;
mod azure;
mod csv;
mod datacenters;
mod gcp;
mod geofeed;
mod json;
mod lines;
mod oracle;
mod plain;
mod tor;

/// Rows that one list may have, good and bad. The longest known has a fifth of it.
pub(crate) const MAX_ROWS: usize = 500_000;

/// Vendors that one list may name; the networks of further ones have none.
const MAX_VENDORS: usize = 1_000;

/// Bad rows that are always forgiven, and the share of all rows from which on they are not.
const FORGIVEN: usize = 3;
const BAD_SHARE: usize = 10;

/// The widest networks that are believed: a list that names half of the Internet is wrong.
const WIDEST_V4: u8 = 8;
const WIDEST_V6: u8 = 16;

/// A format.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Format {
    Tor,
    Aws,
    Azure,
    Gcp,
    Oracle,
    Geofeed,
    Datacenters,
    Plain,
}

/// What a list says.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Parsed {
    /// Its networks, sorted, each once and without host bits.
    pub(crate) networks: Vec<Listed>,
    /// To whom its networks belong, where it says so of each.
    pub(crate) vendors: Vec<Vendor>,
    /// When it was made, where it says so.
    pub(crate) published: Option<DateTime<Utc>>,
}

/// One network of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Listed {
    pub(crate) network: IpNet,
    /// The position of its vendor.
    pub(crate) vendor: Option<u16>,
}

/// To whom networks belong.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Vendor {
    pub(crate) name: String,
    pub(crate) is_cloud: bool,
}

/// Why a file is no list.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Damage {
    #[error("it is not the JSON that was expected")]
    Json(#[from] serde_json::Error),
    #[error("there is no network in it")]
    Empty,
    #[error("{n_bad} of its {n_rows} rows are no networks")]
    TooManyBad { n_bad: usize, n_rows: usize },
    #[error("it has more than {} rows", MAX_ROWS)]
    TooLong,
}

/// Reads a list.
pub(crate) fn parse(format: Format, bytes: &[u8]) -> Result<Parsed, Damage> {
    let mut rows = Rows::default();
    match format {
        Format::Tor => tor::read(bytes, &mut rows),
        Format::Aws => aws::read(bytes, &mut rows)?,
        Format::Azure => azure::read(bytes, &mut rows)?,
        Format::Gcp => gcp::read(bytes, &mut rows)?,
        Format::Oracle => oracle::read(bytes, &mut rows)?,
        Format::Geofeed => geofeed::read(bytes, &mut rows),
        Format::Datacenters => datacenters::read(bytes, &mut rows),
        Format::Plain => plain::read(bytes, &mut rows),
    }
    rows.finish()
}

/// Reads a network, or an address as the network that is only it.
///
/// An IPv4-mapped network is the IPv4 network. `None` for anything else, and for what is wider
/// than any operator's network.
fn network(text: &str) -> Option<IpNet> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let full = if address.is_ipv4() { 32 } else { 128 };
    let length: u8 = length.map_or(Ok(full), str::parse).ok()?;
    let plain = canonical(address);
    let length = if plain.is_ipv4() && full == 128 { length.checked_sub(96)? } else { length };
    let widest = if plain.is_ipv4() { WIDEST_V4 } else { WIDEST_V6 };
    let network = IpNet::new(plain, length).ok().filter(|_| length >= widest)?;
    Some(network.trunc())
}

/// The rows of a list while it is read.
#[derive(Debug, Default)]
struct Rows {
    networks: Vec<Listed>,
    vendors: BTreeMap<Vendor, u16>,
    published: Option<DateTime<Utc>>,
    n_bad: usize,
    is_too_long: bool,
}

impl Rows {
    /// A row with this network; `None` for a bad row.
    fn add(&mut self, network: Option<IpNet>) {
        self.push(network, None);
    }

    /// A row with a network of this vendor.
    fn add_of(&mut self, network: Option<IpNet>, vendor: Option<Vendor>) {
        let vendor = vendor.filter(|_| network.is_some()).and_then(|vendor| {
            let next = u16::try_from(self.vendors.len()).ok();
            let has_room = self.vendors.len() < MAX_VENDORS;
            let known = self.vendors.get(&vendor).copied();
            known.or_else(|| {
                let next = next.filter(|_| has_room)?;
                self.vendors.insert(vendor, next);
                Some(next)
            })
        });
        self.push(network, vendor);
    }

    fn push(&mut self, network: Option<IpNet>, vendor: Option<u16>) {
        if self.networks.len() + self.n_bad >= MAX_ROWS {
            self.is_too_long = true;
            return;
        }
        match network {
            Some(network) => self.networks.push(Listed { network, vendor }),
            None => self.n_bad += 1,
        }
    }

    fn finish(mut self) -> Result<Parsed, Damage> {
        let n_rows = self.networks.len() + self.n_bad;
        if self.is_too_long {
            return Err(Damage::TooLong);
        }
        if self.networks.is_empty() {
            return Err(Damage::Empty);
        }
        if self.n_bad > FORGIVEN && self.n_bad * BAD_SHARE > n_rows {
            return Err(Damage::TooManyBad { n_bad: self.n_bad, n_rows });
        }
        // The sort is stable: of two rows with one network, the first stays.
        self.networks.sort_by_key(|listed| listed.network);
        self.networks.dedup_by_key(|listed| listed.network);
        let mut vendors: Vec<_> = self.vendors.into_iter().collect();
        vendors.sort_by_key(|(_, position)| *position);
        let vendors = vendors.into_iter().map(|(vendor, _)| vendor).collect();
        Ok(Parsed { networks: self.networks, vendors, published: self.published })
    }
}

/// What the tests of the formats share.
#[cfg(test)]
mod testing {
    use super::*;

    /// The networks of a list and their vendors, or the damage, in one line.
    pub(super) fn shown(format: Format, bytes: &[u8]) -> String {
        let parsed = match parse(format, bytes) {
            Ok(parsed) => parsed,
            Err(damage) => return damage.to_string(),
        };
        let networks = parsed.networks.iter().map(|listed| {
            let vendor = listed.vendor.map(|position| &parsed.vendors[usize::from(position)]);
            let vendor = vendor.map(|vendor| {
                format!("={}{}", vendor.name, if vendor.is_cloud { "!" } else { "" })
            });
            format!("{}{}", listed.network, vendor.unwrap_or_default())
        });
        let published = parsed.published.map(|time| format!("@{}", time.format("%FT%T")));
        networks.chain(published).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Format; 8] = [
        Format::Tor,
        Format::Aws,
        Format::Azure,
        Format::Gcp,
        Format::Oracle,
        Format::Geofeed,
        Format::Datacenters,
        Format::Plain,
    ];

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(network(text).map(|network| network.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn a_network_is_what_any_operator_could_have() {
        check("192.0.2.0/24", Some("192.0.2.0/24"));
        check("192.0.2.77/24", Some("192.0.2.0/24"));
        check("192.0.2.77", Some("192.0.2.77/32"));
        check("2001:DB8::/32", Some("2001:db8::/32"));
        check("2001:db8::1", Some("2001:db8::1/128"));
        check("::ffff:192.0.2.0/120", Some("192.0.2.0/24"));
        check("::ffff:192.0.2.7", Some("192.0.2.7/32"));
        check("10.0.0.0/8", Some("10.0.0.0/8"));
        for text in [
            "",
            "/",
            "192.0.2.0/",
            "/24",
            "192.0.2.0/33",
            "192.0.2.0/-1",
            "192.0.2/24",
            "192.0.2.0/24/24",
            "0.0.0.0/0",
            "128.0.0.0/7",
            "::/0",
            "2000::/15",
            "2001:db8::/129",
            "::ffff:192.0.2.0/95",
            "::ffff:192.0.2.0/100",
            "192.0.2.0/24 x",
            "a.example",
            "192.0.2.0/255.255.255.0",
            "fe80::1%eth0",
            "192.0.2.0-192.0.2.9",
            "١.1.1.1",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn a_few_bad_rows_are_forgiven_and_many_are_damage() {
        let shown = |text: &str| testing::shown(Format::Plain, text.as_bytes());
        assert_eq!(shown("bad\nbad\nbad\n192.0.2.1\n"), "192.0.2.1/32");
        assert_eq!(shown("x\n".repeat(4).as_str()), "there is no network in it");
        let bad_share =
            |n_good: usize| format!("{}{}", "x\n".repeat(4), "192.0.2.1\n".repeat(n_good));
        assert_eq!(shown(&bad_share(36)), "192.0.2.1/32");
        assert_eq!(shown(&bad_share(35)), "4 of its 39 rows are no networks");
    }

    #[test]
    fn a_list_ends_at_its_bound() {
        let text = "192.0.2.1\n".repeat(MAX_ROWS);
        assert_eq!(testing::shown(Format::Plain, text.as_bytes()), "192.0.2.1/32");
        let longer = format!("{text}192.0.2.2\n");
        let damage = parse(Format::Plain, longer.as_bytes()).unwrap_err();
        assert!(matches!(damage, Damage::TooLong), "{damage}");
        let json = format!(r#"{{"prefixes": [{}{{}}]}}"#, "{},".repeat(MAX_ROWS));
        let damage = parse(Format::Gcp, json.as_bytes()).unwrap_err();
        assert!(matches!(damage, Damage::Json(_)), "{damage}");
    }

    #[test]
    fn what_is_no_list_is_damage_in_every_format() {
        let page = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body>\n\
            <form action=\"http://192.0.2.1/\">\n<input>\n</form>\n192.0.2.1\n</body></html>\n";
        let nested = "[".repeat(100_000);
        let below = format!(r#"{{"x": {nested}"#);
        let more = [&b""[..], b"\0\0\0", b"\xff\xfe", b"{}", b"null"];
        for format in ALL {
            for bytes in [&page[..], nested.as_bytes(), below.as_bytes()].into_iter().chain(more) {
                assert!(parse(format, bytes).is_err(), "{format:?} {:?}", bytes.get(..9));
            }
        }
    }

    /// Text that is nearly a list of any format.
    fn listish() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just("192.0.2.0/24".to_owned()),
            Just("2001:db8::/32".to_owned()),
            Just(r#"{"prefixes":[{"ip_prefix":"192.0.2.0/24"}]}"#.to_owned()),
            Just(r#"{"values":[{"properties":{"addressPrefixes":["#.to_owned()),
            Just(r#"{"regions":[{"cidrs":[{"cidr":""#.to_owned()),
            Just("cidr,hostmin,hostmax,vendor".to_owned()),
            r#"[\[\]{}:,"'#/\\. \r\n\t0-9a-fé\u{feff}]{0,12}"#,
        ];
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            for format in ALL {
                prop_assert!(parse(format, &bytes).is_err() || !bytes.is_empty());
            }
        }

        #[test]
        fn what_is_read_is_sorted_and_narrow_enough(bytes in listish()) {
            for format in ALL {
                let Ok(parsed) = parse(format, &bytes) else { continue };
                prop_assert!(parsed.networks.windows(2).all(|two| two[0].network < two[1].network));
                for listed in &parsed.networks {
                    let network = listed.network;
                    let widest = if network.addr().is_ipv4() { WIDEST_V4 } else { WIDEST_V6 };
                    prop_assert!(network.prefix_len() >= widest);
                    prop_assert_eq!(network, network.trunc());
                    let vendor = listed.vendor.map(usize::from);
                    prop_assert!(vendor.is_none_or(|vendor| vendor < parsed.vendors.len()));
                }
            }
        }
    }
}

//! Addresses: one spelling each, and which of them are on the public Internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address belongs, after the IANA special-purpose registries (RFC 6890 and updates).
///
/// Only [`AddressKind::Public`] may ever be asked about outside this machine.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AddressKind {
    /// Reachable on the public Internet.
    Public,
    /// RFC 1918, and shared space of carriers (RFC 6598).
    Private,
    /// IPv6 unique local addresses (RFC 4193).
    UniqueLocal,
    /// This machine.
    Loopback,
    /// This link.
    LinkLocal,
    /// A group, not a host.
    Multicast,
    /// Reserved for examples (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// Reserved for benchmarks (RFC 2544, RFC 5180).
    Benchmarking,
    /// Unspecified, broadcast, and everything else that is not in use.
    Reserved,
}

impl AddressKind {
    /// The word that databases and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::UniqueLocal => "unique_local",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link_local",
            Self::Multicast => "multicast",
            Self::Documentation => "documentation",
            Self::Benchmarking => "benchmarking",
            Self::Reserved => "reserved",
        }
    }

    /// Whether nobody outside can say anything of the address.
    pub fn is_bogon(self) -> bool {
        self != Self::Public
    }
}

/// Reads an address in any spelling; an IPv4-mapped IPv6 address is the IPv4 address, and a zone
/// (`fe80::1%eth0`) is dropped.
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text.trim().split('%').next().unwrap_or_default();
    bare.parse().ok().map(canonical)
}

/// The one form of an address: IPv4 for IPv4-mapped IPv6, otherwise itself.
///
/// Its `Display` is the canonical text (RFC 5952 for IPv6).
pub fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Where the address belongs.
pub fn kind_of(address: IpAddr) -> AddressKind {
    match canonical(address) {
        IpAddr::V4(v4) => kind_of_v4(v4),
        IpAddr::V6(v6) => kind_of_v6(v6),
    }
}

fn kind_of_v4(address: Ipv4Addr) -> AddressKind {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (127, ..) => AddressKind::Loopback,
        (10, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => AddressKind::Private,
        (169, 254, _) => AddressKind::LinkLocal,
        (192, 0, 2) | (198, 51, 100) | (203, 0, 113) => AddressKind::Documentation,
        (198, 18..=19, _) => AddressKind::Benchmarking,
        (224..=239, ..) => AddressKind::Multicast,
        (0 | 240..=255, ..) | (192, 0, 0) | (192, 88, 99) => AddressKind::Reserved,
        _ => AddressKind::Public,
    }
}

fn kind_of_v6(address: Ipv6Addr) -> AddressKind {
    let segments = address.segments();
    let [a, b, c, .., high, low] = segments;
    // NAT64 (RFC 6052), which wraps an IPv4 address; the rest of its block is for local use.
    if (a, b) == (0x0064, 0xff9b) {
        let is_global = segments.get(2..6).is_some_and(|middle| middle == [0; 4]);
        return if is_global { kind_of_v4(wrapped(high, low)) } else { AddressKind::Reserved };
    }
    // 6to4 (RFC 3056), which wraps one as well.
    if a == 0x2002 {
        return kind_of_v4(wrapped(b, c));
    }
    match (a, b) {
        _ if address.is_loopback() => AddressKind::Loopback,
        (0xff00..=0xffff, _) => AddressKind::Multicast,
        (0xfe80..=0xfebf, _) => AddressKind::LinkLocal,
        (0xfc00..=0xfdff, _) => AddressKind::UniqueLocal,
        (0x2001, 0x0db8) | (0x3fff, 0..=0x0fff) => AddressKind::Documentation,
        (0x2001, 2) => AddressKind::Benchmarking,
        // The other special uses of 2001::/23 are not hosts.
        (0x2001, 1..=0x1ff) => AddressKind::Reserved,
        // With Teredo, which wraps the IPv4 address of a server.
        (0x2000..=0x3fff, _) => AddressKind::Public,
        _ => AddressKind::Reserved,
    }
}

/// The IPv4 address of those 32 bits.
fn wrapped(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, canonical: &str, kind: &str) {
        let address = parse_address(text).unwrap();
        assert_eq!((address.to_string().as_str(), kind_of(address).name()), (canonical, kind));
    }

    #[test]
    fn one_spelling_and_one_kind_each() {
        check("8.8.8.8", "8.8.8.8", "public");
        check("::ffff:1.2.3.4", "1.2.3.4", "public");
        check("64:ff9b::808:808", "64:ff9b::808:808", "public");
        check("64:ff9b:1::1", "64:ff9b:1::1", "reserved");
        check("64:ff9b::a00:1", "64:ff9b::a00:1", "private");
        check("2002:a00:1::", "2002:a00:1::", "private");
        check("2002:808:808::1", "2002:808:808::1", "public");
        check("2001:DB8:0:0::1", "2001:db8::1", "documentation");
        check("2A00:1450:4001:0831:0:0:0:200e", "2a00:1450:4001:831::200e", "public");
        check("fe80::1%eth0", "fe80::1", "link_local");
        check("::ffff:127.0.0.1", "127.0.0.1", "loopback");
        check("::1", "::1", "loopback");
        check("fd00::1", "fd00::1", "unique_local");
        check("100.64.0.1", "100.64.0.1", "private");
        check("198.19.0.1", "198.19.0.1", "benchmarking");
        check("255.255.255.255", "255.255.255.255", "reserved");
        check("224.0.0.251", "224.0.0.251", "multicast");
    }

    #[test]
    fn what_is_not_an_address_is_none() {
        for text in ["", "example.org", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4:80"] {
            assert_eq!(parse_address(text), None, "{text}");
        }
    }
}

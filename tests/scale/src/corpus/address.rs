//! Where attackers come from: networks, and addresses in them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// First octets that hold no special range; networks are taken from these alone.
const SPECIAL_OCTETS: [u8; 10] = [0, 10, 100, 127, 169, 172, 192, 198, 203, 224];

const IPV4_NETWORKS: u32 = 16_000;
const IPV6_NETWORKS: u32 = 2_000;

/// One address in so many is IPv6.
const IPV6_EVERY: u32 = 25;

/// One network in so many is in no database.
const UNKNOWN_EVERY: u32 = 33;

const COUNTRIES: [&str; 40] = [
    "CN", "US", "RU", "IN", "BR", "VN", "KR", "DE", "NL", "SG", "ID", "TW", "HK", "FR", "GB", "TH",
    "UA", "IR", "JP", "TR", "MX", "AR", "IT", "PL", "RO", "BG", "CA", "ES", "PK", "BD", "EG", "ZA",
    "CO", "CL", "MY", "PH", "SE", "CZ", "KZ", "AU",
];

/// A network: a prefix, and who runs it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Network {
    /// Its first address.
    pub(crate) first: IpAddr,
    /// Length of the prefix, of 32 or 128 bits.
    pub(crate) prefix: u8,
    /// The AS that announces it.
    pub(crate) asn: u32,
    /// Who runs that AS.
    pub(crate) organization: String,
    /// Where it is, two capitals.
    pub(crate) country: &'static str,
}

/// The networks that the databases know.
pub(crate) fn known_networks() -> impl Iterator<Item = Network> {
    let ipv4 = (0..IPV4_NETWORKS).map(|rank| network(rank, IpAddr::V4(ipv4(rank, 0)), 20));
    let ipv6 = (0..IPV6_NETWORKS).map(|rank| network(rank, IpAddr::V6(ipv6(rank, 0)), 48));
    ipv4.chain(ipv6).enumerate().filter_map(|(at, network)| {
        (at as u32 % UNKNOWN_EVERY != UNKNOWN_EVERY - 1).then_some(network)
    })
}

/// The address of an attacker; different numbers give different addresses up to 65 million.
pub(crate) fn address(attacker: u32) -> IpAddr {
    if attacker % IPV6_EVERY == IPV6_EVERY - 1 {
        let number = attacker / IPV6_EVERY;
        return IpAddr::V6(ipv6(number % IPV6_NETWORKS, number / IPV6_NETWORKS + 1));
    }
    // An odd factor visits each of the 4,096 hosts of a network once.
    let host = (attacker / IPV4_NETWORKS).wrapping_mul(2_731) + attacker % 4_093;
    IpAddr::V4(ipv4(attacker % IPV4_NETWORKS, host % 4_096))
}

fn network(rank: u32, first: IpAddr, prefix: u8) -> Network {
    // A few AS announce many networks, and most announce few: the square thins the ranks out.
    let share = u64::from(rank.wrapping_mul(2_654_435_761));
    let as_rank = (((share * share) >> 32) * 4_000) >> 32;
    let country = as_rank * as_rank % 1_601 % COUNTRIES.len() as u64;
    Network {
        first,
        prefix,
        asn: 1_000 + as_rank as u32 * 17,
        organization: format!("Example Networks {as_rank}"),
        country: COUNTRIES.get(country as usize).copied().unwrap_or("US"),
    }
}

fn ipv4(network: u32, host: u32) -> Ipv4Addr {
    let octets: Vec<u8> = (1..224).filter(|octet| !SPECIAL_OCTETS.contains(octet)).collect();
    let n_octets = octets.len() as u32;
    let first = octets.get((network % n_octets) as usize).copied().unwrap_or(1);
    let rest = network / n_octets;
    let (second, third) = (rest * 37 % 256, (rest * 11 % 16) << 4);
    Ipv4Addr::from_bits((u32::from(first) << 24) | (second << 16) | (third << 8) | host)
}

fn ipv6(network: u32, host: u32) -> Ipv6Addr {
    let prefix = (0x2a02_u128 << 112) | (u128::from(network * 31 + 0x100) << 80);
    Ipv6Addr::from_bits(prefix | (u128::from(host) << 20) | u128::from(host % 251 + 1))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_attackers_share_an_address() {
        let addresses: HashSet<IpAddr> = (0..400_000).map(address).collect();
        assert_eq!(addresses.len(), 400_000);
    }

    #[test]
    fn no_two_networks_share_a_prefix() {
        let first: HashSet<IpAddr> = known_networks().map(|network| network.first).collect();
        assert_eq!(first.len(), known_networks().count());
        assert!(first.len() > 17_000);
    }
}

//! Which list names an address.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use cowrie_inventory::IpType;
use ipnet::IpNet;
use prefix_trie::joint::JointPrefixMap;

/// Networks by rank: a tree of prefixes for each rank, for both versions.
///
/// A look-up goes through at most as many trees as there are ranks, and takes no memory.
#[derive(Default)]
pub(crate) struct Networks {
    ranks: BTreeMap<Rank, JointPrefixMap<IpNet, Label>>,
}

impl fmt::Debug for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = self.ranks.iter().map(|(rank, tree)| (rank, tree.len()));
        f.debug_map().entries(sizes).finish()
    }
}

/// What comes first: the kind, and in one kind who says it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Rank {
    pub(crate) kind: IpType,
    /// Whether others than the operator of the networks gathered them.
    pub(crate) is_gathered: bool,
}

/// From where a network is: positions of the list, and of the vendor in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Label {
    pub(crate) list: u16,
    pub(crate) vendor: Option<u16>,
}

impl Networks {
    /// Adds a network; one that is there already with this rank stays.
    pub(crate) fn add(&mut self, rank: Rank, network: IpNet, label: Label) {
        let tree = self.ranks.entry(rank).or_default();
        if !tree.contains_key(&network) {
            tree.insert(network, label);
        }
    }

    /// The longest network around the address in the first rank that has any.
    pub(crate) fn find(&self, address: IpAddr) -> Option<(IpType, IpNet, Label)> {
        let whole = IpNet::from(address);
        self.ranks.iter().find_map(|(rank, tree)| {
            tree.get_lpm(&whole).map(|(network, label)| (rank.kind, network, *label))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    /// The same by looking at every network.
    fn naive(all: &[(Rank, IpNet, Label)], address: IpAddr) -> Option<(IpType, IpNet, Label)> {
        let around = all.iter().filter(|(_, network, _)| network.contains(&address));
        let best = around.enumerate().min_by_key(|(position, (rank, network, _))| {
            (*rank, u8::MAX - network.prefix_len(), *position)
        });
        best.map(|(_, (rank, network, label))| (rank.kind, *network, *label))
    }

    fn a_rank() -> impl Strategy<Value = Rank> {
        let kinds = [IpType::Tor, IpType::Vpn, IpType::Proxy, IpType::Cloud, IpType::Datacenter];
        (prop::sample::select(kinds.to_vec()), any::<bool>())
            .prop_map(|(kind, is_gathered)| Rank { kind, is_gathered })
    }

    /// Addresses of which many lie in each other's networks.
    fn an_address() -> impl Strategy<Value = IpAddr> {
        let v4 = (0_u32..1024, prop::sample::select(vec![0_u32, 12, 22]));
        let v4 = v4.prop_map(|(bits, shift)| IpAddr::V4(Ipv4Addr::from_bits(bits << shift)));
        let v6 = (0_u128..1024, prop::sample::select(vec![0_u32, 50, 118]));
        let v6 = v6.prop_map(|(bits, shift)| IpAddr::V6(Ipv6Addr::from_bits(bits << shift)));
        prop_oneof![v4, v6]
    }

    fn a_network() -> impl Strategy<Value = IpNet> {
        (an_address(), 0_u8..=128).prop_map(|(address, length)| {
            let longest = if address.is_ipv4() { 32 } else { 128 };
            IpNet::new(address, length.min(longest)).unwrap().trunc()
        })
    }

    proptest! {
        #[test]
        fn it_finds_what_a_scan_finds(
            rows in prop::collection::vec((a_rank(), a_network(), 0_u16..3), 0..60),
            addresses in prop::collection::vec(an_address(), 1..20),
        ) {
            let rows: Vec<_> = rows
                .into_iter()
                .map(|(rank, network, list)| (rank, network, Label { list, vendor: None }))
                .collect();
            let mut networks = Networks::default();
            for (rank, network, label) in &rows {
                networks.add(*rank, *network, *label);
            }
            // The addresses of the networks themselves, so that something is found.
            let own = rows.iter().map(|(_, network, _)| network.addr());
            for address in addresses.into_iter().chain(own) {
                prop_assert_eq!(networks.find(address), naive(&rows, address), "{}", address);
            }
        }
    }

    #[test]
    fn rank_comes_before_length_and_length_before_order() {
        let mut networks = Networks::default();
        let label = |list| Label { list, vendor: None };
        let rank = |kind, is_gathered| Rank { kind, is_gathered };
        let mut add = |rank, network: &str, list| {
            networks.add(rank, network.parse().unwrap(), label(list));
        };
        add(rank(IpType::Datacenter, true), "192.0.2.1/32", 0);
        add(rank(IpType::Cloud, true), "192.0.2.0/28", 1);
        add(rank(IpType::Cloud, false), "192.0.0.0/16", 2);
        add(rank(IpType::Cloud, false), "192.0.2.0/24", 3);
        add(rank(IpType::Cloud, false), "192.0.2.0/24", 4);
        add(rank(IpType::Tor, false), "192.0.2.9/32", 5);
        let found = |address: &str| {
            networks.find(address.parse().unwrap()).map(|(kind, _, label)| (kind, label.list))
        };
        assert_eq!(found("192.0.2.1"), Some((IpType::Cloud, 3)));
        assert_eq!(found("192.0.3.1"), Some((IpType::Cloud, 2)));
        assert_eq!(found("192.0.2.9"), Some((IpType::Tor, 5)));
        assert_eq!(found("192.1.0.1"), None);
        assert_eq!(found("::c000:201"), None);
    }
}

//! The kinds of address that lists and names tell of.

use std::fmt;

/// A kind of address, in rank: where several lists name an address, the first kind holds.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// An exit of the Tor network.
    Tor,
    /// A virtual private network that hides its users.
    Vpn,
    /// A proxy.
    Proxy,
    /// A cloud.
    Cloud,
    /// A data centre.
    Datacenter,
    /// A mobile network.
    Mobile,
    /// A network through which homes and offices reach the Internet.
    Residential,
}

impl Kind {
    /// All kinds, by rank.
    pub const ALL: [Self; 7] = [
        Self::Tor,
        Self::Vpn,
        Self::Proxy,
        Self::Cloud,
        Self::Datacenter,
        Self::Mobile,
        Self::Residential,
    ];

    /// The word that documents and databases use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tor => "tor",
            Self::Vpn => "vpn",
            Self::Proxy => "proxy",
            Self::Cloud => "cloud",
            Self::Datacenter => "datacenter",
            Self::Mobile => "mobile",
            Self::Residential => "residential",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use cowrie_inventory::IpType;

    use super::*;

    #[test]
    fn kinds_and_their_rank_are_those_of_the_inventory() {
        assert_eq!(Kind::ALL.map(Kind::name), IpType::ALL.map(IpType::name));
        assert!(Kind::ALL.is_sorted());
    }
}

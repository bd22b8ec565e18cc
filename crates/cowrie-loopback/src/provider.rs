//! Who is played.

/// A provider that is asked by HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// `GreyNoise`, community API v3.
    GreyNoise,
    /// `DShield`, the API of SANS ISC.
    DShield,
    /// `URLhaus`, host look-up of API v1.
    UrlHaus,
    /// Spur, context API v2.
    Spur,
    /// `VirusTotal`, files of API v3.
    VirusTotal,
    /// Have I Been Pwned, ranges of Pwned Passwords.
    Hibp,
    /// `MaxMind`, database downloads.
    MaxMind,
    /// The hosts that publish lists of addresses: any file by its path.
    Lists,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::GreyNoise,
        Self::DShield,
        Self::UrlHaus,
        Self::Spur,
        Self::VirusTotal,
        Self::Hibp,
        Self::MaxMind,
        Self::Lists,
    ];

    /// The first step of its paths here, and its name in what the program prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::GreyNoise => "greynoise",
            Self::DShield => "dshield",
            Self::UrlHaus => "urlhaus",
            Self::Spur => "spur",
            Self::VirusTotal => "virustotal",
            Self::Hibp => "hibp",
            Self::MaxMind => "maxmind",
            Self::Lists => "lists",
        }
    }

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.name() == name)
    }
}

//! The names of sources.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use crate::Question;

/// A source of enrichment, in the order in which the cascade asks.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SourceName {
    /// What the address itself says: where it belongs.
    Validation,
    /// Local MMDB files: country, city and AS.
    MaxMind,
    /// Team Cymru: AS, prefix and registry from the routing tables.
    Cymru,
    /// Lists of Tor exits, clouds and data centres, and rules on AS names.
    IpClassification,
    /// GreyNoise: who scans the whole Internet.
    GreyNoise,
    /// DShield of the SANS Internet Storm Center: reported attacks.
    DShield,
    /// SPUR: tunnels, proxies and infrastructure.
    Spur,
    /// URLhaus of abuse.ch: malware served from the address.
    UrlHaus,
    /// VirusTotal: verdicts on files.
    VirusTotal,
    /// Pwned Passwords of Have I Been Pwned: passwords seen in breaches.
    Hibp,
}

impl SourceName {
    /// All sources, in the order of the cascade.
    pub const ALL: [Self; 10] = [
        Self::Validation,
        Self::MaxMind,
        Self::Cymru,
        Self::IpClassification,
        Self::GreyNoise,
        Self::DShield,
        Self::Spur,
        Self::UrlHaus,
        Self::VirusTotal,
        Self::Hibp,
    ];

    /// Whether the source can know of such a thing at all.
    pub fn takes(self, question: &Question) -> bool {
        match question {
            Question::Address(_) => !matches!(self, Self::VirusTotal | Self::Hibp),
            Question::Domain(_) => self == Self::UrlHaus,
            Question::File(_) => self == Self::VirusTotal,
            Question::Passwords(_) => self == Self::Hibp,
        }
    }

    /// The key of the source in an `enrichment` document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Validation => "validation",
            Self::MaxMind => "maxmind",
            Self::Cymru => "cymru",
            Self::IpClassification => "ip_classification",
            Self::GreyNoise => "greynoise",
            Self::DShield => "dshield",
            Self::Spur => "spur",
            Self::UrlHaus => "urlhaus",
            Self::VirusTotal => "virustotal",
            Self::Hibp => "hibp",
        }
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for SourceName {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        let known = Self::ALL.into_iter().find(|source| source.name() == text);
        known.ok_or_else(|| UnknownSource { text: text.to_owned() })
    }
}

/// A text that names no source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownSource {
    text: String,
}

impl fmt::Display for UnknownSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a source of enrichment; the sources are", self.text.escape_debug())?;
        SourceName::ALL.iter().try_for_each(|source| write!(f, " {source}"))
    }
}

impl Error for UnknownSource {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_order_is_the_cascade() {
        for source in SourceName::ALL {
            assert_eq!(source.name().parse(), Ok(source));
        }
        assert!(SourceName::ALL.is_sorted());
        let error = "Shodan\n".parse::<SourceName>().unwrap_err().to_string();
        assert!(error.starts_with(r"`Shodan\n` is not a source"), "{error}");
    }
}

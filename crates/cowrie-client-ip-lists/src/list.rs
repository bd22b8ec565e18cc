//! Which list a file holds, and where it is fetched.

use cowrie_inventory::IpType;
use reqwest::Url;

use crate::formats::Format;

/// A list that its operator or a community publishes: the name of its file here, its kind, whose
/// addresses it holds, its format, and where it is.
type Standard = (&'static str, IpType, Option<&'static str>, Format, Option<&'static str>);

/// The lists that are known by name; of two that know a network equally well, the first holds.
const STANDARD: [Standard; 9] = [
    (
        "tor.txt",
        IpType::Tor,
        Some("tor"),
        Format::Tor,
        Some("https://check.torproject.org/torbulkexitlist"),
    ),
    (
        "aws.json",
        IpType::Cloud,
        Some("aws"),
        Format::Aws,
        Some("https://ip-ranges.amazonaws.com/ip-ranges.json"),
    ),
    // Microsoft publishes it each week under another address.
    ("azure.json", IpType::Cloud, Some("azure"), Format::Azure, None),
    (
        "gcp.json",
        IpType::Cloud,
        Some("gcp"),
        Format::Gcp,
        Some("https://www.gstatic.com/ipranges/cloud.json"),
    ),
    (
        "cloudflare-v4.txt",
        IpType::Cloud,
        Some("cloudflare"),
        Format::Plain,
        Some("https://www.cloudflare.com/ips-v4"),
    ),
    (
        "cloudflare-v6.txt",
        IpType::Cloud,
        Some("cloudflare"),
        Format::Plain,
        Some("https://www.cloudflare.com/ips-v6"),
    ),
    (
        "oracle.json",
        IpType::Cloud,
        Some("oracle"),
        Format::Oracle,
        Some("https://docs.oracle.com/iaas/tools/public_ip_ranges.json"),
    ),
    (
        "digitalocean.csv",
        IpType::Cloud,
        Some("digitalocean"),
        Format::Geofeed,
        Some("https://digitalocean.com/geo/google.csv"),
    ),
    (
        "datacenters.csv",
        IpType::Datacenter,
        None,
        Format::Datacenters,
        Some(
            "https://raw.githubusercontent.com/jhassine/server-ip-addresses/master/data/datacenters.csv",
        ),
    ),
];

/// The kinds of which users may have lists of their own, `<kind>-<provider>.txt`.
const OWN_KINDS: [IpType; 5] =
    [IpType::Tor, IpType::Vpn, IpType::Proxy, IpType::Cloud, IpType::Datacenter];

/// Bytes that the name of a provider may have in the name of a file.
const MAX_PROVIDER: usize = 40;

/// What the name of a file says of the list in it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct List {
    /// The place in the table above; the users' own lists come behind it.
    place: usize,
    pub(crate) file_name: String,
    pub(crate) kind: IpType,
    /// Whose networks they are, where the list does not say it of each.
    pub(crate) provider: Option<String>,
    pub(crate) format: Format,
}

impl List {
    /// The list that a file of this name holds; `None` when the name says nothing.
    pub(crate) fn of(file_name: &str) -> Option<Self> {
        let place = STANDARD.iter().position(|(name, ..)| *name == file_name);
        place.and_then(Self::standard).or_else(|| Self::own(file_name))
    }

    /// The lists of the table.
    pub(crate) fn all_standard() -> impl Iterator<Item = Self> {
        (0..STANDARD.len()).filter_map(Self::standard)
    }

    fn standard(place: usize) -> Option<Self> {
        let (file_name, kind, provider, format, _) = *STANDARD.get(place)?;
        let provider = provider.map(str::to_owned);
        Some(Self { place, file_name: file_name.to_owned(), kind, provider, format })
    }

    fn own(file_name: &str) -> Option<Self> {
        let (kind, provider) = file_name.strip_suffix(".txt")?.split_once('-')?;
        let kind = OWN_KINDS.into_iter().find(|known| known.name() == kind)?;
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if provider.is_empty() || provider.len() > MAX_PROVIDER || !provider.bytes().all(is_plain) {
            return None;
        }
        Some(Self {
            place: STANDARD.len(),
            file_name: file_name.to_owned(),
            kind,
            provider: Some(provider.to_owned()),
            format: Format::Plain,
        })
    }

    /// The name in answers: that of the file without its ending.
    pub(crate) fn name(&self) -> &str {
        self.file_name.split_once('.').map_or(&self.file_name, |(name, _)| name)
    }

    /// Where it is published, when it stays there.
    pub(crate) fn published_at(&self) -> Option<&'static str> {
        STANDARD.get(self.place).and_then(|(.., url)| *url)
    }

    /// Whether others than the operator of the networks gathered it.
    pub(crate) fn is_gathered(&self) -> bool {
        self.format == Format::Datacenters
    }

    /// How sure it is, from 0 to 1, that what the list says holds for an address now.
    pub(crate) fn confidence(&self) -> f64 {
        match self.format {
            // Exits come and go within the hour.
            Format::Tor => 0.95,
            Format::Datacenters => 0.75,
            _ if self.place < STANDARD.len() => 0.99,
            _ => 0.9,
        }
    }
}

/// A list, and where it is fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListSource {
    pub(crate) list: List,
    pub(crate) url: Url,
}

/// A list cannot be fetched so.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadListSource {
    /// The name of the file does not say what is in it.
    #[error(
        "`{}` is neither the file of a known list nor `<kind>-<provider>.txt` with the kind `tor`, \
         `vpn`, `proxy`, `cloud` or `datacenter` and a provider of small letters, digits and `-`",
        .file_name.escape_debug()
    )]
    FileName {
        /// What was given.
        file_name: String,
    },
    /// Not a URL of the web. It is not repeated, since it might hold a password.
    #[error("what stands for `{file_name}` is not a URL that begins with `https://` or `http://`")]
    Url {
        /// The file of the list, or what stands for it.
        file_name: String,
    },
}

impl ListSource {
    /// Fetches the list for the file `file_name` from `url`.
    ///
    /// The file is that of a known list (`azure.json`, which Microsoft publishes each week under
    /// another address, or another of the table in the crate's documentation), or
    /// `<kind>-<provider>.txt` with a network on each line.
    pub fn new(file_name: &str, url: &str) -> Result<Self, BadListSource> {
        let list = List::of(file_name);
        let list =
            list.ok_or_else(|| BadListSource::FileName { file_name: file_name.to_owned() })?;
        let url =
            web_url(url).ok_or_else(|| BadListSource::Url { file_name: file_name.to_owned() })?;
        Ok(Self { list, url })
    }

    /// All lists that are always published at the same place: from there, or from `mirror`, below
    /// which each lies under the last step of its path there (`<mirror>/ip-ranges.json`).
    ///
    /// Azure's is not among them.
    pub fn standard(mirror: Option<&str>) -> Result<Vec<Self>, BadListSource> {
        let published = List::all_standard().filter_map(|list| {
            let url = list.published_at()?;
            Some((list, url))
        });
        let sources = published.map(|(list, url)| {
            let last_step = url.rsplit('/').next().unwrap_or_default();
            let mirrored = mirror.map(|base| format!("{}/{last_step}", base.trim_end_matches('/')));
            let url = web_url(mirrored.as_deref().unwrap_or(url));
            let url = url.ok_or_else(|| BadListSource::Url { file_name: "mirror".to_owned() })?;
            Ok(Self { list, url })
        });
        sources.collect()
    }

    /// The name of the list, as answers give it.
    pub fn name(&self) -> &str {
        self.list.name()
    }

    /// The file in which it is kept.
    pub fn file_name(&self) -> &str {
        &self.list.file_name
    }
}

fn web_url(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    (matches!(url.scheme(), "https" | "http") && url.host().is_some()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file_name: &str, expected: Option<(&str, IpType, Option<&str>)>) {
        let list = List::of(file_name);
        let found = list.as_ref().map(|list| (list.name(), list.kind, list.provider.as_deref()));
        assert_eq!(found, expected, "{file_name}");
    }

    #[test]
    fn a_file_is_known_by_its_name() {
        check("tor.txt", Some(("tor", IpType::Tor, Some("tor"))));
        check("cloudflare-v6.txt", Some(("cloudflare-v6", IpType::Cloud, Some("cloudflare"))));
        check("datacenters.csv", Some(("datacenters", IpType::Datacenter, None)));
        check("vpn-one-two.txt", Some(("vpn-one-two", IpType::Vpn, Some("one-two"))));
        check("datacenter-3.txt", Some(("datacenter-3", IpType::Datacenter, Some("3"))));
        for name in [
            "",
            "vpn",
            "vpn-.txt",
            "vpn.txt",
            "vpn-A.txt",
            "vpn-a.csv",
            "vpn-../x.txt",
            "vpn-a/b.txt",
            "mobile-a.txt",
            "residential-a.txt",
            "AWS.json",
            "aws.json.about.json",
            "vpn-a.txt\n",
        ] {
            check(name, None);
        }
        check(&format!("vpn-{}.txt", "a".repeat(41)), None);
    }

    #[test]
    fn every_list_that_stays_at_its_place_can_be_fetched() {
        let names = |sources: Vec<ListSource>| -> Vec<String> {
            sources.into_iter().map(|source| source.url.to_string()).collect()
        };
        let published = names(ListSource::standard(None).unwrap());
        assert_eq!(published.len(), STANDARD.len() - 1);
        assert!(published.iter().all(|url| url.starts_with("https://")));
        let mirrored = names(ListSource::standard(Some("http://127.0.0.1:1/lists/")).unwrap());
        assert_eq!(mirrored.len(), published.len());
        assert_eq!(mirrored.first().unwrap(), "http://127.0.0.1:1/lists/torbulkexitlist");
        assert_eq!(mirrored.last().unwrap(), "http://127.0.0.1:1/lists/datacenters.csv");
        let distinct: std::collections::BTreeSet<_> = mirrored.iter().collect();
        assert_eq!(distinct.len(), mirrored.len());
    }

    #[test]
    fn what_cannot_be_fetched_is_refused_and_not_repeated() {
        let azure = ListSource::new("azure.json", "https://download.example/tags.json").unwrap();
        assert_eq!((azure.name(), azure.file_name()), ("azure", "azure.json"));
        let with_user = "ftp://user:word@a.example/"; // pragma: allowlist secret
        for url in ["", "file:///etc/passwd", with_user, "//a.example"] {
            let error = ListSource::new("azure.json", url).unwrap_err();
            assert_eq!(error, BadListSource::Url { file_name: "azure.json".to_owned() });
            assert!(!error.to_string().contains("word"));
        }
        let error = ListSource::new("../x\n", "https://a.example/").unwrap_err();
        assert!(error.to_string().starts_with(r"`../x\n` is neither"), "{error}");
        assert!(ListSource::standard(Some("nowhere")).is_err());
    }

    #[test]
    fn the_sure_list_stands_before_the_unsure_one() {
        let confidence = |name| List::of(name).unwrap().confidence();
        assert!(confidence("aws.json") > confidence("vpn-a.txt"));
        assert!(confidence("vpn-a.txt") > confidence("datacenters.csv"));
        assert!((confidence("tor.txt") - 0.95).abs() < f64::EPSILON);
    }
}

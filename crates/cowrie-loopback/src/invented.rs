//! Facts that are made up, in the providers' formats.
//!
//! They depend on the key alone, so that every run and every process is told the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

use crate::rules::{hibp_lines, with_balance};
use crate::{Canned, Provider, digest};

/// What a provider says of a public address, a digest or a prefix.
///
/// `None` for any other key, and for a share of those, which the provider then does not know.
pub(crate) fn canned(provider: Provider, key: &str) -> Option<Canned> {
    let dice = Dice::of(provider.name(), key);
    match provider {
        Provider::VirusTotal => is_digest(key).then(|| file(key, &dice)).flatten(),
        Provider::Hibp => Some(range(key)),
        Provider::MaxMind | Provider::Lists => None,
        Provider::GreyNoise | Provider::DShield | Provider::UrlHaus | Provider::Spur => {
            let address = key.parse().ok().filter(|address| is_public(*address))?;
            let said = match provider {
                Provider::GreyNoise => noise(address, &dice),
                Provider::DShield => attacks(address, &dice),
                Provider::UrlHaus => urls(address, &dice),
                _ => return context(address, &dice).map(with_balance),
            };
            said.map(|said| Canned::json(said.to_string()))
        }
    }
}

/// The network that an address is in.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    prefix: String,
    asn: u32,
    country: &'static str,
    registry: &'static str,
    name: &'static str,
    allocated: String,
}

/// The network of a public address: a /16 or a /32, and one AS for each.
pub(crate) fn network(address: IpAddr) -> Option<Network> {
    if !is_public(address) {
        return None;
    }
    let prefix = match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            format!("{}/16", Ipv4Addr::new(a, b, 0, 0))
        }
        IpAddr::V6(v6) => {
            let [a, b, ..] = v6.segments();
            format!("{}/32", Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0))
        }
    };
    let dice = Dice::of("network", &prefix);
    let &(asn, country, registry, name) = dice.pick(0, NETWORKS);
    let allocated = format!("20{:02}-{:02}-{:02}", dice.below(1, 20), 1 + dice.below(2, 12), 11);
    Some(Network { prefix, asn, country, registry, name, allocated })
}

impl Network {
    /// The verbose line of the bulk whois service.
    pub(crate) fn whois_line(&self, address: IpAddr) -> String {
        let Self { prefix, asn, country, registry, name, allocated } = self;
        let address = address.to_string();
        format!(
            "{asn:<7} | {address:<16} | {prefix:<19} | {country} | {registry:<8} | {allocated} | \
             {name}, {country}"
        )
    }

    /// The text of the zones `origin.asn` and `origin6.asn`.
    pub(crate) fn origin_text(&self) -> String {
        let Self { prefix, asn, country, registry, allocated, .. } = self;
        format!("{asn} | {prefix} | {country} | {registry} | {allocated}")
    }
}

/// The text of the zone `asn` for one of the networks' AS numbers.
pub(crate) fn as_text(asn: u32) -> Option<String> {
    let (asn, country, registry, name) = NETWORKS.iter().find(|network| network.0 == asn)?;
    Some(format!("{asn} | {country} | {registry} | 2002-08-01 | {name}, {country}"))
}

/// AS numbers that honeypots meet, with the country and registry of each.
const NETWORKS: &[(u32, &str, &str, &str)] = &[
    (4134, "CN", "apnic", "CHINANET-BACKBONE No.31,Jin-rong Street"),
    (4837, "CN", "apnic", "CHINA169-BACKBONE CHINA UNICOM China169 Backbone"),
    (45102, "CN", "apnic", "ALIBABA-CN-NET Alibaba US Technology Co., Ltd."),
    (132_203, "CN", "apnic", "TENCENT-NET-AP-CN Tencent Building, Kejizhongyi Avenue"),
    (3462, "TW", "apnic", "HINET Data Communication Business Group"),
    (4766, "KR", "apnic", "KIXS-AS-KR Korea Telecom"),
    (7552, "VN", "apnic", "VIETEL-AS-AP Viettel Group"),
    (9829, "IN", "apnic", "BSNL-NIB National Internet Backbone"),
    (7713, "ID", "apnic", "TELKOMNET-AS-AP PT Telekomunikasi Indonesia"),
    (14061, "US", "arin", "DIGITALOCEAN-ASN"),
    (16509, "US", "arin", "AMAZON-02"),
    (396_982, "US", "arin", "GOOGLE-CLOUD-PLATFORM"),
    (8075, "US", "arin", "MICROSOFT-CORP-MSN-AS-BLOCK"),
    (7922, "US", "arin", "COMCAST-7922"),
    (36352, "US", "arin", "AS-COLOCROSSING"),
    (24940, "DE", "ripencc", "HETZNER-AS"),
    (3320, "DE", "ripencc", "DTAG Internet service provider operations"),
    (16276, "FR", "ripencc", "OVH"),
    (12389, "RU", "ripencc", "ROSTELECOM-AS"),
    (9121, "TR", "ripencc", "TTNET"),
    (8151, "MX", "lacnic", "UNINET"),
    (28573, "BR", "lacnic", "Claro NXT Telecomunicacoes Ltda"),
    (37963, "CN", "apnic", "ALIBABA-CN-NET Hangzhou Alibaba Advertising Co.,Ltd."),
    (36903, "MA", "afrinic", "MT-MPLS"),
];

/// Bytes that depend on what is asked alone.
struct Dice([u8; 32]);

impl Dice {
    fn of(kind: &str, key: &str) -> Self {
        Self(digest::sha256_bytes(format!("{kind} {key}").as_bytes()))
    }

    fn at(&self, place: usize) -> u8 {
        self.0.get(place % 32).copied().unwrap_or_default()
    }

    /// A number below the limit.
    fn below(&self, place: usize, limit: u8) -> u8 {
        self.at(place) % limit.max(1)
    }

    fn pick<'a, T>(&self, place: usize, from: &'a [T]) -> &'a T {
        &from[usize::from(self.at(place)) % from.len()]
    }

    /// A day of April 2026.
    fn day(&self, place: usize) -> String {
        format!("2026-04-{:02}", 1 + self.below(place, 28))
    }

    /// Whether it is one of so many in a hundred.
    fn is_within(&self, place: usize, percent: u8) -> bool {
        self.below(place, 100) < percent
    }
}

fn noise(address: IpAddr, dice: &Dice) -> Option<Value> {
    let known = address.is_ipv4() && dice.is_within(0, 60);
    known.then(|| {
        let kinds = ["malicious", "malicious", "malicious", "unknown", "benign"];
        json!({
            "ip": address, "noise": true, "riot": false,
            "classification": dice.pick(1, &kinds), "name": "unknown",
            "link": format!("https://viz.greynoise.io/ip/{address}"),
            "last_seen": dice.day(2), "message": "Success",
        })
    })
}

fn attacks(address: IpAddr, dice: &Dice) -> Option<Value> {
    let network = network(address).filter(|_| dice.is_within(0, 70))?;
    let (count, targets) = (u32::from(dice.at(1)) * 7 + 1, u32::from(dice.at(2)) + 1);
    Some(json!({"ip": {
        "number": address, "count": count, "attacks": targets, "maxdate": dice.day(3),
        "mindate": "2026-03-02", "updated": "2026-04-29 04:07:17", "comment": null,
        "maxrisk": dice.below(4, 10), "asabusecontact": "abuse@example.net", "as": network.asn,
        "asname": network.name, "ascountry": network.country, "assize": 65536,
        "network": network.prefix, "threatfeeds": feeds(dice),
    }}))
}

fn feeds(dice: &Dice) -> Value {
    if dice.is_within(5, 50) {
        return Value::Null;
    }
    json!({"blocklistde22": {"lastseen": dice.day(6), "firstseen": "2026-03-14"}})
}

fn urls(address: IpAddr, dice: &Dice) -> Option<Value> {
    dice.is_within(0, 15).then(|| {
        let online = if dice.is_within(1, 50) { "online" } else { "offline" };
        let url = |n: u8| {
            json!({
                "id": (1_000_000 + u32::from(n)).to_string(),
                "urlhaus_reference": format!("https://urlhaus.abuse.ch/url/{}/", 1_000_000 + u32::from(n)),
                "url": format!("http://{address}/bins/{n}"), "url_status": online,
                "date_added": format!("{} 08:17:05 UTC", dice.day(2)),
                "threat": "malware_download", "reporter": "abuse_ch", "larted": "true",
                "takedown_time_seconds": null,
                "tags": [dice.pick(3, &["mirai", "mozi", "gafgyt", "elf"]), "32-bit"],
            })
        };
        let n_urls = 1 + dice.below(4, 5);
        json!({
            "query_status": "ok",
            "urlhaus_reference": format!("https://urlhaus.abuse.ch/host/{address}/"),
            "host": address, "firstseen": "2026-03-02 08:17:05 UTC",
            "url_count": n_urls.to_string(),
            "blacklists": {"spamhaus_dbl": "not listed", "surbl": "not listed"},
            "urls": (0..n_urls).map(url).collect::<Vec<_>>(),
        })
    })
}

fn context(address: IpAddr, dice: &Dice) -> Option<Canned> {
    let network = network(address).filter(|_| dice.is_within(0, 80))?;
    let mut said = json!({
        "ip": address,
        "as": {"number": network.asn, "organization": network.name},
        "client": {"behaviors": [], "count": dice.below(1, 9), "countries": 1, "proxies": []},
        "infrastructure": dice.pick(2, &["DATACENTER", "MOBILE", "RESIDENTIAL"]),
        "location": {"country": network.country},
        "organization": network.name,
        "risks": [], "services": [],
    });
    if dice.is_within(3, 20) {
        let operator = dice.pick(4, &["NORD_VPN", "PROTON_VPN", "PIA_VPN"]);
        said["risks"] = json!(["TUNNEL"]);
        said["tunnels"] = json!([{"anonymous": true, "operator": operator, "type": "VPN"}]);
    }
    Some(Canned::json(said.to_string()))
}

fn is_digest(key: &str) -> bool {
    [32, 40, 64].contains(&key.len()) && key.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn file(digest: &str, dice: &Dice) -> Option<Canned> {
    let malicious = dice.below(1, 60);
    dice.is_within(0, 75).then(|| {
        let said = json!({"data": {"id": digest, "type": "file", "attributes": {
            "sha256": digest, "size": 1024 + u32::from(dice.at(2)) * 97,
            "type_description": dice.pick(3, &["ELF", "Shell script", "Powershell"]),
            "type_tag": "elf", "names": [digest], "tags": ["elf", "64bits"],
            "reputation": 0, "times_submitted": 3,
            "first_submission_date": 1_770_000_000, "last_submission_date": 1_777_000_000,
            "last_analysis_date": 1_777_000_000,
            "last_analysis_stats": {
                "malicious": malicious, "suspicious": 0, "undetected": 76 - malicious,
                "harmless": 0, "timeout": 0, "confirmed-timeout": 0, "failure": 0,
                "type-unsupported": 0,
            },
            "popular_threat_classification": {
                "suggested_threat_label": "trojan.mirai/gafgyt",
                "popular_threat_category": [{"count": 20, "value": "trojan"}],
                "popular_threat_name": [{"count": 18, "value": "mirai"}],
            },
        }}});
        Canned::json(said.to_string())
    })
}

/// The passwords of the samples, among others that nobody will ask about.
fn range(prefix: &str) -> Canned {
    let mut lines = hibp_lines(prefix);
    lines.extend((0_u16..600).filter_map(|n| {
        let digest = digest::sha1(format!("{prefix} {n}").as_bytes());
        digest.get(5..).map(|suffix| format!("{suffix}:{}", 1 + n % 300))
    }));
    lines.sort_unstable();
    Canned::text(lines.join("\r\n"))
}

/// Roughly: what is said of the others does not matter, as nobody asks about them.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let is_shared = v4.octets()[0] == 100 && (64..128).contains(&v4.octets()[1]);
            let is_reserved = v4.octets()[0] == 0 || v4.octets()[0] >= 224;
            let is_local = v4.is_private() || v4.is_loopback() || v4.is_link_local();
            !(is_shared || is_reserved || is_local || v4.is_documentation())
        }
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            first & 0xe000 == 0x2000 && (first, second) != (0x2001, 0x0db8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, is_known: bool) {
        let network = key.parse().ok().and_then(network);
        assert_eq!(network.is_some(), is_known, "{key}");
    }

    #[test]
    fn public_addresses_have_a_network() {
        check("203.0.114.9", true);
        check("2a01:4f8::1", true);
        for other in ["10.0.0.1", "127.0.0.1", "192.0.2.1", "224.0.0.1", "100.64.0.1", "0.1.2.3"] {
            check(other, false);
        }
        for other in ["::1", "fe80::1", "fd00::1", "2001:db8::1"] {
            check(other, false);
        }
    }

    #[test]
    fn every_provider_knows_some_and_not_all() {
        let addresses = (1..=200).map(|n| format!("45.{n}.3.7"));
        let keys: Vec<_> = addresses.collect();
        let providers = [Provider::GreyNoise, Provider::DShield, Provider::UrlHaus, Provider::Spur];
        for provider in providers {
            let n_known = keys.iter().filter(|key| canned(provider, key).is_some()).count();
            assert!((1..200).contains(&n_known), "{provider:?} knows {n_known}");
        }
        let digests = (0..200_u32).map(|n| digest::sha256(&n.to_be_bytes()));
        let n_known = digests.filter(|key| canned(Provider::VirusTotal, key).is_some()).count();
        assert!((1..200).contains(&n_known), "{n_known}");
    }

    #[test]
    fn the_same_is_said_of_the_same() {
        let address = "45.1.3.7".parse().unwrap();
        let (one, other) = (network(address).unwrap(), network(address).unwrap());
        assert_eq!(one.whois_line(address), other.whois_line(address));
        assert!(as_text(one.asn).unwrap().contains(one.name));
        assert!(one.origin_text().starts_with(&format!("{} | 45.1.0.0/16 | ", one.asn)));
    }
}

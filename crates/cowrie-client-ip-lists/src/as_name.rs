//! What the name of an AS says of its addresses, when no list names them.
//!
//! Names are those of Team Cymru (`CHINANET-BACKBONE No.31,Jin-rong Street, CN`) and MaxMind
//! (`Deutsche Telekom AG`). They are taken as words: runs of letters and digits, in small letters
//! and without accents. The groups of words below are tried in the order of [`kind_by_name`].

use cowrie_inventory::IpType;

/// A kind that follows from a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NamedKind {
    /// The kind: `vpn`, `datacenter`, `mobile` or `residential`.
    pub kind: IpType,
    /// 0.8 when two groups of words speak for it, 0.7 for one, 0.5 for a weak word.
    pub confidence: f64,
}

/// The kind of the addresses of an AS with that name; `None` when the name does not tell.
///
/// 1. Who uses the Internet rather than sells it (a university, a bank) has no kind; nor has the
///    private network of companies that providers call `IP-VPN`.
/// 2. An access network of a company that is known for its data centres is residential.
/// 3. A VPN, by brand or by the word.
/// 4. A data centre, by brand or by what it sells: hosting, servers, clouds, racks, delivery.
/// 5. A mobile network, by brand, or by the word unless it says how homes are wired.
/// 6. Residential: the brand of an access network, a word for telecommunication in any of its
///    spellings, or how homes are wired.
/// 7. Residential, weakly: a word such as `isp`.
pub fn kind_by_name(as_name: &str) -> Option<NamedKind> {
    let name = Name::of(as_name);
    if name.has(NEITHER) {
        return None;
    }
    if name.has(ACCESS_OF_CLOUDS) {
        return strong(IpType::Residential, 1);
    }
    let vpn = name.groups(&[VPN_BRANDS, VPN_WORDS]);
    let hosting =
        name.groups(&[HOSTING_BRANDS, HOSTING_WORDS, CLOUD_WORDS, RACK_WORDS, DELIVERY_WORDS]);
    let is_wired = name.has(WIRE_WORDS);
    let is_mobile_by_word = !is_wired && name.has(MOBILE_WORDS);
    let mobile = name.groups(&[MOBILE_BRANDS]) + usize::from(is_mobile_by_word);
    let access = name.groups(&[ACCESS_BRANDS, TELECOM_WORDS]) + usize::from(is_wired);
    strong(IpType::Vpn, vpn)
        .or_else(|| strong(IpType::Datacenter, hosting))
        .or_else(|| strong(IpType::Mobile, mobile))
        .or_else(|| strong(IpType::Residential, access))
        .or_else(|| {
            let weak = NamedKind { kind: IpType::Residential, confidence: 0.5 };
            name.has(WEAK_WORDS).then_some(weak)
        })
}

fn strong(kind: IpType, n_groups: usize) -> Option<NamedKind> {
    let confidence = if n_groups > 1 { 0.8 } else { 0.7 };
    (n_groups > 0).then_some(NamedKind { kind, confidence })
}

/// What to look for, between commas: words one after the other, each whole, but that `*` stands
/// for any letters in front of it or behind it.
type Group = &'static str;

const NEITHER: Group = "\
     academy, bank, business network, cernet, college, corporate, education and research, \
     enterprise, government, health, hospital, ip vpn, ministry, mpls vpn, orange county, \
     research network, school, universidad*, universit*";

const ACCESS_OF_CLOUDS: Group = "amazon wifi, google fiber, ovh telecom";

const VPN_BRANDS: Group = "\
     31173 services, airvpn, cyberghost, expressvpn, hide me, hidemyass, ipvanish, ivpn, \
     mullvad*, nordvpn, ovpn, packethub*, perfect privacy, privado*, private internet access, \
     proton ag, protonvpn, purevpn, surfshark*, tefincom*, torguard, windscribe*";

const VPN_WORDS: Group = "vpn, vpns";

const HOSTING_BRANDS: Group = "\
     aeza*, akamai*, alexhost, alibaba*, alicloud, aliyun*, amazon 02, amazon aes, amazon as, \
     amazon com, amazon data services, amazon technologies, amazon web services, as choopa, \
     aws, azure, beget, bluehost, buyvm, cdn77, choopa, cloudflare*, colocrossing, constant \
     company, contabo*, datacamp, dedipath, digitalocean*, dreamhost, edgecast, edgeuno*, \
     equinix*, fastly*, flokinet, frantech, g core, gcore, godaddy*, google*, hetzner*, \
     hivelocity, ibm cloud, interserver*, ionos*, ipxo, kamatera*, leaseweb*, limestone \
     networks, linode*, m247*, mevspace, microsoft*, myloc, namecheap*, netcup*, nforce, online \
     s a s, online sas, oracle bmc*, oracle cloud, oracle corporation, oracle public cloud, \
     ovh*, packet host, pfcloud, ponynet, proton66, psychz*, quadranet*, rackspace*, reg ru, sakura \
     internet, scaleway*, selectel*, sharktech, softlayer*, stark industries, strato ag, \
     tencent*, timeweb*, tzulo, ucloud*, unified layer, upcloud*, vultr*, worldstream*, \
     zenlayer*";

const HOSTING_WORDS: Group = "\
     *hosting*, dedicated, host, hosted, hoster, hostinger*, hostkey*, hostpapa*, hostroyale*, \
     hosts, hostus*, hostwinds*, server, serverius*, servermania*, servers, vds, vps*, webhost*";

const CLOUD_WORDS: Group = "*cloud, cloud*, clouds";

const RACK_WORDS: Group = "\
     *datacenter*, *datacentre*, colo, colocation, data center*, data centre*, idc";

const DELIVERY_WORDS: Group = "cdn*, content delivery";

const MOBILE_BRANDS: Group = "\
     axiata, beeline*, cellco*, china mobile*, chinamobile*, cmnet*, docomo*, globe telecom*, \
     indosat*, jio, jiofiber, megafon*, mobifone*, mtn, mts, reliance jio*, safaricom*, \
     telkomsel*, turkcell*, verizon wireless, vimpelcom*, vodacom*, zain";

const MOBILE_WORDS: Group = "\
     *cellular*, *celular*, *mobile, 4g, 5g, gsm, lte, mobil, mobile*, mobility, movel, movil, \
     moviles, umts";

const ACCESS_BRANDS: Group = "\
     airtel*, altice*, at t, att, bell canada, bezeq*, bharti*, biglobe, bouygues*, \
     bredbandsbolaget, bsnl*, bt uk as, centurylink*, charter, china unicom*, china169*, \
     chinanet*, chunghwa*, claro*, cncgroup*, comcast*, comhem*, cox, cox communications, \
     dtag*, embratel*, entel, etb, etisalat*, fastweb*, fpt, free sas, frontier \
     communications*, hinet*, kddi*, korea telecom*, kpn*, lg dacom*, lg uplus, lgdacom, \
     liberty global*, maroc telecom, mediacom*, megacable*, movistar*, ntt communications*, \
     ocn, optimum*, optus*, orange*, pldt*, plusnet*, proxad*, rogers*, rostelecom*, sfr, shaw \
     communications, singtel*, sky uk*, so net, softbank*, spectrum, starhub*, sunrise*, \
     superonline*, swisscom*, talktalk*, te data*, tele2*, telenor*, telia*, telmex*, telstra*, \
     telus*, tim s a, tiscali*, totalplay*, tpg, ttnet*, turktelekom*, unicom*, uninet s a*, \
     verizon*, videotron*, viettel*, virgin media*, vivo, vnpt*, vodafone*, windstream*, \
     xfinity*, ziggo*";

const TELECOM_WORDS: Group = "*telcom*, *telecom*, *telekom*, *telkom*, telco, telcos, telefon*";

const WIRE_WORDS: Group = "\
     *broadband*, *cable*, *fiber*, *fibra*, *fibre*, *wireless*, adsl, catv, dsl, ftth, \
     kabel*, vdsl, wifi, wisp";

const WEAK_WORDS: Group = "\
     consumer, dialup, internet service*, isp, network provider, residential, subscriber, \
     subscribers";

/// Characters that are read of a name.
const MAX_NAME: usize = 200;

/// The words of a name.
struct Name(Vec<String>);

impl Name {
    fn of(text: &str) -> Self {
        let plain: String =
            text.chars().take(MAX_NAME).flat_map(char::to_lowercase).map(without_accent).collect();
        let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        Self(words.map(str::to_owned).collect())
    }

    /// How many of the groups have something that the name has.
    fn groups(&self, groups: &[Group]) -> usize {
        groups.iter().filter(|group| self.has(group)).count()
    }

    fn has(&self, group: Group) -> bool {
        phrases(group).any(|phrase| self.has_phrase(phrase))
    }

    fn has_phrase(&self, phrase: &str) -> bool {
        let mut rest = self.0.as_slice();
        loop {
            let mut words = rest.iter();
            let is_here = phrase
                .split(' ')
                .all(|pattern| words.next().is_some_and(|word| is_match(word, pattern)));
            let Some((_, next)) = rest.split_first() else { return false };
            if is_here {
                return true;
            }
            rest = next;
        }
    }
}

fn phrases(group: Group) -> impl Iterator<Item = &'static str> {
    group.split(',').map(str::trim)
}

fn is_match(word: &str, pattern: &str) -> bool {
    let (is_open_before, pattern) = match pattern.strip_prefix('*') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let (is_open_behind, pattern) = match pattern.strip_suffix('*') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    match (is_open_before, is_open_behind) {
        (false, false) => word == pattern,
        (false, true) => word.starts_with(pattern),
        (true, false) => word.ends_with(pattern),
        (true, true) => word.contains(pattern),
    }
}

/// The letter below the accents that names of providers have.
fn without_accent(letter: char) -> char {
    match letter {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' | 'č' | 'ć' => 'c',
        'é' | 'è' | 'ê' | 'ë' | 'ě' | 'ę' => 'e',
        'í' | 'ì' | 'î' | 'ï' | 'ı' => 'i',
        'ñ' | 'ń' => 'n',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'š' | 'ş' => 's',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ý' => 'y',
        'ž' | 'ż' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(expected: Option<(IpType, f64)>, names: &[&str]) {
        for name in names {
            let found = kind_by_name(name).map(|named| (named.kind, named.confidence));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn access_networks_that_sell_under_their_own_name() {
        check(
            Some((IpType::Residential, 0.7)),
            &[
                "CHINANET-BACKBONE No.31,Jin-rong Street, CN",
                "CHINANET-JS-AS-AP AS Number for CHINANET jiangsu province backbone, CN",
                "CHINA169-BACKBONE CHINA UNICOM China169 Backbone, CN",
                "CHINA UNICOM China169 Backbone",
                "HINET Data Communication Business Group, TW",
                "DTAG Internet service provider operations, DE",
                "Orange S.A.",
                "Orange, FR",
                "Vodafone GmbH",
                "VODANET International IP-Backbone of Vodafone, DE",
                "Viettel Group",
                "VIETTEL-AS-AP Viettel Group, VN",
                "VNPT Corp",
                "VNPT-AS-VN VNPT Corp, VN",
                "TTNET, TR",
                "COMHEM-SWEDEN, SE",
                "CLARO S.A., BR",
                "ATT-INTERNET4, US",
                "AT&T Enterprises, LLC",
                "Charter Communications Inc",
                "Cox Communications Inc.",
                "UUNET - MCI Communications Services, Inc. d/b/a Verizon Business, US",
            ],
        );
    }

    #[test]
    fn access_networks_that_say_what_they_are() {
        check(
            Some((IpType::Residential, 0.7)),
            &[
                "Deutsche Telekom AG",
                "JSC Kazakhtelecom",
                "Türk Telekomünikasyon A.Ş.",
                "ACESSOLINE TELECOMUNICAÇÕES LTDA",
                "Iran Telecommunication Company PJS",
                "PT Telekomunikasi Indonesia",
                "MORRIS BROADBAND, US",
                "R Cable y Telecable",
                "TELEFONICA DE ESPANA S.A.U., ES",
            ],
        );
        check(
            Some((IpType::Residential, 0.8)),
            &[
                "ROSTELECOM-AS PJSC Rostelecom. Technical Team, RU",
                "Chunghwa Telecom Co., Ltd.",
                "FPT Telecom Company",
                "COMCAST-7922 - Comcast Cable Communications, LLC, US",
                "KIXS-AS-KR Korea Telecom, KR",
                "Bouygues Télécom SA",
            ],
        );
        check(
            Some((IpType::Residential, 0.5)),
            &["SBN-ISP, TH", "Parvaresh Internet Services Ltd"],
        );
    }

    #[test]
    fn mobile_networks() {
        check(
            Some((IpType::Mobile, 0.7)),
            &[
                "CMNET-GD Guangdong communication, CN",
                "T-MOBILE-AS21928, US",
                "PJSC MegaFon",
                "Bell Mobility Inc.",
                "Mobile Telecommunication Company Saudi Arabia",
                "TELEFONICA MOVILES ARGENTINA",
            ],
        );
        check(
            Some((IpType::Mobile, 0.8)),
            &["China Mobile Communications Group Co., Ltd.", "MTS Mobile TeleSystems, RU"],
        );
        // How homes are wired says more than the word.
        check(Some((IpType::Residential, 0.7)), &["ACME Mobile Broadband", "Ridge Wireless Inc."]);
        check(Some((IpType::Mobile, 0.7)), &["MTN SA", "Cellco Partnership DBA Verizon Wireless"]);
    }

    #[test]
    fn data_centres() {
        check(
            Some((IpType::Datacenter, 0.7)),
            &[
                "OVH SAS",
                "OVH, FR",
                "HETZNER-AS, DE",
                "Hetzner Online GmbH",
                "DIGITALOCEAN-ASN - DigitalOcean, LLC, US",
                "Linode, LLC",
                "M247, RO",
                "M247 Europe SRL",
                "AS-CHOOPA - Choopa, LLC, US",
                "AMAZON-02 - Amazon.com, Inc., US",
                "MICROSOFT-CORP-MSN-AS-BLOCK, US",
                "Online S.a.s.",
                "netcup GmbH",
                "FranTech Solutions",
                "Host Europe GmbH",
                "IDC China Telecommunications Corporation",
                "SERVER-LINE, UA",
                "CHINANET-SHAANXI-CLOUD-BASE CHINANET SHAANXI province Cloud Base network, CN",
                "Evolutio Cloud Enabler S.A. Unipersonal",
            ],
        );
        check(
            Some((IpType::Datacenter, 0.8)),
            &[
                "CLOUDFLARENET - Cloudflare, Inc., US",
                "GOOGLE-CLOUD-PLATFORM, US",
                "OVHcloud",
                "Subhosting Cloud Innovations",
                "ACME Data Center Hosting",
            ],
        );
    }

    #[test]
    fn vpns() {
        check(
            Some((IpType::Vpn, 0.7)),
            &[
                "31173 Services AB",
                "PacketHub S.A.",
                "TEFINCOM S.A.",
                "Surfshark Ltd.",
                "ACME VPN Hosting",
            ],
        );
        check(Some((IpType::Vpn, 0.8)), &["Mullvad VPN AB"]);
    }

    #[test]
    fn names_that_do_not_tell() {
        check(
            None,
            &[
                "",
                "   ",
                "64512",
                "MIT - Massachusetts Institute of Technology",
                "University of Telecommunications",
                "Universität Hosting",
                "ORANGE-COUNTY-CA, US",
                "Amazon Corporate Services Pty Ltd, AU",
                "Banco da Amazonia S/A, BR",
                "Observer Group",
                "Ghost Town Inc.",
                "ACME IP-VPN Service, JP",
            ],
        );
        check(Some((IpType::Residential, 0.7)), &["GOOGLE-FIBER, US", "OVH Télécom (OVH SAS)"]);
    }

    #[test]
    fn every_pattern_is_written_as_names_are_read() {
        let groups = [
            NEITHER,
            ACCESS_OF_CLOUDS,
            VPN_BRANDS,
            VPN_WORDS,
            HOSTING_BRANDS,
            HOSTING_WORDS,
            CLOUD_WORDS,
            RACK_WORDS,
            DELIVERY_WORDS,
            MOBILE_BRANDS,
            MOBILE_WORDS,
            ACCESS_BRANDS,
            TELECOM_WORDS,
            WIRE_WORDS,
            WEAK_WORDS,
        ];
        for pattern in groups.into_iter().flat_map(phrases) {
            let bare = pattern.replace('*', "");
            assert_eq!(Name::of(&bare).0.join(" "), bare, "{pattern}");
            assert!(Name::of(&bare).has_phrase(pattern), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn no_name_makes_it_panic(name in any::<String>()) {
            if let Some(named) = kind_by_name(&name) {
                prop_assert!((0.5..=0.8).contains(&named.confidence));
                prop_assert!(named.kind == IpType::Vpn || named.kind >= IpType::Datacenter);
            }
        }

        #[test]
        fn words_around_a_brand_do_not_matter(before in "[x-z]{0,9}", behind in "[x-z]{0,9}") {
            let name = format!("{before} Hetzner, {behind}");
            prop_assert_eq!(kind_by_name(&name).map(|named| named.kind), Some(IpType::Datacenter));
        }
    }
}

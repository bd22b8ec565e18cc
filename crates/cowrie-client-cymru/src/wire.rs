//! The lines and records of Team Cymru: fields between bars.
//!
//! The formats are those of <https://www.team-cymru.com/ip-asn-mapping>:
//!
//! * whois, verbose: `15169 | 8.8.8.8 | 8.8.8.0/24 | US | arin | 1992-12-01 | GOOGLE, US`
//! * `origin.asn`, `origin6.asn`: `15169 | 8.8.8.0/24 | US | arin | 1992-12-01`
//! * `AS15169.asn`: `15169 | US | arin | 2000-03-30 | GOOGLE, US`

use std::net::IpAddr;

use chrono::{Datelike, NaiveDate};
use cowrie_core::{Asn, parse_address};
use cowrie_enrichment::CountryCode;
use ipnet::IpNet;

/// How many characters of an AS name are kept.
const MAX_NAME: usize = 200;

/// Who announces a network.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Origin {
    /// The numbers in the order of the line; none where nobody announces the address.
    pub(crate) asns: Vec<Asn>,
    pub(crate) prefix: Option<IpNet>,
    pub(crate) country: Option<CountryCode>,
    pub(crate) registry: Option<String>,
    pub(crate) allocated: Option<NaiveDate>,
    /// The name of the first number.
    pub(crate) asn_org: Option<String>,
}

/// The texts that make an [`Origin`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fields<'a> {
    pub(crate) asns: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) country: &'a str,
    pub(crate) registry: &'a str,
    pub(crate) allocated: &'a str,
    pub(crate) asn_org: &'a str,
}

/// Reads a line of a verbose whois reply; the name is all that follows the sixth bar, so that it
/// may hold bars, and may be missing.
pub(crate) fn whois_row(line: &str) -> Option<(IpAddr, Origin)> {
    let mut fields = line.splitn(7, '|');
    let asns = fields.next()?;
    let address = parse_address(fields.next()?)?;
    let origin = Fields {
        asns,
        prefix: fields.next()?,
        country: fields.next()?,
        registry: fields.next()?,
        allocated: fields.next()?,
        asn_org: fields.next().unwrap_or_default(),
    }
    .read()?;
    Some((address, origin))
}

/// Reads a record of the zones of addresses; the date may be missing.
pub(crate) fn origin_record(text: &str) -> Option<Origin> {
    let mut fields = text.splitn(5, '|');
    Fields {
        asns: fields.next()?,
        prefix: fields.next()?,
        country: fields.next()?,
        registry: fields.next()?,
        allocated: fields.next().unwrap_or_default(),
        asn_org: "",
    }
    .read()
}

/// Reads the name out of the record of this AS.
pub(crate) fn name_record(text: &str, asn: Asn) -> Option<String> {
    let mut fields = text.splitn(5, '|');
    let is_of_it = fields.next()?.trim().parse().is_ok_and(|number: Asn| number == asn);
    is_of_it.then(|| fields.nth(3).and_then(name))?
}

impl Fields<'_> {
    /// What the texts say; `None` when the numbers cannot be read.
    pub(crate) fn read(self) -> Option<Origin> {
        let registry = registry(self.registry);
        let country = CountryCode::parse(self.country)
            // `NA` also says that nothing is known; only one registry has hosts in Namibia.
            .filter(|code| code.as_str() != "NA" || registry.as_deref() == Some("afrinic"));
        Some(Origin {
            asns: numbers(self.asns)?,
            prefix: self.prefix.trim().parse().ok().map(|prefix: IpNet| prefix.trunc()),
            country,
            registry,
            allocated: day(self.allocated),
            asn_org: name(self.asn_org),
        })
    }
}

impl Origin {
    /// The same without a prefix that does not hold the address.
    pub(crate) fn about(mut self, address: IpAddr) -> Self {
        self.prefix = self.prefix.filter(|prefix| prefix.contains(&address));
        self
    }
}

/// All numbers of a field, or none of them when one cannot be read; `NA` is an empty list.
fn numbers(field: &str) -> Option<Vec<Asn>> {
    if field.trim().eq_ignore_ascii_case("NA") {
        return Some(Vec::new());
    }
    let separators = |c: char| c == ',' || c.is_ascii_whitespace();
    let words = field.split(separators).filter(|word| !word.is_empty());
    words.map(|word| word.parse().ok()).collect::<Option<Vec<_>>>().filter(|all| !all.is_empty())
}

fn registry(field: &str) -> Option<String> {
    let name = known(field)?;
    let is_name = name.len() <= 16 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| name.to_ascii_lowercase())
}

fn day(field: &str) -> Option<NaiveDate> {
    let day = field.trim().parse::<NaiveDate>().ok()?;
    (1970..=9999).contains(&day.year()).then_some(day)
}

fn name(field: &str) -> Option<String> {
    let text: String = field.chars().filter(|c| !c.is_control()).collect();
    Some(known(&text)?.chars().take(MAX_NAME).collect())
}

/// A field that says something.
fn known(field: &str) -> Option<&str> {
    let field = field.trim();
    (!field.is_empty() && !field.eq_ignore_ascii_case("NA")).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The origin in one line: numbers, prefix, country, registry, day and name.
    fn told(origin: &Origin) -> String {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let asns: Vec<_> = origin.asns.iter().map(ToString::to_string).collect();
        let rest = [
            origin.prefix.map(|prefix| prefix.to_string()),
            origin.country.map(|country| country.to_string()),
            origin.registry.clone(),
            origin.allocated.map(|day| day.to_string()),
            origin.asn_org.clone(),
        ];
        format!("{} {}", asns.join(","), rest.map(or_none).join(" "))
    }

    #[track_caller]
    fn check_row(line: &str, expected: Option<&str>) {
        let row = whois_row(line).map(|(address, origin)| format!("{address}: {}", told(&origin)));
        assert_eq!(row.as_deref(), expected);
    }

    #[track_caller]
    fn check_record(text: &str, expected: Option<&str>) {
        assert_eq!(origin_record(text).as_ref().map(told).as_deref(), expected);
    }

    #[test]
    fn a_whois_row_is_read() {
        check_row(
            "15169   | 8.8.8.8          | 8.8.8.0/24          | US | arin     | 1992-12-01 | GOOGLE, US",
            Some("8.8.8.8: AS15169 8.8.8.0/24 US arin 1992-12-01 GOOGLE, US"),
        );
        check_row(
            "15169 | 2001:4860:4860:0:0:0:0:8888 | 2001:4860::/32 | US | ARIN | 2005-03-14 | GOOGLE, US\r",
            Some("2001:4860:4860::8888: AS15169 2001:4860::/32 US arin 2005-03-14 GOOGLE, US"),
        );
        check_row(
            "1|::ffff:8.8.8.8|8.8.8.8/24|us|arin|1992-12-01|a | b|c",
            Some("8.8.8.8: AS1 8.8.8.0/24 US arin 1992-12-01 a | b|c"),
        );
        check_row("1|8.8.8.8|||| ", Some("8.8.8.8: AS1 - - - - -"));
        check_row("23028 16509|8.8.8.8|||||", Some("8.8.8.8: AS23028,AS16509 - - - - -"));
        check_row("23028, AS16509 |8.8.8.8|||||", Some("8.8.8.8: AS23028,AS16509 - - - - -"));
        check_row(
            "NA      | 192.31.196.1     | NA                  |    | other    |            | NA",
            Some("192.31.196.1:  - - other - -"),
        );
    }

    #[test]
    fn only_what_is_sound_is_kept() {
        check_row(
            "1|8.8.8.8|8.8.8.0/33|A1|the registry|1992-13-01|\u{1b}[31m\u{0}NA",
            Some("8.8.8.8: AS1 - - - - [31mNA"),
        );
        check_row("1|8.8.8.8|NA|NA|NA|NA|NA", Some("8.8.8.8: AS1 - - - - -"));
        check_row("1|8.8.8.8||NA|afrinic||", Some("8.8.8.8: AS1 - NA afrinic - -"));
        check_row("1|8.8.8.8||NA|arin||", Some("8.8.8.8: AS1 - - arin - -"));
        check_row("1|8.8.8.8||ZZ||0000-00-00|", Some("8.8.8.8: AS1 - - - - -"));
        check_row("1|8.8.8.8||||+12345-01-01|", Some("8.8.8.8: AS1 - - - - -"));
        let long = format!("1|8.8.8.8|||||{}", "ü".repeat(5_000));
        let (_, origin) = whois_row(&long).unwrap();
        assert_eq!(origin.asn_org.unwrap().chars().count(), MAX_NAME);
    }

    #[test]
    fn what_is_no_row_is_none() {
        for line in [
            "",
            "|",
            "||||||",
            "Bulk mode; whois.cymru.com [2026-02-10 12:00:00 +0000]",
            "AS      | IP               | BGP Prefix          | CC | Registry | Allocated  | AS Name",
            "15169 | 8.8.8.8 | 8.8.8.0/24 | US | arin",
            "15169 | 8.8.8 | 8.8.8.0/24 | US | arin | 1992-12-01 | GOOGLE, US",
            "| 8.8.8.8 | 8.8.8.0/24 | US | arin | 1992-12-01 | GOOGLE, US",
            "0 | 8.8.8.8 | 8.8.8.0/24 | US | arin | 1992-12-01 | GOOGLE, US",
            "-1 | 8.8.8.8 | 8.8.8.0/24 | US | arin | 1992-12-01 | GOOGLE, US",
            "15169 x | 8.8.8.8 | 8.8.8.0/24 | US | arin | 1992-12-01 | GOOGLE, US",
            "4294967296 | 8.8.8.8 | 8.8.8.0/24 | US | arin | 1992-12-01 | GOOGLE, US",
            ", | 8.8.8.8 | 8.8.8.0/24 | US | arin | 1992-12-01 | GOOGLE, US",
        ] {
            check_row(line, None);
        }
    }

    #[test]
    fn an_origin_record_is_read() {
        check_record(
            "23028 | 216.90.108.0/24 | US | arin | 1998-09-25",
            Some("AS23028 216.90.108.0/24 US arin 1998-09-25 -"),
        );
        check_record(
            "23028 16509 | 216.90.108.0/24 | US | arin |",
            Some("AS23028,AS16509 216.90.108.0/24 US arin - -"),
        );
        check_record("1 | ::/0 | | ", Some("AS1 ::/0 - - - -"));
        check_record("NA | NA | | other", Some(" - - other - -"));
        for text in ["", "v=spf1 -all", "1 | 8.8.8.0/24 | US", "x | 8.8.8.0/24 | US | arin |"] {
            check_record(text, None);
        }
    }

    #[track_caller]
    fn check_name(text: &str, expected: Option<&str>) {
        let asn = "AS23028".parse().unwrap();
        assert_eq!(name_record(text, asn).as_deref(), expected);
    }

    #[test]
    fn a_name_is_that_of_its_number() {
        check_name("23028 | US | arin | 2002-01-04 | TEAM-CYMRU, US", Some("TEAM-CYMRU, US"));
        check_name("23028|US|arin||A | B, US", Some("A | B, US"));
        check_name("15169 | US | arin | 2000-03-30 | GOOGLE, US", None);
        check_name("23028 | US | arin | 2002-01-04 | NA", None);
        check_name("23028 | US | arin | 2002-01-04 ", None);
        check_name("", None);
    }

    #[test]
    fn a_prefix_that_does_not_hold_the_address_is_dropped() {
        let origin = origin_record("1 | 8.8.8.0/24 | US | arin | 1992-12-01").unwrap();
        assert_eq!(origin.clone().about("8.8.8.8".parse().unwrap()), origin);
        assert_eq!(origin.clone().about("8.8.4.4".parse().unwrap()).prefix, None);
        assert_eq!(origin.about("2001:4860::1".parse().unwrap()).prefix, None);
    }
}

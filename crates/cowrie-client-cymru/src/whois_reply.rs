//! What a reply of the bulk whois service says of each address.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use cowrie_core::parse_address;
use cowrie_enrichment::Data;

use crate::CymruError;
use crate::network::Network;
use crate::wire::{Origin, whois_row};

/// How many characters of what the service said are kept.
const MAX_SAID: usize = 200;

/// Words, in lower case, of a service that is asked too often.
const THROTTLED: [&str; 7] =
    ["limit", "too many", "too often", "too fast", "quota", "exceeded", "slow down"];

/// Words, in lower case, of a service that does not want to be asked.
const DENIED: [&str; 7] =
    ["denied", "blocked", "banned", "blacklist", "not allowed", "forbidden", "abuse"];

/// A reply, in parts; nothing in it is trusted.
#[derive(Debug, Default)]
pub(crate) struct WhoisReply {
    rows: BTreeMap<IpAddr, Vec<Origin>>,
    /// The lines of the request, from 1, that the service could not read.
    not_understood: BTreeSet<usize>,
    /// What the service said instead of an answer.
    refusal: Option<CymruError>,
    /// Whether the reply ends in the middle of a line.
    is_cut: bool,
}

impl WhoisReply {
    /// Reads all lines that end; `is_whole` says whether the service closed the reply itself.
    ///
    /// A row counts even if other lines are damaged. Only where the reply broke off, the address
    /// of the last row is forgotten: a second row of it may be missing.
    pub(crate) fn read(reply: &[u8], is_whole: bool) -> Self {
        let mut read = Self::default();
        let mut last = None;
        let mut rest = "".into();
        for line in reply.split_inclusive(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(line);
            if !line.ends_with(b"\n") {
                rest = text;
            } else if let Some((address, origin)) = whois_row(&text) {
                read.rows.entry(address).or_default().push(origin.about(address));
                last = Some(address);
            } else {
                read.note(&text);
            }
        }
        read.is_cut = !rest.is_empty();
        if (read.is_cut || !is_whole)
            && let Some(address) = last
            && begun_row(&rest).is_none_or(|begun| begun == address)
        {
            read.rows.remove(&address);
        }
        read
    }

    /// Takes a line that is no row: an error, a banner, or nothing that is known.
    fn note(&mut self, line: &str) {
        let said = line.trim().to_ascii_lowercase();
        let is_error = said.starts_with("error");
        if let Some(number) = line_number(&said).filter(|_| is_error) {
            self.not_understood.insert(number);
            return;
        }
        // A row that cannot be read is no message, and neither is a page of a web server.
        if self.refusal.is_some() || (line.contains(['|', '<']) && !is_error) {
            return;
        }
        let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
        let words = line.trim().chars().take(MAX_SAID).collect();
        self.refusal = match () {
            () if has(&DENIED) => Some(CymruError::Denied { said: words }),
            () if has(&THROTTLED) => Some(CymruError::Throttled { said: words }),
            () if is_error => Some(CymruError::Refused { said: words }),
            () => None,
        };
    }

    /// What the reply says of the address, which stood in this line of the request; where it says
    /// nothing, `ending` is the reason if the reply broke off.
    pub(crate) fn answer(
        &self,
        address: IpAddr,
        request_line: usize,
        ending: Option<&CymruError>,
    ) -> Result<Option<Data>, CymruError> {
        if let Some(origins) = self.rows.get(&address) {
            return Ok(Network::choose(origins).and_then(Network::into_data));
        }
        if self.not_understood.contains(&request_line) {
            return Err(CymruError::NotUnderstood);
        }
        let default = if self.is_cut { CymruError::Truncated } else { CymruError::Unanswered };
        Err(self.refusal.as_ref().or(ending).cloned().unwrap_or(default))
    }
}

/// The line of the request that an error is about: `... no ASN or IP match on line 3.`
fn line_number(said: &str) -> Option<usize> {
    let (_, number) = said.rsplit_once("on line ")?;
    number.trim_end_matches('.').parse().ok()
}

/// The address of a row that has only begun, if it is all there.
fn begun_row(rest: &str) -> Option<IpAddr> {
    let mut fields = rest.splitn(3, '|');
    let address = fields.nth(1)?;
    fields.next().and_then(|_| parse_address(address))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BANNER: &str = "Bulk mode; whois.cymru.com [2026-02-10 12:00:00 +0000]\n";
    const GOOGLE: &str =
        "15169   | 8.8.8.8          | 8.8.8.0/24   | US | arin     | 1992-12-01 | GOOGLE, US\n";
    const QUAD9: &str =
        "19281   | 2620:fe::fe      | 2620:fe::/48 | US | arin     | 2014-01-09 | QUAD9-AS-1, US\n";
    const NOBODY: &str =
        "NA      | 1.2.3.4          | NA           |    | apnic    |            | NA\n";

    /// What is said of `8.8.8.8`, `2620:fe::fe` and `1.2.3.4`, which were asked in that order.
    fn told(reply: &[u8], ending: Option<&CymruError>) -> String {
        let read = WhoisReply::read(reply, ending.is_none());
        let asked = ["8.8.8.8", "2620:fe::fe", "1.2.3.4"].map(|text| text.parse().unwrap());
        let answers = asked.iter().zip(3..).map(|(address, line)| {
            match read.answer(*address, line, ending) {
                Ok(Some(data)) => data.get("asn").unwrap().to_string(),
                Ok(None) => "not found".to_owned(),
                Err(error) => format!("({error})"),
            }
        });
        answers.collect::<Vec<_>>().join(", ")
    }

    #[track_caller]
    fn check(lines: &[&str], expected: &str) {
        assert_eq!(told(lines.concat().as_bytes(), None), expected);
    }

    const SILENT: &str = "(the reply does not speak of the address)";

    #[test]
    fn every_line_counts_in_any_order() {
        check(&[BANNER, GOOGLE, QUAD9, NOBODY], "15169, 19281, not found");
        check(&[NOBODY, QUAD9, GOOGLE, BANNER], "15169, 19281, not found");
        let other_spelling = QUAD9.replace("2620:fe::fe", "2620:00FE:0:0:0:0:0:00fe");
        let windows = GOOGLE.replace('\n', "\r\n");
        check(&[&other_spelling, &windows, NOBODY], "15169, 19281, not found");
        let not_asked = GOOGLE.replace("8.8.8.8 ", "9.9.9.9 ");
        check(&[&not_asked, GOOGLE, NOBODY, NOBODY], &format!("15169, {SILENT}, not found"));
    }

    #[test]
    fn a_bad_line_loses_only_itself() {
        let damaged = QUAD9.replace("19281", "19Z81");
        check(&[BANNER, GOOGLE, &damaged, NOBODY], &format!("15169, {SILENT}, not found"));
        check(&["\n", "||||||||\n", "<html>\n", GOOGLE], &format!("15169, {SILENT}, {SILENT}"));
        let mut bytes = GOOGLE.replace("GOOGLE", "G\u{1}GLE").into_bytes();
        bytes.extend([0xff, 0x00, 0xc3, b'|', b'\n']);
        bytes.extend(QUAD9.bytes());
        assert_eq!(told(&bytes, None), format!("15169, 19281, {SILENT}"));
        let mut name = GOOGLE.as_bytes().to_vec();
        let at = name.iter().position(|byte| *byte == b'G').unwrap();
        name[at] = 0xe9;
        assert_eq!(told(&name, None), format!("15169, {SILENT}, {SILENT}"));
    }

    #[test]
    fn a_line_that_was_not_understood_is_that_of_one_address() {
        let error = "Error: no ASN or IP match on line 4.\n";
        let expected = "15169, (the service does not understand the address), not found";
        check(&[BANNER, error, GOOGLE, NOBODY], expected);
        let error = "Error: no ASN or IP match on line 99999999999999999999.";
        let expected = format!("15169, (the service failed: {error}), not found");
        check(&[error, "\n", GOOGLE, NOBODY], &expected);
    }

    #[test]
    fn a_refusal_is_recognised() {
        let all = |said: &str| [said; 3].join(", ");
        let too_often = "(the service was asked too often: Error: Rate limit exceeded)";
        check(&["Error: Rate limit exceeded\n"], &all(too_often));
        let denied = "(the service refuses to answer: ERROR - your address is blocked | abuse)";
        check(&["ERROR - your address is blocked | abuse\n"], &all(denied));
        let failed = "(the service failed: Error: no database)";
        check(&[BANNER, "Error: no database\n"], &all(failed));
        let bare = "(the service was asked too often: Too many connections)";
        check(&["Too many connections\n", "Error: x\n", GOOGLE], &format!("15169, {bare}, {bare}"));
        check(&["Welcome\n", "<p>Our limits</p>\n", "NA | limit |\n"], &all(SILENT));
    }

    #[test]
    fn what_broke_off_is_not_known() {
        let cut = "(the reply broke off)";
        check(&[GOOGLE, "19281   | 2620:fe::f"], &format!("{cut}, {cut}, {cut}"));
        check(&[GOOGLE, "19281   | 2620:fe::fe | 2620"], &format!("15169, {cut}, {cut}"));
        check(&[NOBODY, GOOGLE, "3356 | 8.8.8.8 | 8"], &format!("{cut}, {cut}, not found"));
        check(&[GOOGLE.trim_end()], &format!("{cut}, {cut}, {cut}"));
        let slow = Some(&CymruError::TimedOut);
        let late = "(the answer did not come in time)";
        let reply = [BANNER, GOOGLE, QUAD9].concat();
        assert_eq!(told(reply.as_bytes(), slow), format!("15169, {late}, {late}"));
        assert_eq!(told(b"", slow), format!("{late}, {late}, {late}"));
        check(&[], &format!("{SILENT}, {SILENT}, {SILENT}"));
    }

    /// Bytes, and pieces of real replies in any order.
    fn replies() -> impl Strategy<Value = Vec<u8>> {
        let pieces = [BANNER, GOOGLE, QUAD9, NOBODY, "Error: on line ", "|", "\n", "8.8.8.8", "NA"];
        let piece = prop_oneof![
            prop::sample::select(pieces.to_vec()).prop_map(|piece| piece.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..20),
        ];
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_read(reply in replies(), is_whole in any::<bool>()) {
            let ending = (!is_whole).then_some(&CymruError::TimedOut);
            let answers = told(&reply, ending);
            // Nobody is told to be unknown unless the reply names the address.
            let names_it = reply.windows(7).any(|bytes| bytes == b"1.2.3.4");
            prop_assert!(names_it || !answers.ends_with("not found"), "{answers}");
        }

        #[test]
        fn more_lines_take_no_row_away(noise in replies()) {
            let mut reply = noise;
            reply.push(b'\n');
            reply.extend(GOOGLE.bytes());
            let answers = told(&reply, None);
            prop_assert!(answers.starts_with("15169, "), "{answers}");
        }
    }
}

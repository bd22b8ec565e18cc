//! The client against services on loopback: who is asked, how often, and how it fails.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::Duration;

use cowrie_client_cymru::{BATCH_SIZE, BadOptions, Cymru, CymruError, CymruOptions};
use cowrie_enrichment::{Outcome, PublicAddress, Question, Remedy, Service as _};
use cowrie_loopback::{CymruDns, CymruWhois, DnsBehaviour, WhoisBehaviour};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const GOOGLE: &str =
    "15169   | 8.8.8.8          | 8.8.8.0/24          | US | arin     | 1992-12-01 | GOOGLE, US";
const QUAD9: &str = "19281   | 2620:fe::fe      | 2620:fe::/48        | US | arin     | 2014-01-09 | QUAD9-AS-1, US";
const NOBODY: &str =
    "NA      | 1.2.3.4          | NA                  |    | other    |            | NA";
const MAX_ANSWER: usize = 64 * 1024;
/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// For an answer that never comes.
const IMPATIENCE: Duration = Duration::from_millis(200);

/// Both services, which know what the constants say, and a client of them.
struct Site {
    whois: CymruWhois,
    dns: CymruDns,
    cymru: Cymru,
}

impl Site {
    async fn new(batch_size: NonZeroUsize) -> Self {
        Self::with_timeout(batch_size, PATIENCE).await
    }

    async fn with_timeout(batch_size: NonZeroUsize, timeout: Duration) -> Self {
        let (whois, dns) = (CymruWhois::start().await, CymruDns::start().await);
        whois.answer("8.8.8.8", GOOGLE);
        whois.answer("2620:fe::fe", QUAD9);
        whois.answer("1.2.3.4", NOBODY);
        dns.txt("8.8.8.8.origin.asn.cymru.com", &["15169 | 8.8.8.0/24 | US | arin | 1992-12-01"]);
        dns.txt("AS15169.asn.cymru.com", &["15169 | US | arin | 2000-03-30 | GOOGLE, US"]);
        let cymru = client(whois.address(), dns.address(), batch_size, timeout);
        Self { whois, dns, cymru }
    }

    /// What is told of the addresses through the port.
    async fn told(&self, addresses: &[&str]) -> Vec<Outcome> {
        let questions: Vec<_> =
            addresses.iter().map(|text| Question::Address(address(text))).collect();
        self.cymru.ask(&questions).await.into_iter().map(|reply| reply.outcome).collect()
    }

    /// How many questions the name server got, and the addresses of each connection.
    fn asked(&self) -> (usize, Vec<Vec<String>>) {
        (self.dns.asked().len(), self.whois.requests())
    }
}

fn client(
    whois: SocketAddr,
    dns: SocketAddr,
    batch_size: NonZeroUsize,
    timeout: Duration,
) -> Cymru {
    let options = CymruOptions {
        whois: whois.to_string(),
        dns: Some(dns),
        timeout,
        batch_size,
        max_answer: MAX_ANSWER,
    };
    Cymru::new(options).unwrap()
}

fn address(text: &str) -> PublicAddress {
    PublicAddress::try_from(text.parse::<IpAddr>().unwrap()).unwrap()
}

fn two() -> NonZeroUsize {
    NonZeroUsize::MIN.saturating_add(1)
}

#[track_caller]
fn facts(outcome: &Outcome) -> Value {
    let Outcome::Found(data) = outcome else { panic!("{outcome:?}") };
    Value::Object(data.as_map().clone())
}

/// `found`, `not found`, or the failure with its remedy.
fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Found(_) => "found".to_owned(),
        Outcome::NotFound => "not found".to_owned(),
        Outcome::Failed { reason, remedy } => format!("{reason}: {remedy:?}"),
        Outcome::Skipped { .. } | Outcome::Quota { .. } => panic!("{outcome:?}"),
    }
}

fn google() -> Value {
    json!({
        "asn": 15169, "asn_org": "GOOGLE, US", "country": "US", "registry": "arin",
        "prefix": "8.8.8.0/24", "allocated": "1992-12-01",
    })
}

#[tokio::test]
async fn several_addresses_are_one_connection() {
    let site = Site::new(BATCH_SIZE).await;
    // The third is the second once more, in another spelling.
    let told = site.told(&["1.2.3.4", "2620:fe::fe", "2620:00FE:0::00fe", "8.8.8.8"]).await;
    let quad9 = json!({
        "asn": 19281, "asn_org": "QUAD9-AS-1, US", "country": "US", "registry": "arin",
        "prefix": "2620:fe::/48", "allocated": "2014-01-09",
    });
    assert_eq!(told[0], Outcome::NotFound);
    assert_eq!(told[1..].iter().map(facts).collect::<Vec<_>>(), [quad9.clone(), quad9, google()]);
    let request = ["1.2.3.4", "2620:fe::fe", "8.8.8.8"].map(str::to_owned).to_vec();
    assert_eq!(site.asked(), (0, vec![request]));
}

#[tokio::test]
async fn one_address_is_asked_by_dns_alone() {
    let site = Site::new(BATCH_SIZE).await;
    let told = site.told(&["8.8.8.8", "8.8.8.8"]).await;
    assert_eq!(told.iter().map(facts).collect::<Vec<_>>(), [google(), google()]);
    // One for the address and one for the name of the AS.
    assert_eq!(site.asked(), (2, vec![]));
}

#[tokio::test]
async fn dns_knows_ipv6_and_several_origins() {
    let site = Site::new(BATCH_SIZE).await;
    let nibbles = "e.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.e.f.0.0.0.2.6.2";
    let records = [
        "42 19281 | 2620:fe::/48 | US | arin | 2014-01-09",
        "not a record",
        "1 | 2620::/16 | DE | ripencc | 2001-01-01",
    ];
    site.dns.txt(&format!("{nibbles}.origin6.asn.cymru.com"), &records);
    site.dns.txt("AS42.asn.cymru.com", &["42 | US | arin | 1995-01-01 | WOODYNET-1 | PCH, US"]);
    let told = site.told(&["2620:fe::fe"]).await;
    let expected = json!({
        "asn": 42, "asns": [1, 42, 19281], "asn_org": "WOODYNET-1 | PCH, US", "country": "US",
        "registry": "arin", "prefix": "2620:fe::/48", "allocated": "2014-01-09",
    });
    assert_eq!(facts(&told[0]), expected);
    assert_eq!(site.asked(), (2, vec![]));
}

#[tokio::test]
async fn records_that_do_not_fit_a_datagram_come_all_the_same() {
    let site = Site::new(BATCH_SIZE).await;
    let records: Vec<_> =
        (1..=200).map(|n| format!("{n} | 1.1.1.0/24 | AU | apnic | 2011-08-11")).collect();
    let records: Vec<_> = records.iter().map(String::as_str).collect();
    site.dns.txt("1.1.1.1.origin.asn.cymru.com", &records);
    let told = site.told(&["1.1.1.1"]).await;
    assert_eq!(facts(&told[0])["asns"], json!((1..=200).collect::<Vec<_>>()));
}

#[tokio::test]
async fn a_name_without_records_is_not_found() {
    let site = Site::new(BATCH_SIZE).await;
    assert_eq!(site.told(&["1.2.3.4"]).await, [Outcome::NotFound]);
    // The AS of this one has no name.
    site.dns.txt("4.4.8.8.origin.asn.cymru.com", &["65551 | 8.8.4.0/24 | | arin |"]);
    let told = site.told(&["8.8.4.4"]).await;
    let expected = json!({"asn": 65551, "registry": "arin", "prefix": "8.8.4.0/24"});
    assert_eq!(facts(&told[0]), expected);
    site.dns.txt("9.9.9.9.origin.asn.cymru.com", &["a captive portal"]);
    let told = site.told(&["9.9.9.9"]).await;
    assert_eq!(word(&told[0]), "the records are not those of Team Cymru: SkipItem");
}

#[tokio::test]
async fn a_name_server_that_fails_is_a_failure() {
    let site = Site::new(BATCH_SIZE).await;
    site.dns.behave(DnsBehaviour::ServFail);
    let why = "the name server gave no answer: DNS error: error response: Server Failure";
    check(&site.told(&["8.8.8.8"]).await, &[&format!("{why}: TryAgain")]);
    site.dns.behave(DnsBehaviour::Normal);
    assert_eq!(facts(&site.told(&["8.8.8.8"]).await[0]), google());
    assert_eq!(site.asked().1, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn nothing_is_waited_for_too_long() {
    let site = Site::with_timeout(BATCH_SIZE, IMPATIENCE).await;
    site.dns.behave(DnsBehaviour::Silent);
    site.whois.behave(WhoisBehaviour::Silent);
    let late = "the answer did not come in time: TryAgain";
    check(&site.told(&["8.8.8.8"]).await, &[late]);
    check(&site.told(&["8.8.8.8", "1.2.3.4"]).await, &[late; 2]);
}

#[tokio::test]
async fn batches_are_cut_and_the_last_one_may_be_dns() {
    let site = Site::new(two()).await;
    let asked = ["1.2.3.4", "2620:fe::fe", "1.2.3.5", "1.2.3.6", "8.8.8.8"].map(address);
    let answers = site.cymru.lookup_many(&asked).await;
    assert_eq!(answers.len(), 5);
    assert!(matches!(answers[0], Ok(None)), "{answers:?}");
    assert!(matches!(answers[1], Ok(Some(_))), "{answers:?}");
    assert!(matches!(answers[4], Ok(Some(_))), "{answers:?}");
    let (questions, requests) = site.asked();
    assert_eq!(questions, 2);
    assert_eq!(requests, [["1.2.3.4", "2620:fe::fe"], ["1.2.3.5", "1.2.3.6"]]);
}

#[tokio::test]
async fn after_a_refusal_nothing_more_is_sent() {
    let site = Site::new(two()).await;
    site.whois.behave(WhoisBehaviour::Refused("Error: rate limit exceeded".to_owned()));
    let asked = ["1.2.3.4", "2620:fe::fe", "1.2.3.5", "1.2.3.6", "8.8.8.8"].map(address);
    let answers = site.cymru.lookup_many(&asked).await;
    assert_eq!(answers.len(), 5);
    for answer in answers {
        assert!(matches!(answer, Err(CymruError::Throttled { .. })), "{answer:?}");
    }
    assert_eq!(site.asked(), (0, vec![vec!["1.2.3.4".to_owned(), "2620:fe::fe".to_owned()]]));
}

/// What both addresses are told when the service behaves so.
#[track_caller]
fn check(told: &[Outcome], expected: &[&str]) {
    assert_eq!(told.iter().map(word).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_whois_service_that_fails_is_a_failure() {
    let site = Site::new(BATCH_SIZE).await;
    let asked = ["8.8.8.8", "1.2.3.4"];
    let silent = "the reply does not speak of the address: TryAgain";
    let cut = "the reply broke off: TryAgain";
    let long = "the reply is longer than 65536 bytes: SkipItem";
    let denied = "the service refuses to answer: Error: access denied: DropSource";

    site.whois.behave(WhoisBehaviour::Garbage(b"\x00\xff<html>\n|||||||\n".to_vec()));
    check(&site.told(&asked).await, &[silent; 2]);
    site.whois.behave(WhoisBehaviour::Garbage(b"15169 | 8.8.8.8 | 8.8".to_vec()));
    check(&site.told(&asked).await, &[cut; 2]);
    site.whois.behave(WhoisBehaviour::Oversized(2 * MAX_ANSWER));
    check(&site.told(&asked).await, &[long; 2]);
    site.whois.behave(WhoisBehaviour::Refused("Error: access denied".to_owned()));
    check(&site.told(&asked).await, &[denied; 2]);
    site.whois.behave(WhoisBehaviour::Reset);
    for outcome in site.told(&asked).await {
        let Outcome::Failed { remedy: Remedy::TryAgain, .. } = outcome else {
            panic!("{outcome:?}")
        };
    }
    site.whois.behave(WhoisBehaviour::Normal);
    check(&site.told(&asked).await, &["found", "not found"]);
    assert_eq!(site.asked().0, 0);
}

#[tokio::test]
async fn what_a_truncated_reply_leaves_out_has_failed() {
    let site = Site::new(BATCH_SIZE).await;
    site.whois.behave(WhoisBehaviour::Truncated);
    let told = site.told(&["8.8.8.8", "2620:fe::fe", "1.2.3.4", "1.2.3.5", "1.2.3.6"]).await;
    let failed = "the reply broke off: TryAgain";
    assert_eq!((word(&told[0]).as_str(), word(&told[4]).as_str()), ("found", failed));
    for outcome in told {
        assert!(["found", failed].contains(&word(&outcome).as_str()), "{outcome:?}");
    }
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let cymru = client(closed, closed, BATCH_SIZE, PATIENCE);
    let answers = cymru.lookup_many(&["8.8.8.8", "1.2.3.4"].map(address)).await;
    for answer in answers {
        let error = answer.unwrap_err();
        assert!(matches!(error, CymruError::Unreachable(_)), "{error:?}");
        assert_eq!(error.remedy(), Remedy::TryAgain);
    }
    // That nobody listens is not told to who sent a datagram.
    let cymru = client(closed, closed, BATCH_SIZE, IMPATIENCE);
    let error = cymru.lookup(address("8.8.8.8")).await.unwrap_err();
    assert_eq!(error.remedy(), Remedy::TryAgain);
}

#[tokio::test]
async fn other_questions_are_skipped() {
    let site = Site::new(BATCH_SIZE).await;
    let questions = [
        Question::File("ab".repeat(32).parse().unwrap()),
        Question::Address(address("8.8.8.8")),
        Question::Domain("example.org".parse().unwrap()),
        Question::Passwords("0ABCD".parse().unwrap()),
    ];
    let replies = site.cymru.ask(&questions).await;
    let skipped = Outcome::skipped("it does not answer such questions");
    assert_eq!(facts(&replies[1].outcome), google());
    for reply in [&replies[0], &replies[2], &replies[3]] {
        assert_eq!(reply.outcome, skipped);
    }
    assert_eq!(site.cymru.ask(&[]).await, []);
    assert_eq!(site.cymru.batch_size(), BATCH_SIZE);
    assert_eq!(site.asked(), (2, vec![]));
}

#[test]
fn a_service_without_a_port_is_refused() {
    for whois in ["", "whois.cymru.com", ":43", "whois.cymru.com:", "a:99999"] {
        let options = CymruOptions {
            whois: whois.to_owned(),
            dns: Some(([127, 0, 0, 1], 53).into()),
            timeout: Duration::from_secs(1),
            batch_size: BATCH_SIZE,
            max_answer: MAX_ANSWER,
        };
        let error = Cymru::new(options).unwrap_err();
        assert!(matches!(error, BadOptions::Whois { .. }), "{whois}: {error}");
    }
}

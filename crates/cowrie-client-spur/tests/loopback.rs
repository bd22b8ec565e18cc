//! Questions to a service on loopback that answers, refuses and fails as SPUR does.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::IpAddr;
use std::time::Duration;

use cowrie_client::{BadEndpoint, LookupError};
use cowrie_client_spur::{Spur, SpurOptions};
use cowrie_enrichment::{Outcome, PublicAddress, Question, Remedy, Reply, Service, SourceName};
use cowrie_loopback::{Behaviour, Canned, Provider, Providers};
use serde_json::{Value, json};

const ADDRESS: &str = "89.160.20.112";

/// The fields and words of SPUR's own example of a context, with other values.
const CONTEXT: &str = r#"{
    "as": {"number": 64500, "organization": "Example Hosting"},
    "client": {
        "behaviors": ["FILE_SHARING"],
        "concentration": {"city": "Lund", "country": "SE", "density": 0.202, "geohash": "u3b",
            "skew": 45, "state": "Skåne County"},
        "count": 14, "countries": 1, "proxies": ["EXAMPLE_PROXY"], "spread": 4941431,
        "types": ["MOBILE", "DESKTOP"]
    },
    "infrastructure": "DATACENTER",
    "ip": "89.160.20.112",
    "location": {"city": "Lund", "country": "SE", "state": "Skåne County"},
    "risks": ["TUNNEL"],
    "services": ["OPENVPN"],
    "tunnels": [{"anonymous": true, "entries": ["89.160.20.113"], "exits": ["89.160.20.112"],
        "operator": "EXAMPLE_VPN", "type": "VPN"}]
}"#;

/// A service on loopback that knows [`ADDRESS`], and a client of it.
struct Site {
    providers: Providers,
    spur: Spur,
}

impl Site {
    async fn start(timeout: Duration) -> Self {
        Self::start_with_key(timeout, Providers::KEY).await
    }

    async fn start_with_key(timeout: Duration, key: &str) -> Self {
        let providers = Providers::start().await;
        let answer = Canned::json(CONTEXT).with_header("x-balance-remaining", "41");
        providers.answer(Provider::Spur, ADDRESS, answer);
        let base_url = providers.base_url(Provider::Spur);
        let spur = Spur::new(SpurOptions { base_url, timeout, key: key.into() }).unwrap();
        Self { providers, spur }
    }

    /// Asks about one address, which must be one request.
    async fn ask(&self, text: &str) -> Reply {
        let before = self.providers.count(Provider::Spur);
        let replies = self.spur.ask(&[Question::Address(address(text))]).await;
        assert_eq!(self.providers.count(Provider::Spur), before + 1);
        let [reply] = <[_; 1]>::try_from(replies).unwrap();
        reply
    }
}

fn address(text: &str) -> PublicAddress {
    text.parse::<IpAddr>().unwrap().try_into().unwrap()
}

/// What a service says that behaves so.
async fn reply_to(behaviour: Behaviour) -> Reply {
    let site = Site::start(Duration::from_secs(20)).await;
    site.providers.behave(Provider::Spur, behaviour);
    site.ask(ADDRESS).await
}

#[track_caller]
fn check_failure(reply: &Reply, remedy: Remedy) {
    let Outcome::Failed { reason, remedy: found } = &reply.outcome else { panic!("{reply:?}") };
    assert_eq!(*found, remedy, "{reason}");
    assert!(!reason.contains(Providers::KEY) && !reason.contains(ADDRESS), "{reason}");
}

#[tokio::test]
async fn a_known_address_has_facts() {
    let site = Site::start(Duration::from_secs(20)).await;
    let reply = site.ask(ADDRESS).await;
    assert_eq!(reply.remaining, Some(41));
    let Outcome::Found(data) = reply.outcome else { panic!("{reply:?}") };
    let expected = json!({
        "as": {"number": 64500, "organization": "Example Hosting"},
        "client": {"types": ["MOBILE", "DESKTOP"], "count": 14, "countries": 1,
            "behaviors": ["FILE_SHARING"], "proxies": ["EXAMPLE_PROXY"]},
        "infrastructure": "DATACENTER",
        "location": {"city": "Lund", "state": "Skåne County", "country": "SE"},
        "risks": ["TUNNEL"],
        "services": ["OPENVPN"],
        "tunnels": [{"type": "VPN", "operator": "EXAMPLE_VPN", "anonymous": true,
            "entries": ["89.160.20.113"], "exits": ["89.160.20.112"]}]
    });
    assert_eq!(Value::Object(data.as_map().clone()), expected);
    assert_eq!(site.spur.lookup(address(ADDRESS)).await.unwrap(), Some(data));

    let asked = site.providers.asked(Provider::Spur);
    assert_eq!(asked.len(), 2);
    for request in asked {
        assert_eq!((request.method.as_str(), request.key.as_str()), ("GET", ADDRESS));
        assert!(request.path.ends_with("/v2/context/89.160.20.112"), "{}", request.path);
        assert_eq!(request.headers.get("token").map(String::as_str), Some(Providers::KEY));
        assert_eq!((request.query.as_str(), request.body.as_str()), ("", ""));
    }
}

#[tokio::test]
async fn an_address_of_version_six_is_one_step_of_the_path() {
    let site = Site::start(Duration::from_secs(20)).await;
    let text = "2a00:1450:4001::1";
    let answer = Canned::json(r#"{"ip": "2a00:1450:4001::1", "infrastructure": "MOBILE"}"#);
    site.providers.answer(Provider::Spur, text, answer);
    let reply = site.ask(text).await;
    assert!(matches!(reply.outcome, Outcome::Found(_)), "{reply:?}");
}

#[tokio::test]
async fn an_unknown_address_is_an_answer() {
    let site = Site::start(Duration::from_secs(20)).await;
    assert_eq!(site.ask("81.2.69.142").await.outcome, Outcome::NotFound);
    assert_eq!(site.spur.lookup(address("81.2.69.142")).await.unwrap(), None);
    // A balance of zero with an answer is for the limiter to heed.
    let answer = Canned::json("{}").with_status(404).with_header("x-balance-remaining", "0");
    site.providers.answer(Provider::Spur, "81.2.69.143", answer);
    let expected = Reply { outcome: Outcome::NotFound, remaining: Some(0) };
    assert_eq!(site.ask("81.2.69.143").await, expected);
    // It was seen, and there is nothing to say of it.
    let answer = Canned::json(r#"{"ip": "81.2.69.144"}"#);
    site.providers.answer(Provider::Spur, "81.2.69.144", answer);
    assert_eq!(site.ask("81.2.69.144").await.outcome, Outcome::NotFound);
}

#[tokio::test]
async fn only_addresses_are_asked_about() {
    let site = Site::start(Duration::from_secs(20)).await;
    let questions = [
        Question::File("ab".repeat(32).parse().unwrap()),
        Question::Address(address(ADDRESS)),
        Question::Domain("example.org".parse().unwrap()),
        Question::Passwords("ABCDE".parse().unwrap()),
    ];
    let replies = site.spur.ask(&questions).await;
    let found: Vec<_> = replies
        .iter()
        .map(|reply| match reply.outcome {
            Outcome::Found(_) => "found",
            Outcome::Skipped { .. } => "skipped",
            _ => "neither",
        })
        .collect();
    assert_eq!(found, ["skipped", "found", "skipped", "skipped"]);
    assert_eq!(site.providers.count(Provider::Spur), 1);
    assert_eq!(site.spur.name(), SourceName::Spur);
}

#[tokio::test]
async fn a_wrong_key_ends_the_questions() {
    let site = Site::start_with_key(Duration::from_secs(20), "another-key-for-tests").await;
    check_failure(&site.ask(ADDRESS).await, Remedy::DropSource);
    for refusal in
        [Behaviour::status(401, &[], ""), Behaviour::status(403, &[], r#"{"query_status": "no"}"#)]
    {
        check_failure(&reply_to(refusal).await, Remedy::DropSource);
    }
}

#[tokio::test]
async fn haste_is_told_from_a_quota_that_is_used_up() {
    let minute = Remedy::Wait(Duration::from_mins(1));
    let throttled = [
        (Behaviour::status(429, &[], ""), minute),
        (Behaviour::status(429, &[], r#"{"message": "too many requests"}"#), minute),
        (Behaviour::status(429, &[("retry-after", "7")], ""), Remedy::Wait(Duration::from_secs(7))),
        // Where the balance is told, it decides.
        (Behaviour::status(429, &[("x-balance-remaining", "3")], "no credits"), minute),
    ];
    for (behaviour, remedy) in throttled {
        check_failure(&reply_to(behaviour).await, remedy);
    }
    let spent = [
        Behaviour::status(429, &[("x-balance-remaining", "0")], ""),
        Behaviour::status(429, &[("retry-after", "7")], r#"{"query_status": "Out of Credits"}"#),
        Behaviour::status(429, &[], "monthly quota exceeded"),
        Behaviour::status(402, &[], ""),
    ];
    for behaviour in spent {
        assert_eq!(reply_to(behaviour).await.outcome, Outcome::Quota { until: None });
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let failures = [
        Behaviour::status(500, &[], ""),
        Behaviour::status(502, &[], "<html>"),
        // Only a refusal of a metered question is read for what it says.
        Behaviour::status(503, &[], "no credits"),
        Behaviour::Reset,
        Behaviour::Truncated,
    ];
    for behaviour in failures {
        check_failure(&reply_to(behaviour).await, Remedy::TryAgain);
    }
    let later = Behaviour::status(503, &[("retry-after", "30")], "");
    check_failure(&reply_to(later).await, Remedy::Wait(Duration::from_secs(30)));
}

#[tokio::test]
async fn silence_ends_with_the_timeout() {
    let site = Site::start(Duration::from_millis(1_500)).await;
    site.providers.behave(Provider::Spur, Behaviour::Silent);
    check_failure(&site.ask(ADDRESS).await, Remedy::TryAgain);
}

#[tokio::test]
async fn what_is_no_answer_is_passed_over() {
    let json = "application/json";
    let failures = [
        Behaviour::Oversized(300 * 1024),
        Behaviour::status(400, &[], ""),
        Behaviour::status(302, &[("location", "http://localhost:1/")], ""),
        Behaviour::body("text/html", "<html><body>Please log in</body></html>"),
        Behaviour::body(json, ""),
        Behaviour::body(json, "null"),
        Behaviour::body(json, "[]"),
        Behaviour::body(json, r#"["DATACENTER"]"#),
        Behaviour::body(json, "{}"),
        Behaviour::body(json, r#"{"error": "log in"}"#),
        Behaviour::body(json, r#"{"ip": "89.160.20.112""#),
        Behaviour::body(json, "[".repeat(100_000)),
        Behaviour::body(json, r#"{"a":"#.repeat(30_000)),
        Behaviour::body(json, format!("{}1{}", r#"{"a":"#.repeat(1_000), "}".repeat(1_000))),
        Behaviour::body(json, b"{\"ip\": \"\xff\xfe\"}".to_vec()),
        Behaviour::body(json, vec![0; 100]),
    ];
    for behaviour in failures {
        check_failure(&reply_to(behaviour).await, Remedy::SkipItem);
    }
}

#[tokio::test]
async fn nul_in_an_answer_does_not_reach_the_facts() {
    let answer = r#"{"ip": "89.160.20.112", "organization": "a\u0000b", "risks": ["\u0000"]}"#;
    let reply = reply_to(Behaviour::body("application/json", answer)).await;
    let Outcome::Found(data) = reply.outcome else { panic!("{reply:?}") };
    assert_eq!(Value::Object(data.as_map().clone()), json!({"organization": "ab"}));
}

#[tokio::test]
async fn a_failure_does_not_outlast_its_cause() {
    let site = Site::start(Duration::from_secs(20)).await;
    let turns = vec![Behaviour::status(500, &[], ""), Behaviour::Reset, Behaviour::Normal];
    site.providers.behave(Provider::Spur, Behaviour::InTurn(turns));
    check_failure(&site.ask(ADDRESS).await, Remedy::TryAgain);
    check_failure(&site.ask(ADDRESS).await, Remedy::TryAgain);
    assert!(matches!(site.ask(ADDRESS).await.outcome, Outcome::Found(_)));
}

#[tokio::test]
async fn a_lookup_keeps_the_error() {
    let site = Site::start(Duration::from_secs(20)).await;
    site.providers.behave(Provider::Spur, Behaviour::status(402, &[], ""));
    let error = site.spur.lookup(address(ADDRESS)).await.unwrap_err();
    assert!(matches!(error, LookupError::Spent), "{error:?}");
}

#[test]
fn options_that_cannot_work_are_refused() {
    let spur = |base_url: &str, key: &str| {
        let base_url = base_url.to_owned();
        Spur::new(SpurOptions { base_url, timeout: Duration::from_secs(1), key: key.into() })
    };
    let no_url = spur("api.spur.us", "key-for-tests");
    assert!(matches!(no_url, Err(BadEndpoint::Url { .. })), "{no_url:?}");
    let no_key = spur("http://127.0.0.1:1", "key-for-tests\n");
    assert!(matches!(no_key, Err(BadEndpoint::Key)), "{no_key:?}");
    let usable = spur("http://127.0.0.1:1", "key-for-tests").unwrap();
    assert!(!format!("{usable:?}").contains("key-for-tests"));
}

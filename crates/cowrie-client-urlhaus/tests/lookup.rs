//! Questions to a service on loopback, which answers and fails as URLhaus does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers too")]

use std::net::IpAddr;
use std::time::Duration;

use cowrie_client_urlhaus::{Host, UrlHaus, UrlHausOptions};
use cowrie_enrichment::{Outcome, Question, Reply, Service, SourceName};
use cowrie_loopback::{Behaviour, Canned, Provider, Providers};
use serde_json::{Value, json};

const SERVER: &str = "8.8.4.4";
const DOMAIN: &str = "malware.example";

/// What URLhaus says of an address: the fields of the example in its documentation.
const KNOWN: &str = r#"{"query_status": "ok",
    "urlhaus_reference": "https:\/\/urlhaus.abuse.ch\/host\/8.8.4.4\/",
    "host": "8.8.4.4", "firstseen": "2026-01-15 07:09:01 UTC", "url_count": "2",
    "urls": [
        {"id": "121319", "url": "http:\/\/8.8.4.4\/bins\/mips", "url_status": "online",
         "date_added": "2026-02-11 07:45:05 UTC", "threat": "malware_download",
         "reporter": "abuse_ch", "larted": "true", "takedown_time_seconds": null,
         "tags": ["mirai", "elf"]},
        {"id": "121316", "url_status": "offline", "threat": "malware_download", "tags": null}]}"#;

/// Longer than any test may take.
const PATIENT: Duration = Duration::from_mins(1);

fn urlhaus(providers: &Providers, key: &str, timeout: Duration) -> UrlHaus {
    UrlHaus::new(UrlHausOptions {
        base_url: providers.base_url(Provider::UrlHaus),
        timeout,
        throttled_wait: Duration::from_secs(77),
        key: key.into(),
    })
    .unwrap()
}

fn address(text: &str) -> Question {
    let address: IpAddr = text.parse().unwrap();
    Question::Address(address.try_into().unwrap())
}

fn domain(text: &str) -> Question {
    Question::Domain(text.parse().unwrap())
}

async fn ask(urlhaus: &UrlHaus, question: Question) -> Reply {
    urlhaus.ask(&[question]).await.remove(0)
}

/// The facts, or a word for the other outcomes. No failure may say the key or the place.
fn said(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Found(data) => Value::Object(data.as_map().clone()),
        Outcome::Failed { reason, remedy } => {
            let is_clean = !reason.contains(Providers::KEY) && !reason.contains("127.0.0.1");
            assert!(is_clean, "{reason}");
            json!(format!("{remedy:?}"))
        }
        other => json!(format!("{other:?}")),
    }
}

/// Asks once a service that behaves so.
async fn check(behaviour: Behaviour, timeout: Duration, expected: Value) {
    let providers = Providers::start().await;
    providers.behave(Provider::UrlHaus, behaviour.clone());
    let urlhaus = urlhaus(&providers, Providers::KEY, timeout);
    let reply = ask(&urlhaus, address(SERVER)).await;
    assert_eq!(said(&reply.outcome), expected, "{behaviour:?}");
    assert_eq!(providers.count(Provider::UrlHaus), 1, "{behaviour:?}");
}

#[tokio::test]
async fn a_server_of_malware_is_found_and_a_stranger_is_not() {
    let providers = Providers::start().await;
    providers.answer(Provider::UrlHaus, SERVER, Canned::json(KNOWN));
    let lists = r#"{"query_status": "ok", "url_count": 1, "urls": null,
        "blacklists": {"spamhaus_dbl": "abused_legit_malware", "surbl": "not listed"}}"#;
    providers.answer(Provider::UrlHaus, DOMAIN, Canned::json(lists));
    let urlhaus = urlhaus(&providers, Providers::KEY, PATIENT);
    assert_eq!(urlhaus.name(), SourceName::UrlHaus);
    assert_eq!(urlhaus.batch_size().get(), 1);

    let known = json!({"threat_level": "high", "tags": ["elf", "mirai"], "url_count": 2,
        "online": 1, "first_seen": "2026-01-15T07:09:01.000000+00:00"});
    let reply = ask(&urlhaus, address(SERVER)).await;
    assert_eq!((said(&reply.outcome), reply.remaining), (known.clone(), None));
    let listed = json!({"threat_level": "medium", "url_count": 1,
        "blacklists": {"spamhaus_dbl": "abused_legit_malware", "surbl": "not listed"}});
    assert_eq!(said(&ask(&urlhaus, domain(DOMAIN)).await.outcome), listed);
    assert_eq!(ask(&urlhaus, address("9.9.9.9")).await.outcome, Outcome::NotFound);

    let direct = urlhaus.lookup(&Host::of(&address(SERVER)).unwrap()).await.unwrap();
    assert_eq!(Value::Object(direct.unwrap().as_map().clone()), known);

    let asked = providers.asked(Provider::UrlHaus);
    let keys: Vec<_> = asked.iter().map(|asked| asked.key.as_str()).collect();
    assert_eq!(keys, [SERVER, DOMAIN, "9.9.9.9", SERVER]);
    for asked in &asked {
        assert_eq!(asked.method, "POST");
        assert!(asked.path.ends_with("/v1/host/"), "{}", asked.path);
        assert_eq!(asked.body, format!("host={}", asked.key));
        assert_eq!(asked.headers["content-type"], "application/x-www-form-urlencoded");
        assert_eq!(asked.headers["auth-key"], Providers::KEY);
        assert!(asked.headers["user-agent"].starts_with("cowrie-processor/"));
    }
}

#[tokio::test]
async fn the_sample_of_the_wire_is_read() {
    let providers = Providers::start().await;
    let urlhaus = urlhaus(&providers, Providers::KEY, PATIENT);
    let expected = json!({
        "threat_level": "high", "tags": ["32-bit", "Mozi", "elf", "mirai"], "url_count": 3,
        "online": 1, "first_seen": "2026-03-02T08:17:05.000000+00:00",
        "blacklists": {"spamhaus_dbl": "not listed", "surbl": "not listed"},
    });
    assert_eq!(said(&ask(&urlhaus, address("45.148.10.121")).await.outcome), expected);
    assert_eq!(providers.count(Provider::UrlHaus), 1);
}

#[tokio::test]
async fn a_key_that_is_wrong_or_broken_drops_the_source() {
    let providers = Providers::start().await;
    let wrong = urlhaus(&providers, "another-key", PATIENT);
    assert_eq!(said(&ask(&wrong, address(SERVER)).await.outcome), "DropSource");
    assert_eq!(providers.count(Provider::UrlHaus), 1);
    let broken = urlhaus(&providers, "key-for-tests\r\nx: y", PATIENT);
    assert_eq!(said(&ask(&broken, address(SERVER)).await.outcome), "DropSource");
    assert_eq!(providers.count(Provider::UrlHaus), 1, "a broken key is not sent");
}

#[tokio::test]
async fn questions_that_it_cannot_answer_are_not_sent() {
    let providers = Providers::start().await;
    let urlhaus = urlhaus(&providers, Providers::KEY, PATIENT);
    let questions = [
        address("2001:4860:4860::8888"),
        Question::Passwords("ABCDE".parse().unwrap()),
        Question::File("a".repeat(64).parse().unwrap()),
    ];
    let replies = urlhaus.ask(&questions).await;
    assert_eq!(replies.len(), questions.len());
    for reply in replies {
        assert!(matches!(reply.outcome, Outcome::Skipped { .. }), "{reply:?}");
    }
    assert_eq!(providers.count(Provider::UrlHaus), 0);
}

#[tokio::test]
async fn the_status_is_in_the_body() {
    for (text, expected) in [
        (r#"{"query_status": "no_results"}"#, "NotFound"),
        (r#"{"query_status": "ok"}"#, "NotFound"),
        (r#"{"query_status": "ok", "url_count": "0", "urls": []}"#, "NotFound"),
        (r#"{"query_status": "unknown_auth_key"}"#, "DropSource"),
        (r#"{"query_status": "invalid_host"}"#, "SkipItem"),
        (r#"{"query_status": "http_post_expected"}"#, "SkipItem"),
        (r#"{"query_status": "something else"}"#, "SkipItem"),
        (r#"{"query_status": null}"#, "SkipItem"),
        ("{}", "SkipItem"),
        ("[]", "SkipItem"),
    ] {
        check(Behaviour::body("application/json", text), PATIENT, json!(expected)).await;
    }
}

#[tokio::test]
async fn refusals_have_their_remedy() {
    for (behaviour, expected) in [
        (Behaviour::status(401, &[], r#"{"query_status": "unknown_auth_key"}"#), "DropSource"),
        (Behaviour::status(403, &[], r#"{"query_status": "unknown_auth_key"}"#), "DropSource"),
        (Behaviour::status(429, &[("Retry-After", "7")], ""), "Wait(7s)"),
        (Behaviour::status(429, &[], ""), "Wait(77s)"),
        (Behaviour::status(500, &[], "oops"), "TryAgain"),
        (Behaviour::status(503, &[("Retry-After", "30")], ""), "Wait(30s)"),
        (Behaviour::status(400, &[], ""), "SkipItem"),
        (Behaviour::status(404, &[], r#"{"query_status": "no_results"}"#), "SkipItem"),
        (Behaviour::status(302, &[("Location", "http://192.0.2.1/")], ""), "SkipItem"),
    ] {
        check(behaviour, PATIENT, json!(expected)).await;
    }
}

#[tokio::test]
async fn broken_answers_have_their_remedy() {
    let nested = format!("{{\"urls\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for (behaviour, expected) in [
        (Behaviour::Reset, "TryAgain"),
        (Behaviour::Truncated, "TryAgain"),
        (Behaviour::Oversized(2 * 1024 * 1024 + 1), "SkipItem"),
        (Behaviour::body("text/html", "<html>Please sign in</html>"), "SkipItem"),
        (Behaviour::body("application/json", ""), "SkipItem"),
        (Behaviour::body("application/json", nested), "SkipItem"),
        (Behaviour::body("application/json", *b"{\"query_status\": \"\xff\xfe\"}"), "SkipItem"),
        (Behaviour::body("application/octet-stream", *b"\0\0\0\0"), "SkipItem"),
    ] {
        check(behaviour, PATIENT, json!(expected)).await;
    }
    check(Behaviour::Silent, Duration::from_millis(400), json!("TryAgain")).await;
}

#[tokio::test]
async fn nul_is_left_out_and_of_thousands_of_urls_a_little_is_kept() {
    let dirty = r#"{"query_status": "ok", "urls": [{"tags": ["mi\u0000rai", "\u0000"]}],
        "blacklists": {"surbl\u0000": "\u0000listed"}}"#;
    let clean = json!({"threat_level": "medium", "tags": ["mirai"], "url_count": 1, "online": 0,
        "blacklists": {"surbl": "listed"}});
    check(Behaviour::body("application/json", dirty), PATIENT, clean).await;

    let urls: Vec<_> =
        (0..5_000).map(|n| json!({"url_status": "online", "tags": [format!("t{n:04}")]})).collect();
    let many = json!({"query_status": "ok", "url_count": "6000", "urls": urls}).to_string();
    let tags: Vec<_> = (0..100).map(|n| format!("t{n:04}")).collect();
    let few = json!({"threat_level": "high", "tags": tags, "url_count": 6_000, "online": 5_000});
    check(Behaviour::body("application/json", many), PATIENT, few).await;
}

#[tokio::test]
async fn one_client_outlives_failures() {
    let providers = Providers::start().await;
    providers.answer(Provider::UrlHaus, SERVER, Canned::json(KNOWN));
    let behaviours = [Behaviour::status(500, &[], ""), Behaviour::Reset, Behaviour::Truncated];
    let behaviours = behaviours.into_iter().chain([Behaviour::Normal]).collect();
    providers.behave(Provider::UrlHaus, Behaviour::InTurn(behaviours));
    let urlhaus = urlhaus(&providers, Providers::KEY, PATIENT);
    for _ in 0..3 {
        assert_eq!(said(&ask(&urlhaus, address(SERVER)).await.outcome), "TryAgain");
    }
    let reply = ask(&urlhaus, address(SERVER)).await;
    assert!(matches!(reply.outcome, Outcome::Found(_)), "{reply:?}");
    assert_eq!(providers.count(Provider::UrlHaus), 4);
}

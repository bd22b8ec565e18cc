//! Questions to a service on loopback, which answers and fails as GreyNoise does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers too")]

use std::net::IpAddr;
use std::time::Duration;

use cowrie_client_greynoise::{GreyNoise, GreyNoiseOptions};
use cowrie_enrichment::{Outcome, PublicAddress, Question, Reply, Service, SourceName};
use cowrie_loopback::{Behaviour, Canned, Provider, Providers};
use serde_json::{Value, json};

const SCANNER: &str = "71.6.135.131";

/// What GreyNoise says of a scanner, after the example in its documentation.
const SEEN: &str = r#"{"ip": "71.6.135.131", "noise": true, "riot": false,
    "classification": "malicious", "name": "unknown",
    "link": "https://viz.greynoise.io/ip/71.6.135.131", "last_seen": "2026-02-10",
    "message": "Success"}"#;

/// Longer than any test may take.
const PATIENT: Duration = Duration::from_mins(1);

fn greynoise(providers: &Providers, key: Option<&str>, timeout: Duration) -> GreyNoise {
    GreyNoise::new(GreyNoiseOptions {
        base_url: providers.base_url(Provider::GreyNoise),
        timeout,
        throttled_wait: Duration::from_secs(77),
        key: key.map(Into::into),
    })
    .unwrap()
}

fn address(text: &str) -> Question {
    let address: IpAddr = text.parse().unwrap();
    Question::Address(address.try_into().unwrap())
}

async fn ask(greynoise: &GreyNoise, question: Question) -> Reply {
    greynoise.ask(&[question]).await.remove(0)
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
    providers.behave(Provider::GreyNoise, behaviour.clone());
    let greynoise = greynoise(&providers, Some(Providers::KEY), timeout);
    let reply = ask(&greynoise, address(SCANNER)).await;
    assert_eq!(said(&reply.outcome), expected, "{behaviour:?}");
    assert_eq!(providers.count(Provider::GreyNoise), 1, "{behaviour:?}");
}

#[tokio::test]
async fn a_scanner_is_found_and_a_stranger_is_not() {
    let providers = Providers::start().await;
    let answer = Canned::json(SEEN).with_header("X-RateLimit-Remaining", "41");
    providers.answer(Provider::GreyNoise, SCANNER, answer);
    let greynoise = greynoise(&providers, Some(Providers::KEY), PATIENT);
    assert_eq!(greynoise.name(), SourceName::GreyNoise);
    assert_eq!(greynoise.batch_size().get(), 1);

    let seen = json!({"noise": true, "riot": false, "classification": "malicious",
        "last_seen": "2026-02-10"});
    let reply = ask(&greynoise, address(SCANNER)).await;
    assert_eq!((said(&reply.outcome), reply.remaining), (seen.clone(), Some(41)));
    let reply = ask(&greynoise, address("9.9.9.9")).await;
    assert_eq!((reply.outcome, reply.remaining), (Outcome::NotFound, None));

    let direct: IpAddr = SCANNER.parse().unwrap();
    let direct = greynoise.lookup(PublicAddress::try_from(direct).unwrap()).await.unwrap();
    assert_eq!(Value::Object(direct.unwrap().as_map().clone()), seen);

    let asked = providers.asked(Provider::GreyNoise);
    let keys: Vec<_> = asked.iter().map(|asked| asked.key.as_str()).collect();
    assert_eq!(keys, [SCANNER, "9.9.9.9", SCANNER]);
    for asked in &asked {
        assert_eq!(asked.method, "GET");
        assert!(asked.path.ends_with(&format!("/v3/community/{}", asked.key)), "{}", asked.path);
        assert_eq!(asked.headers.get("key").map(String::as_str), Some(Providers::KEY));
        assert!(asked.headers["user-agent"].starts_with("cowrie-processor/"));
    }
}

#[tokio::test]
async fn the_samples_of_the_wire_are_read() {
    let providers = Providers::start().await;
    let greynoise = greynoise(&providers, Some(Providers::KEY), PATIENT);
    let fact = |noise: bool, classification: &str, last_seen: &str| {
        json!({"noise": noise, "riot": !noise, "classification": classification,
            "last_seen": last_seen})
    };
    for (sample, mut expected, name) in [
        ("45.148.10.121", fact(true, "malicious", "2026-04-28"), None),
        ("71.6.135.131", fact(true, "benign", "2026-04-27"), Some("Shodan.io")),
        ("8.8.8.8", fact(false, "benign", "2026-04-28"), Some("Google Public DNS")),
    ] {
        if let Some(name) = name {
            expected["name"] = name.into();
        }
        assert_eq!(said(&ask(&greynoise, address(sample)).await.outcome), expected);
    }
    assert_eq!(providers.count(Provider::GreyNoise), 3);
}

#[tokio::test]
async fn without_a_key_none_is_sent() {
    let providers = Providers::start().await;
    providers.behave(Provider::GreyNoise, Behaviour::body("application/json", SEEN));
    let reply = ask(&greynoise(&providers, None, PATIENT), address(SCANNER)).await;
    assert!(matches!(reply.outcome, Outcome::Found(_)), "{reply:?}");
    let asked = providers.asked(Provider::GreyNoise);
    assert_eq!((asked.len(), asked[0].headers.get("key")), (1, None));
}

#[tokio::test]
async fn a_key_that_is_wrong_or_broken_drops_the_source() {
    let providers = Providers::start().await;
    let wrong = greynoise(&providers, Some("another-key"), PATIENT);
    assert_eq!(said(&ask(&wrong, address(SCANNER)).await.outcome), "DropSource");
    assert_eq!(providers.count(Provider::GreyNoise), 1);
    let broken = greynoise(&providers, Some("key-for-tests\r\nx: y"), PATIENT);
    assert_eq!(said(&ask(&broken, address(SCANNER)).await.outcome), "DropSource");
    assert_eq!(providers.count(Provider::GreyNoise), 1, "a broken key is not sent");
}

#[tokio::test]
async fn questions_that_it_cannot_answer_are_not_sent() {
    let providers = Providers::start().await;
    let greynoise = greynoise(&providers, Some(Providers::KEY), PATIENT);
    let questions = [
        address("2001:4860:4860::8888"),
        Question::Domain("malware.example".parse().unwrap()),
        Question::Passwords("ABCDE".parse().unwrap()),
        Question::File("a".repeat(64).parse().unwrap()),
    ];
    let replies = greynoise.ask(&questions).await;
    assert_eq!(replies.len(), questions.len());
    for reply in replies {
        assert!(matches!(reply.outcome, Outcome::Skipped { .. }), "{reply:?}");
    }
    assert_eq!(providers.count(Provider::GreyNoise), 0);
}

#[tokio::test]
async fn refusals_have_their_remedy() {
    let refused = r#"{"plan": "unauthenticated", "rate-limit": "100-lookups/day",
        "message": "You have hit your daily rate limit"}"#;
    for (behaviour, expected) in [
        (Behaviour::status(401, &[], r#"{"message": "forbidden"}"#), "DropSource"),
        (Behaviour::status(403, &[], ""), "DropSource"),
        (Behaviour::status(429, &[("Retry-After", "7")], refused), "Wait(7s)"),
        (Behaviour::status(429, &[], refused), "Wait(77s)"),
        (Behaviour::status(500, &[], "oops"), "TryAgain"),
        (Behaviour::status(503, &[("Retry-After", "30")], ""), "Wait(30s)"),
        (
            Behaviour::status(400, &[], r#"{"message": "not a valid routable IPv4 address"}"#),
            "SkipItem",
        ),
        (Behaviour::status(404, &[], "<html>no such page</html>"), "SkipItem"),
        (Behaviour::status(404, &[], r#"{"message": "no route"}"#), "SkipItem"),
        (Behaviour::status(302, &[("Location", "http://192.0.2.1/")], ""), "SkipItem"),
    ] {
        check(behaviour, PATIENT, json!(expected)).await;
    }
}

#[tokio::test]
async fn broken_answers_have_their_remedy() {
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (behaviour, expected) in [
        (Behaviour::Reset, "TryAgain"),
        (Behaviour::Truncated, "TryAgain"),
        (Behaviour::Oversized(64 * 1024 + 1), "SkipItem"),
        (Behaviour::body("text/html", "<html>Please sign in</html>"), "SkipItem"),
        (Behaviour::body("application/json", ""), "SkipItem"),
        (Behaviour::body("application/json", "{}"), "SkipItem"),
        (Behaviour::body("application/json", "[true, true]"), "SkipItem"),
        (Behaviour::body("application/json", nested), "SkipItem"),
        (
            Behaviour::body("application/json", *b"{\"noise\": true, \"name\": \"\xff\xfe\"}"),
            "SkipItem",
        ),
        (Behaviour::body("application/octet-stream", *b"\0\0\0\0"), "SkipItem"),
    ] {
        check(behaviour, PATIENT, json!(expected)).await;
    }
    check(Behaviour::Silent, Duration::from_millis(400), json!("TryAgain")).await;
}

#[tokio::test]
async fn nul_is_left_out() {
    let dirty = r#"{"noise": true, "name": "Shod\u0000an", "x\u0000": "\u0000"}"#;
    let clean = json!({"noise": true, "name": "Shodan"});
    check(Behaviour::body("application/json", dirty), PATIENT, clean).await;
}

#[tokio::test]
async fn one_client_outlives_failures() {
    let providers = Providers::start().await;
    providers.answer(Provider::GreyNoise, SCANNER, Canned::json(SEEN));
    let behaviours = [Behaviour::status(500, &[], ""), Behaviour::Reset, Behaviour::Truncated];
    let behaviours = behaviours.into_iter().chain([Behaviour::Normal]).collect();
    providers.behave(Provider::GreyNoise, Behaviour::InTurn(behaviours));
    let greynoise = greynoise(&providers, Some(Providers::KEY), PATIENT);
    for _ in 0..3 {
        assert_eq!(said(&ask(&greynoise, address(SCANNER)).await.outcome), "TryAgain");
    }
    let reply = ask(&greynoise, address(SCANNER)).await;
    assert!(matches!(reply.outcome, Outcome::Found(_)), "{reply:?}");
    assert_eq!(providers.count(Provider::GreyNoise), 4);
}

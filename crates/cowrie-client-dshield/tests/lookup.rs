//! Questions to a service on loopback, which answers and fails as DShield does.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers too")]

use std::net::IpAddr;
use std::time::Duration;

use cowrie_client_dshield::{DShield, DShieldOptions};
use cowrie_enrichment::{Outcome, PublicAddress, Question, Reply, Service, SourceName};
use cowrie_loopback::{Behaviour, Canned, Provider, Providers};
use serde_json::{Value, json};

const ATTACKER: &str = "93.223.169.159";
const CONTACT: &str = "soc@example.org";

/// What DShield says of an attacker: the fields that its API sends, with numbers as text.
const REPORTED: &str = r#"{"ip": {"number": "93.223.169.159", "count": "11", "attacks": 2,
    "maxdate": "2024-02-01", "mindate": "2023-09-16", "updated": "2024-02-02 04:07:17",
    "comment": null, "maxrisk": null, "asabusecontact": "abuse@as.example", "as": "3320",
    "asname": "DTAG", "ascountry": "DE", "assize": 34000000, "network": "93.192.0.0/10",
    "threatfeeds": {"blocklistde22": {"lastseen": "2024-02-01", "firstseen": "2023-09-13"}}}}"#;

/// What DShield says of a stranger.
const NULLS: &str = r#"{"ip": {"number": "9.9.9.9", "count": null, "attacks": null,
    "maxdate": null, "mindate": null, "updated": null, "comment": null, "maxrisk": null,
    "as": null, "asname": null, "ascountry": null, "threatfeeds": null}}"#;

/// Longer than any test may take.
const PATIENT: Duration = Duration::from_mins(1);

fn dshield(providers: &Providers, timeout: Duration) -> DShield {
    DShield::new(DShieldOptions {
        base_url: providers.base_url(Provider::DShield),
        timeout,
        throttled_wait: Duration::from_mins(5),
        contact: CONTACT.to_owned(),
    })
    .unwrap()
}

fn address(text: &str) -> Question {
    let address: IpAddr = text.parse().unwrap();
    Question::Address(address.try_into().unwrap())
}

async fn ask(dshield: &DShield, question: Question) -> Reply {
    dshield.ask(&[question]).await.remove(0)
}

/// The facts, or a word for the other outcomes. No failure may say the contact or the place.
fn said(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Found(data) => Value::Object(data.as_map().clone()),
        Outcome::Failed { reason, remedy } => {
            let is_clean = !reason.contains(CONTACT) && !reason.contains("127.0.0.1");
            assert!(is_clean, "{reason}");
            json!(format!("{remedy:?}"))
        }
        other => json!(format!("{other:?}")),
    }
}

/// Asks once a service that behaves so.
async fn check(behaviour: Behaviour, timeout: Duration, expected: Value) {
    let providers = Providers::start().await;
    providers.behave(Provider::DShield, behaviour.clone());
    let reply = ask(&dshield(&providers, timeout), address(ATTACKER)).await;
    assert_eq!(said(&reply.outcome), expected, "{behaviour:?}");
    assert_eq!(providers.count(Provider::DShield), 1, "{behaviour:?}");
}

#[tokio::test]
async fn an_attacker_is_found_and_a_stranger_is_not() {
    let providers = Providers::start().await;
    providers.answer(Provider::DShield, ATTACKER, Canned::json(REPORTED));
    providers.answer(Provider::DShield, "9.9.9.9", Canned::json(NULLS));
    let dshield = dshield(&providers, PATIENT);
    assert_eq!(dshield.name(), SourceName::DShield);
    assert_eq!(dshield.batch_size().get(), 1);

    let reported = json!({
        "asn": 3320, "as_name": "DTAG", "country": "DE", "count": 11, "attacks": 2,
        "first_date": "2023-09-16", "last_date": "2024-02-01",
        "threat_feeds": {
            "blocklistde22": {"first_seen": "2023-09-13", "last_seen": "2024-02-01"},
        },
    });
    let reply = ask(&dshield, address(ATTACKER)).await;
    assert_eq!((said(&reply.outcome), reply.remaining), (reported.clone(), None));
    assert_eq!(ask(&dshield, address("9.9.9.9")).await.outcome, Outcome::NotFound);
    // Of this one the service was told nothing.
    assert_eq!(ask(&dshield, address("149.112.112.112")).await.outcome, Outcome::NotFound);

    let direct: IpAddr = ATTACKER.parse().unwrap();
    let direct = dshield.lookup(PublicAddress::try_from(direct).unwrap()).await.unwrap();
    assert_eq!(Value::Object(direct.unwrap().as_map().clone()), reported);

    let asked = providers.asked(Provider::DShield);
    let keys: Vec<_> = asked.iter().map(|asked| asked.key.as_str()).collect();
    assert_eq!(keys, [ATTACKER, "9.9.9.9", "149.112.112.112", ATTACKER]);
    let agent = format!("cowrie-processor/{} ({CONTACT})", env!("CARGO_PKG_VERSION"));
    for asked in &asked {
        assert_eq!((asked.method.as_str(), asked.query.as_str()), ("GET", "json"));
        assert!(asked.path.ends_with(&format!("/ip/{}", asked.key)), "{}", asked.path);
        assert_eq!(asked.headers["user-agent"], agent);
    }
}

#[tokio::test]
async fn the_samples_of_the_wire_are_read() {
    let providers = Providers::start().await;
    let dshield = dshield(&providers, PATIENT);
    let with_feeds = json!({
        "asn": 48090, "as_name": "PPTECHNOLOGY", "country": "GB", "count": 2713, "attacks": 311,
        "max_risk": 7, "first_date": "2026-02-11", "last_date": "2026-04-28",
        "threat_feeds": {
            "blocklistde22": {"first_seen": "2026-03-14", "last_seen": "2026-04-28"},
            "ciarmy": {"first_seen": "2026-04-02", "last_seen": "2026-04-26"},
        },
    });
    assert_eq!(said(&ask(&dshield, address("45.148.10.121")).await.outcome), with_feeds);
    let with_numbers_as_text = json!({
        "asn": 10439, "as_name": "CARINET", "country": "US", "count": 15021, "attacks": 1904,
        "max_risk": 9, "first_date": "2025-11-30", "last_date": "2026-04-28",
    });
    assert_eq!(said(&ask(&dshield, address("71.6.135.131")).await.outcome), with_numbers_as_text);
    assert_eq!(providers.count(Provider::DShield), 2);
}

#[tokio::test]
async fn questions_that_it_cannot_answer_are_not_sent() {
    let providers = Providers::start().await;
    let questions = [
        Question::Domain("malware.example".parse().unwrap()),
        Question::Passwords("ABCDE".parse().unwrap()),
        Question::File("a".repeat(64).parse().unwrap()),
    ];
    let replies = dshield(&providers, PATIENT).ask(&questions).await;
    assert_eq!(replies.len(), questions.len());
    for reply in replies {
        assert!(matches!(reply.outcome, Outcome::Skipped { .. }), "{reply:?}");
    }
    assert_eq!(providers.count(Provider::DShield), 0);
}

#[tokio::test]
async fn refusals_have_their_remedy() {
    for (behaviour, expected) in [
        (Behaviour::status(401, &[], ""), "DropSource"),
        (Behaviour::status(403, &[], "blocked"), "DropSource"),
        (Behaviour::status(429, &[("Retry-After", "7")], ""), "Wait(7s)"),
        (Behaviour::status(429, &[], ""), "Wait(300s)"),
        (Behaviour::status(500, &[], "oops"), "TryAgain"),
        (Behaviour::status(503, &[("Retry-After", "30")], ""), "Wait(30s)"),
        (Behaviour::status(400, &[], ""), "SkipItem"),
        (Behaviour::status(404, &[], "<html>no such page</html>"), "SkipItem"),
        (Behaviour::status(404, &[], NULLS), "SkipItem"),
        (Behaviour::status(302, &[("Location", "http://192.0.2.1/")], ""), "SkipItem"),
    ] {
        check(behaviour, PATIENT, json!(expected)).await;
    }
}

#[tokio::test]
async fn broken_answers_have_their_remedy() {
    let nested = format!("{{\"ip\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for (behaviour, expected) in [
        (Behaviour::Reset, "TryAgain"),
        (Behaviour::Truncated, "TryAgain"),
        (Behaviour::Oversized(256 * 1024 + 1), "SkipItem"),
        (Behaviour::body("text/html", "<html>Please sign in</html>"), "SkipItem"),
        (Behaviour::body("application/json", ""), "SkipItem"),
        (Behaviour::body("application/json", "{}"), "SkipItem"),
        (Behaviour::body("application/json", r#"{"error": "bad IP address"}"#), "SkipItem"),
        (Behaviour::body("application/json", r#"{"ip": []}"#), "SkipItem"),
        (Behaviour::body("application/json", nested), "SkipItem"),
        (Behaviour::body("application/json", *b"{\"ip\": {\"number\": \"\xff\xfe\"}}"), "SkipItem"),
        (Behaviour::body("application/octet-stream", *b"\0\0\0\0"), "SkipItem"),
    ] {
        check(behaviour, PATIENT, json!(expected)).await;
    }
    check(Behaviour::Silent, Duration::from_millis(400), json!("TryAgain")).await;
}

#[tokio::test]
async fn nul_is_left_out() {
    let dirty = r#"{"ip": {"asname": "DT\u0000AG", "threatfeeds": {"a\u0000": {"x": "\u0000"}}}}"#;
    let clean = json!({"as_name": "DTAG", "threat_feeds": {"a": {}}});
    check(Behaviour::body("application/json", dirty), PATIENT, clean).await;
}

#[tokio::test]
async fn one_client_outlives_failures() {
    let providers = Providers::start().await;
    providers.answer(Provider::DShield, ATTACKER, Canned::json(REPORTED));
    let behaviours = [Behaviour::status(500, &[], ""), Behaviour::Reset, Behaviour::Truncated];
    let behaviours = behaviours.into_iter().chain([Behaviour::Normal]).collect();
    providers.behave(Provider::DShield, Behaviour::InTurn(behaviours));
    let dshield = dshield(&providers, PATIENT);
    for _ in 0..3 {
        assert_eq!(said(&ask(&dshield, address(ATTACKER)).await.outcome), "TryAgain");
    }
    let reply = ask(&dshield, address(ATTACKER)).await;
    assert!(matches!(reply.outcome, Outcome::Found(_)), "{reply:?}");
    assert_eq!(providers.count(Provider::DShield), 4);
}

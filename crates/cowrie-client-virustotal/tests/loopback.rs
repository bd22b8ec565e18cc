//! Questions to a service on loopback that answers, refuses and fails as VirusTotal does.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use cowrie_client::{BadEndpoint, LookupError};
use cowrie_client_virustotal::{VirusTotal, VirusTotalOptions};
use cowrie_enrichment::{FileHash, Outcome, Question, Remedy, Reply, Service, SourceName};
use cowrie_loopback::{Behaviour, Canned, Provider, Providers};
use serde_json::{Value, json};

const FILE: &str = "3f2b6a5e8c9d01472f6b5a4e3d2c1b0a9f8e7d6c5b4a39281706f5e4d3c2b1a0"; // pragma: allowlist secret

/// The fields of the documentation's file object, with other values.
const REPORT: &str = r#"{"data": {
    "id": "3f2b6a5e",
    "type": "file",
    "links": {"self": "https://www.virustotal.com/api/v3/files/3f2b6a5e"},
    "attributes": {
        "first_submission_date": 1600000000,
        "last_analysis_date": 1700000000,
        "last_analysis_results": {
            "Example": {"category": "malicious", "engine_name": "Example", "result": "Mirai"}
        },
        "last_analysis_stats": {"confirmed-timeout": 0, "failure": 1, "harmless": 0,
            "malicious": 42, "suspicious": 0, "timeout": 2, "type-unsupported": 12,
            "undetected": 19},
        "meaningful_name": "mirai.x86",
        "names": ["mirai.x86", "tftp"],
        "popular_threat_classification": {
            "popular_threat_category": [{"count": 20, "value": "trojan"}],
            "suggested_threat_label": "trojan.mirai/gafgyt"
        },
        "size": 52216,
        "tags": ["elf"],
        "type_description": "ELF"
    }
}}"#;

/// A service on loopback that knows [`FILE`], and a client of it.
struct Site {
    providers: Providers,
    virustotal: VirusTotal,
}

impl Site {
    async fn start(timeout: Duration) -> Self {
        Self::start_with_key(timeout, Providers::KEY).await
    }

    async fn start_with_key(timeout: Duration, key: &str) -> Self {
        let providers = Providers::start().await;
        providers.answer(Provider::VirusTotal, FILE, Canned::json(REPORT));
        let base_url = providers.base_url(Provider::VirusTotal);
        let options = VirusTotalOptions { base_url, timeout, key: key.into() };
        Self { providers, virustotal: VirusTotal::new(options).unwrap() }
    }

    /// Asks about one file, which must be one request.
    async fn ask(&self, text: &str) -> Reply {
        let before = self.providers.count(Provider::VirusTotal);
        let replies = self.virustotal.ask(&[Question::File(file(text))]).await;
        assert_eq!(self.providers.count(Provider::VirusTotal), before + 1);
        let [reply] = <[_; 1]>::try_from(replies).unwrap();
        reply
    }
}

fn file(text: &str) -> FileHash {
    text.parse().unwrap()
}

/// An error as the documentation shows them.
fn refusal(code: &str) -> String {
    json!({"error": {"code": code, "message": "a message that describes the error"}}).to_string()
}

/// What a service says that behaves so.
async fn reply_to(behaviour: Behaviour) -> Reply {
    let site = Site::start(Duration::from_secs(20)).await;
    site.providers.behave(Provider::VirusTotal, behaviour);
    site.ask(FILE).await
}

#[track_caller]
fn check_failure(reply: &Reply, remedy: Remedy) {
    let Outcome::Failed { reason, remedy: found } = &reply.outcome else { panic!("{reply:?}") };
    assert_eq!(*found, remedy, "{reason}");
    assert!(!reason.contains(Providers::KEY) && !reason.contains(FILE), "{reason}");
}

#[tokio::test]
async fn a_known_file_has_facts() {
    let site = Site::start(Duration::from_secs(20)).await;
    let reply = site.ask(&FILE.to_uppercase()).await;
    assert_eq!(reply.remaining, None);
    let Outcome::Found(data) = reply.outcome else { panic!("{reply:?}") };
    let expected = json!({
        "malicious": 42, "suspicious": 0, "undetected": 19, "total": 76,
        "classification": "trojan.mirai/gafgyt", "type": "ELF", "size": 52216,
        "names": ["mirai.x86", "tftp"], "tags": ["elf"],
        "first_submission": "2020-09-13T12:26:40.000000+00:00",
        "last_analysis": "2023-11-14T22:13:20.000000+00:00"
    });
    assert_eq!(Value::Object(data.as_map().clone()), expected);
    assert_eq!(site.virustotal.lookup(file(FILE)).await.unwrap(), Some(data));

    let asked = site.providers.asked(Provider::VirusTotal);
    assert_eq!(asked.len(), 2);
    for request in asked {
        assert_eq!((request.method.as_str(), request.key.as_str()), ("GET", FILE));
        assert!(request.path.ends_with(&format!("/api/v3/files/{FILE}")), "{}", request.path);
        assert_eq!(request.headers.get("x-apikey").map(String::as_str), Some(Providers::KEY));
        assert_eq!((request.query.as_str(), request.body.as_str()), ("", ""));
    }
}

#[tokio::test]
async fn an_unknown_file_is_an_answer() {
    let site = Site::start(Duration::from_secs(20)).await;
    let unknown = "00".repeat(32);
    assert_eq!(site.ask(&unknown).await, Outcome::NotFound.into());
    assert_eq!(site.virustotal.lookup(file(&unknown)).await.unwrap(), None);
}

#[tokio::test]
async fn only_files_are_asked_about() {
    let site = Site::start(Duration::from_secs(20)).await;
    let address: std::net::IpAddr = "89.160.20.112".parse().unwrap();
    let questions = [
        Question::Address(address.try_into().unwrap()),
        Question::File(file(FILE)),
        Question::Domain("example.org".parse().unwrap()),
        Question::Passwords("ABCDE".parse().unwrap()),
    ];
    let replies = site.virustotal.ask(&questions).await;
    let found: Vec<_> = replies
        .iter()
        .map(|reply| match reply.outcome {
            Outcome::Found(_) => "found",
            Outcome::Skipped { .. } => "skipped",
            _ => "neither",
        })
        .collect();
    assert_eq!(found, ["skipped", "found", "skipped", "skipped"]);
    assert_eq!(site.providers.count(Provider::VirusTotal), 1);
    assert_eq!(site.virustotal.name(), SourceName::VirusTotal);
}

#[tokio::test]
async fn a_wrong_key_ends_the_questions() {
    let site = Site::start_with_key(Duration::from_secs(20), "another-key-for-tests").await;
    check_failure(&site.ask(FILE).await, Remedy::DropSource);
    for (code, error) in [(401, "UserNotActiveError"), (403, "ForbiddenError")] {
        let reply = reply_to(Behaviour::status(code, &[], &refusal(error))).await;
        check_failure(&reply, Remedy::DropSource);
    }
}

#[tokio::test]
async fn haste_is_told_from_a_quota_that_is_used_up() {
    let haste = refusal("TooManyRequestsError");
    let minute = Remedy::Wait(Duration::from_mins(1));
    let throttled = [
        (Behaviour::status(429, &[], &haste), minute),
        (
            Behaviour::status(429, &[("retry-after", "7")], &haste),
            Remedy::Wait(Duration::from_secs(7)),
        ),
        (Behaviour::status(429, &[], ""), minute),
        (Behaviour::status(429, &[], "<html>QuotaExceededError</html>"), minute),
        (Behaviour::status(429, &[], r#"{"error": "QuotaExceededError"}"#), minute),
        (Behaviour::status(429, &[], &"{".repeat(5 * 1024 * 1024)), minute),
    ];
    for (behaviour, remedy) in throttled {
        check_failure(&reply_to(behaviour).await, remedy);
    }
    let spent = refusal("QuotaExceededError");
    for headers in [&[][..], &[("retry-after", "7")]] {
        let reply = reply_to(Behaviour::status(429, headers, &spent)).await;
        assert_eq!(reply.outcome, Outcome::Quota { until: None });
    }
    // The code means this only where questions are refused for their number.
    check_failure(&reply_to(Behaviour::status(403, &[], &spent)).await, Remedy::DropSource);
    check_failure(&reply_to(Behaviour::status(500, &[], &spent)).await, Remedy::TryAgain);
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let failures = [
        Behaviour::status(500, &[], &refusal("InternalError")),
        Behaviour::status(503, &[], &refusal("TransientError")),
        Behaviour::status(504, &[], &refusal("DeadlineExceededError")),
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
    site.providers.behave(Provider::VirusTotal, Behaviour::Silent);
    check_failure(&site.ask(FILE).await, Remedy::TryAgain);
}

#[tokio::test]
async fn what_is_no_answer_is_passed_over() {
    let json = "application/json";
    let failures = [
        Behaviour::Oversized(5 * 1024 * 1024),
        Behaviour::status(400, &[], &refusal("NotAvailableYet")),
        Behaviour::body("text/html", "<html><body>Please log in</body></html>"),
        Behaviour::body(json, ""),
        Behaviour::body(json, "null"),
        Behaviour::body(json, "[]"),
        Behaviour::body(json, "{}"),
        Behaviour::body(json, refusal("NotFoundError")),
        Behaviour::body(json, r#"{"data": {"type": "file"}}"#),
        Behaviour::body(json, r#"{"data": {"attributes": {"sha256": "3f2b"}}}"#),
        Behaviour::body(json, r#"{"data": {"attributes": {"size": 5"#),
        Behaviour::body(json, "[".repeat(100_000)),
        Behaviour::body(json, r#"{"data":"#.repeat(100_000)),
        Behaviour::body(json, format!("{}1{}", r#"{"data":"#.repeat(1_000), "}".repeat(1_000))),
        Behaviour::body(json, b"{\"data\": \"\xff\xfe\"}".to_vec()),
        Behaviour::body(json, vec![0; 100]),
    ];
    for behaviour in failures {
        check_failure(&reply_to(behaviour).await, Remedy::SkipItem);
    }
}

#[tokio::test]
async fn nul_in_an_answer_does_not_reach_the_facts() {
    let answer = r#"{"data": {"attributes": {"size": 5, "names": ["a\u0000b", "\u0000"]}}}"#;
    let reply = reply_to(Behaviour::body("application/json", answer)).await;
    let Outcome::Found(data) = reply.outcome else { panic!("{reply:?}") };
    assert_eq!(Value::Object(data.as_map().clone()), json!({"size": 5, "names": ["ab"]}));
}

#[tokio::test]
async fn a_failure_does_not_outlast_its_cause() {
    let site = Site::start(Duration::from_secs(20)).await;
    let turns = vec![Behaviour::status(500, &[], ""), Behaviour::Reset, Behaviour::Normal];
    site.providers.behave(Provider::VirusTotal, Behaviour::InTurn(turns));
    check_failure(&site.ask(FILE).await, Remedy::TryAgain);
    check_failure(&site.ask(FILE).await, Remedy::TryAgain);
    assert!(matches!(site.ask(FILE).await.outcome, Outcome::Found(_)));
}

#[tokio::test]
async fn a_lookup_keeps_the_error() {
    let site = Site::start(Duration::from_secs(20)).await;
    let spent = Behaviour::status(429, &[], &refusal("QuotaExceededError"));
    site.providers.behave(Provider::VirusTotal, spent);
    let error = site.virustotal.lookup(file(FILE)).await.unwrap_err();
    assert!(matches!(error, LookupError::Spent), "{error:?}");
}

#[test]
fn options_that_cannot_work_are_refused() {
    let virustotal = |base_url: &str, key: &str| {
        let (base_url, timeout) = (base_url.to_owned(), Duration::from_secs(1));
        VirusTotal::new(VirusTotalOptions { base_url, timeout, key: key.into() })
    };
    let no_url = virustotal("www.virustotal.com", "key-for-tests");
    assert!(matches!(no_url, Err(BadEndpoint::Url { .. })), "{no_url:?}");
    let no_key = virustotal("http://127.0.0.1:1", "");
    assert!(matches!(no_key, Err(BadEndpoint::Key)), "{no_key:?}");
    let usable = virustotal("http://127.0.0.1:1", "key-for-tests").unwrap();
    assert!(!format!("{usable:?}").contains("key-for-tests"));
}

//! Questions to a service on loopback that answers and fails as Pwned Passwords does.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use cowrie_client::{BadEndpoint, LookupError};
use cowrie_client_hibp::{Hibp, HibpOptions, PasswordHash};
use cowrie_enrichment::{Outcome, Question, Remedy, Reply, Service, SourceName};
use cowrie_loopback::{Asked, Behaviour, Canned, Provider, Providers};
use serde_json::{Value, json};

/// The SHA-1 of `password`, which the service must never see in full.
const PREFIX: &str = "5BAA6";
const SUFFIX: &str = "1E4C9B93F3F0682250B6CF8331B7EE68FD8"; // pragma: allowlist secret

/// Lines as the documentation shows them: two passwords, and padding between them.
const RANGE: &str = "0018A45C4D1DEB4F7B6E3A3D4E5F6A7B8C9:3\r\n\
    00D4F6E8FA6EECAD2A3AA415EEC418D38EC:0\r\n\
    1E4C9B93F3F0682250B6CF8331B7EE68FD8:46628605\r\n\
    FFFFFFFEE791CBAC0F6305CAF0CEE06BBE1:0";

/// A service on loopback that knows [`PREFIX`], and a client of it.
struct Site {
    providers: Providers,
    hibp: Hibp,
}

impl Site {
    async fn start(timeout: Duration) -> Self {
        let providers = Providers::start().await;
        providers.answer(Provider::Hibp, PREFIX, Canned::text(RANGE));
        let base_url = providers.base_url(Provider::Hibp);
        let hibp = Hibp::new(HibpOptions { base_url, timeout }).unwrap();
        Self { providers, hibp }
    }

    /// Asks about one prefix, which must be one request.
    async fn ask(&self, prefix: &str) -> Reply {
        let before = self.providers.count(Provider::Hibp);
        let replies = self.hibp.ask(&[Question::Passwords(prefix.parse().unwrap())]).await;
        assert_eq!(self.providers.count(Provider::Hibp), before + 1);
        for request in self.providers.asked(Provider::Hibp) {
            check_privacy(&request);
        }
        let [reply] = <[_; 1]>::try_from(replies).unwrap();
        reply
    }
}

/// Five digits of a hash, and nothing else that tells one password from another.
#[track_caller]
fn check_privacy(request: &Asked) {
    let is_prefix = request.key.len() == 5 && request.key.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(is_prefix, "{request:?}");
    assert!(request.path.ends_with(&format!("/range/{}", request.key)), "{request:?}");
    assert_eq!((request.method.as_str(), request.query.as_str()), ("GET", ""));
    assert_eq!(request.body, "");
    assert_eq!(request.headers.get("add-padding").map(String::as_str), Some("true"));
    let shown = format!("{request:?}").to_uppercase();
    assert!(!shown.contains(SUFFIX.get(..5).unwrap()), "{request:?}");
}

/// What a service says that behaves so.
async fn reply_to(behaviour: Behaviour) -> Reply {
    let site = Site::start(Duration::from_secs(20)).await;
    site.providers.behave(Provider::Hibp, behaviour);
    site.ask(PREFIX).await
}

#[track_caller]
fn check_failure(reply: &Reply, remedy: Remedy) {
    let Outcome::Failed { reason, remedy: found } = &reply.outcome else { panic!("{reply:?}") };
    assert_eq!(*found, remedy, "{reason}");
    assert!(!reason.contains(PREFIX), "{reason}");
}

#[tokio::test]
async fn a_password_is_judged_here_and_not_there() {
    let site = Site::start(Duration::from_secs(20)).await;
    let password = PasswordHash::of(b"password"); // pragma: allowlist secret
    assert_eq!(password.prefix().to_string(), PREFIX);
    let reply = site.ask(PREFIX).await;
    assert_eq!(reply.remaining, None);
    let Outcome::Found(range) = reply.outcome else { panic!("{reply:?}") };
    let expected = json!({"0018A45C4D1DEB4F7B6E3A3D4E5F6A7B8C9": 3, SUFFIX: 46_628_605}); // pragma: allowlist secret
    assert_eq!(Value::Object(range.as_map().clone()), expected);
    assert_eq!(password.prevalence(&range), Some(46_628_605));
    assert_eq!(PasswordHash::of(b"a password nobody has").prevalence(&range), None);
    assert_eq!(site.hibp.lookup(password.prefix()).await.unwrap(), Some(range));
    let asked = site.providers.asked(Provider::Hibp);
    assert_eq!(asked.len(), 2);
    asked.iter().for_each(check_privacy);
}

#[tokio::test]
async fn nothing_but_padding_is_an_answer() {
    let site = Site::start(Duration::from_secs(20)).await;
    assert_eq!(site.ask("00000").await, Outcome::NotFound.into());
    assert_eq!(site.hibp.lookup("00000".parse().unwrap()).await.unwrap(), None);
    let padding = Canned::text("00D4F6E8FA6EECAD2A3AA415EEC418D38EC:0\r\n");
    site.providers.answer(Provider::Hibp, "00001", padding);
    assert_eq!(site.ask("00001").await, Outcome::NotFound.into());
}

#[tokio::test]
async fn only_passwords_are_asked_about() {
    let site = Site::start(Duration::from_secs(20)).await;
    let address: std::net::IpAddr = "89.160.20.112".parse().unwrap();
    let questions = [
        Question::Address(address.try_into().unwrap()),
        Question::Passwords(PREFIX.parse().unwrap()),
        Question::File("ab".repeat(32).parse().unwrap()),
        Question::Domain("example.org".parse().unwrap()),
    ];
    let replies = site.hibp.ask(&questions).await;
    let found: Vec<_> = replies
        .iter()
        .map(|reply| match reply.outcome {
            Outcome::Found(_) => "found",
            Outcome::Skipped { .. } => "skipped",
            _ => "neither",
        })
        .collect();
    assert_eq!(found, ["skipped", "found", "skipped", "skipped"]);
    assert_eq!(site.providers.count(Provider::Hibp), 1);
    assert_eq!(site.hibp.name(), SourceName::Hibp);
}

#[tokio::test]
async fn a_refusal_has_its_remedy() {
    let refusals = [
        (Behaviour::status(401, &[], ""), Remedy::DropSource),
        (Behaviour::status(403, &[], "<html>"), Remedy::DropSource),
        (Behaviour::status(429, &[], ""), Remedy::Wait(Duration::from_mins(1))),
        (Behaviour::status(429, &[("retry-after", "7")], ""), Remedy::Wait(Duration::from_secs(7))),
        (
            Behaviour::status(503, &[("retry-after", "30")], ""),
            Remedy::Wait(Duration::from_secs(30)),
        ),
        (
            Behaviour::status(400, &[], "The hash prefix was not in a valid format"),
            Remedy::SkipItem,
        ),
        // There is an answer for every prefix, so that this one is somebody else's.
        (Behaviour::status(404, &[], ""), Remedy::SkipItem),
    ];
    for (behaviour, remedy) in refusals {
        check_failure(&reply_to(behaviour).await, remedy);
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let failures = [
        Behaviour::status(500, &[], ""),
        Behaviour::status(502, &[], RANGE),
        Behaviour::status(503, &[], ""),
        Behaviour::Reset,
        Behaviour::Truncated,
    ];
    for behaviour in failures {
        check_failure(&reply_to(behaviour).await, Remedy::TryAgain);
    }
}

#[tokio::test]
async fn silence_ends_with_the_timeout() {
    let site = Site::start(Duration::from_millis(1_500)).await;
    site.providers.behave(Provider::Hibp, Behaviour::Silent);
    check_failure(&site.ask(PREFIX).await, Remedy::TryAgain);
}

#[tokio::test]
async fn what_is_no_range_never_means_not_breached() {
    let text = "text/plain";
    let half = RANGE.get(..RANGE.len() - 10).unwrap();
    let failures = [
        Behaviour::Oversized(600 * 1024),
        Behaviour::status(204, &[], ""),
        Behaviour::body("text/html", "<html><body>Please log in</body></html>"),
        Behaviour::body("application/json", "{}"),
        Behaviour::body("application/json", "[".repeat(100_000)),
        Behaviour::body(text, ""),
        Behaviour::body(text, "\r\n"),
        Behaviour::body(text, half),
        Behaviour::body(text, format!("{RANGE}\r\nand so on")),
        Behaviour::body(text, RANGE.replace(':', " ")),
        Behaviour::body(text, RANGE.replace('4', "\0")),
        Behaviour::body(text, format!("{RANGE}\0")),
        Behaviour::body(text, format!("{PREFIX}{SUFFIX}:5\r\n")),
        Behaviour::body(text, vec![0xff; 100]),
        Behaviour::body(text, vec![0; 100]),
    ];
    for behaviour in failures {
        check_failure(&reply_to(behaviour).await, Remedy::SkipItem);
    }
}

#[tokio::test]
async fn a_failure_does_not_outlast_its_cause() {
    let site = Site::start(Duration::from_secs(20)).await;
    let turns = vec![Behaviour::status(500, &[], ""), Behaviour::Reset, Behaviour::Normal];
    site.providers.behave(Provider::Hibp, Behaviour::InTurn(turns));
    check_failure(&site.ask(PREFIX).await, Remedy::TryAgain);
    check_failure(&site.ask(PREFIX).await, Remedy::TryAgain);
    assert!(matches!(site.ask(PREFIX).await.outcome, Outcome::Found(_)));
}

#[tokio::test]
async fn a_lookup_keeps_the_error() {
    let site = Site::start(Duration::from_secs(20)).await;
    site.providers.behave(Provider::Hibp, Behaviour::status(404, &[], ""));
    let error = site.hibp.lookup(PREFIX.parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, LookupError::Unexpected { .. }), "{error:?}");
}

#[test]
fn options_that_cannot_work_are_refused() {
    let base_url = "api.pwnedpasswords.com".to_owned();
    let no_url = Hibp::new(HibpOptions { base_url, timeout: Duration::from_secs(1) });
    assert!(matches!(no_url, Err(BadEndpoint::Url { .. })), "{no_url:?}");
}

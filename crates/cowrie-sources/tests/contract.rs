//! What every client of a service must do, whichever service it is.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use cowrie_client_cymru::{BATCH_SIZE, Cymru, CymruOptions};
use cowrie_client_dshield::{DShield, DShieldOptions};
use cowrie_client_greynoise::{GreyNoise, GreyNoiseOptions};
use cowrie_client_hibp::{Hibp, HibpOptions};
use cowrie_client_spur::{Spur, SpurOptions};
use cowrie_client_urlhaus::{UrlHaus, UrlHausOptions};
use cowrie_client_virustotal::{VirusTotal, VirusTotalOptions};
use cowrie_enrichment::{Data, Outcome, Question, Remedy, Service};
use cowrie_loopback::{
    Behaviour, CymruDns, CymruWhois, DnsBehaviour, Provider, Providers, WhoisBehaviour,
};
use serde_json::Value;

/// Long enough for a busy machine, and what a silent service takes.
const TIMEOUT: Duration = Duration::from_secs(3);
const MINUTE: Duration = Duration::from_mins(1);

const HTTP: [Provider; 6] = [
    Provider::GreyNoise,
    Provider::DShield,
    Provider::UrlHaus,
    Provider::Spur,
    Provider::VirusTotal,
    Provider::Hibp,
];

fn client(provider: Provider, providers: &Providers) -> Arc<dyn Service> {
    let (base_url, timeout) = (providers.base_url(provider), TIMEOUT);
    let (key, throttled_wait) = (Providers::KEY.into(), MINUTE);
    match provider {
        Provider::GreyNoise => {
            let key = Some(key);
            let options = GreyNoiseOptions { base_url, timeout, throttled_wait, key };
            Arc::new(GreyNoise::new(options).unwrap())
        }
        Provider::DShield => {
            let contact = "sensor@example.org".to_owned();
            let options = DShieldOptions { base_url, timeout, throttled_wait, contact };
            Arc::new(DShield::new(options).unwrap())
        }
        Provider::UrlHaus => {
            let options = UrlHausOptions { base_url, timeout, throttled_wait, key };
            Arc::new(UrlHaus::new(options).unwrap())
        }
        Provider::Spur => Arc::new(Spur::new(SpurOptions { base_url, timeout, key }).unwrap()),
        Provider::VirusTotal => {
            Arc::new(VirusTotal::new(VirusTotalOptions { base_url, timeout, key }).unwrap())
        }
        _ => Arc::new(Hibp::new(HibpOptions { base_url, timeout }).unwrap()),
    }
}

/// One thing of each kind that can be asked about.
fn questions() -> [Question; 4] {
    [
        Question::Address("9.9.9.9".parse::<IpAddr>().unwrap().try_into().unwrap()),
        Question::Domain("example.org".parse().unwrap()),
        Question::File("ab".repeat(32).parse().unwrap()),
        Question::Passwords("ABCDE".parse().unwrap()),
    ]
}

/// One outcome for the one question that this service takes.
async fn outcome(service: &dyn Service) -> Outcome {
    let question = questions().into_iter().find(|one| service.name().takes(one)).unwrap();
    let replies = service.ask(&[question]).await;
    assert_eq!(replies.len(), 1, "{}", service.name());
    let outcome = replies.into_iter().next().unwrap().outcome;
    if let Outcome::Failed { reason, .. } = &outcome {
        assert!(!reason.contains(Providers::KEY) && !reason.contains(char::is_control), "{reason}");
    }
    if let Outcome::Found(data) = &outcome {
        assert_sound(data);
    }
    outcome
}

/// A JSON column of either database can hold it.
fn assert_sound(data: &Data) {
    let text = Value::Object(data.as_map().clone()).to_string();
    assert!(!data.as_map().is_empty() && !text.contains("\\u0000"), "{text}");
    assert!(data.as_map().values().all(|value| !value.is_null()), "{text}");
}

#[tokio::test]
async fn a_question_of_another_kind_is_skipped_and_not_sent() {
    let providers = Providers::start().await;
    for provider in HTTP {
        let service = client(provider, &providers);
        let others: Vec<_> =
            questions().into_iter().filter(|one| !service.name().takes(one)).collect();
        for question in others {
            let replies = service.ask(std::slice::from_ref(&question)).await;
            let outcomes: Vec<_> = replies.into_iter().map(|reply| reply.outcome).collect();
            assert!(matches!(outcomes[..], [Outcome::Skipped { .. }]), "{question}: {outcomes:?}");
        }
        assert_eq!(providers.count(provider), 0, "{provider:?}");
        assert!(service.ask(&[]).await.is_empty());
    }
}

#[tokio::test]
async fn what_is_not_known_is_an_answer() {
    let providers = Providers::start().await;
    for provider in HTTP {
        let outcome = outcome(client(provider, &providers).as_ref()).await;
        assert_eq!(outcome, Outcome::NotFound, "{provider:?}");
        assert_eq!(providers.count(provider), 1, "{provider:?}");
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let wait = Remedy::Wait(Duration::from_secs(7));
    let cases = [
        (Behaviour::status(401, &[], ""), Remedy::DropSource),
        (Behaviour::status(403, &[], ""), Remedy::DropSource),
        (Behaviour::status(429, &[("Retry-After", "7")], ""), wait),
        (Behaviour::status(503, &[("Retry-After", "7")], ""), wait),
        (Behaviour::status(500, &[], ""), Remedy::TryAgain),
        (Behaviour::status(418, &[], ""), Remedy::SkipItem),
        (Behaviour::Reset, Remedy::TryAgain),
        (Behaviour::Silent, Remedy::TryAgain),
        (Behaviour::Oversized(8 * 1024 * 1024), Remedy::SkipItem),
    ];
    for provider in HTTP {
        for (behaviour, expected) in &cases {
            let providers = Providers::start().await;
            providers.behave(provider, behaviour.clone());
            let outcome = outcome(client(provider, &providers).as_ref()).await;
            let Outcome::Failed { remedy, .. } = outcome else {
                unreachable!("{provider:?}, {behaviour:?}: {outcome:?}")
            };
            assert_eq!(remedy, *expected, "{provider:?}, {behaviour:?}");
            assert_eq!(providers.count(provider), 1, "no client tries again by itself");
        }
    }
}

#[tokio::test]
async fn what_is_no_answer_is_a_failure_and_never_not_found() {
    let hostile: [(&str, Vec<u8>); 8] = [
        ("text/html", b"<html><body>Please log in</body></html>".to_vec()),
        ("application/json", b"".to_vec()),
        ("application/json", b"{\"".to_vec()),
        ("application/json", b"[[[[".repeat(50_000)),
        ("application/json", b"[]".to_vec()),
        ("application/json", b"null".to_vec()),
        ("application/json", vec![0xff; 100]),
        ("application/octet-stream", vec![0; 1_000]),
    ];
    for provider in HTTP {
        let providers = Providers::start().await;
        for (content_type, bytes) in &hostile {
            // Nobody has passwords whose hashes begin so, says an empty range with padding alone;
            // an empty body says it too.
            if provider == Provider::Hibp && bytes.is_empty() {
                continue;
            }
            providers.behave(provider, Behaviour::body(content_type, bytes.clone()));
            let outcome = outcome(client(provider, &providers).as_ref()).await;
            let shown = String::from_utf8_lossy(bytes).chars().take(20).collect::<String>();
            assert!(
                matches!(outcome, Outcome::Failed { .. }),
                "{provider:?}, {shown:?}: {outcome:?}"
            );
        }
        providers.behave(provider, Behaviour::Truncated);
        let outcome = outcome(client(provider, &providers).as_ref()).await;
        assert!(matches!(outcome, Outcome::Failed { .. }), "{provider:?}, truncated: {outcome:?}");
    }
}

fn cymru(dns: &CymruDns, whois: &CymruWhois) -> Cymru {
    let options = CymruOptions {
        whois: whois.address().to_string(),
        dns: Some(dns.address()),
        timeout: TIMEOUT,
        batch_size: BATCH_SIZE,
        max_answer: 64 * 1024,
    };
    Cymru::new(options).unwrap()
}

#[tokio::test]
async fn team_cymru_keeps_it_too() {
    let (dns, whois) = (CymruDns::start().await, CymruWhois::start().await);
    assert_eq!(outcome(&cymru(&dns, &whois)).await, Outcome::NotFound);
    for behaviour in [DnsBehaviour::Silent, DnsBehaviour::ServFail] {
        dns.behave(behaviour);
        // A new one, since a resolver remembers what a name server said.
        let outcome = outcome(&cymru(&dns, &whois)).await;
        assert!(matches!(outcome, Outcome::Failed { .. }), "{behaviour:?}: {outcome:?}");
    }
    let cymru = cymru(&dns, &whois);
    let address =
        |text: &str| Question::Address(text.parse::<IpAddr>().unwrap().try_into().unwrap());
    let batch = [address("9.9.9.9"), address("2620:fe::fe"), questions()[2].clone()];
    for behaviour in [
        WhoisBehaviour::Silent,
        WhoisBehaviour::Reset,
        WhoisBehaviour::Truncated,
        WhoisBehaviour::Oversized(1024 * 1024),
        WhoisBehaviour::Garbage(vec![0xff; 5_000]),
        WhoisBehaviour::Refused("Error: too many requests".to_owned()),
    ] {
        whois.behave(behaviour.clone());
        let outcomes: Vec<_> =
            cymru.ask(&batch).await.into_iter().map(|reply| reply.outcome).collect();
        let [first, second, third] = &outcomes[..] else { unreachable!("{outcomes:?}") };
        for outcome in [first, second] {
            assert!(matches!(outcome, Outcome::Failed { .. }), "{behaviour:?}: {outcome:?}");
        }
        assert!(matches!(third, Outcome::Skipped { .. }), "{third:?}");
    }
}

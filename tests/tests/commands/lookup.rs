//! `cowrie-enrich lookup`: who is asked, who answers, and what is kept.

use std::fmt::Write as _;

use cowrie_loopback::{Behaviour, Canned, CymruDns, CymruWhois, Provider, Providers};
use cowrie_tests::{Ended, Engine, Program, Run, Site};
use serde_json::Value;

/// An address of a public name server; nobody outside this machine hears of it.
const ADDRESS: &str = "9.9.9.9";

const FILE: &str = "a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4"; // pragma: allowlist secret

/// The services that speak HTTP, by what the settings call them.
const HTTP: [(Provider, &str); 5] = [
    (Provider::GreyNoise, "greynoise"),
    (Provider::DShield, "dshield"),
    (Provider::Spur, "spur"),
    (Provider::UrlHaus, "urlhaus"),
    (Provider::VirusTotal, "virustotal"),
];

/// A site whose settings lead to services on loopback.
struct Place {
    site: Site,
    providers: Providers,
    dns: CymruDns,
    whois: CymruWhois,
}

impl Place {
    async fn new(engine: Engine, more: &str) -> Self {
        let (site, providers) = (Site::new(engine).await, Providers::start().await);
        let (dns, whois) = (CymruDns::start().await, CymruWhois::start().await);
        let mut file = String::from(
            "[global]\nemail = 'sensor@example.org'\n[global.cache]\nredis_enabled = false\n\
             [[sensor]]\nname = 'a'\ngreynoise_api = 'env:KEY'\nspurapi = 'env:KEY'\n\
             urlhausapi = 'env:KEY'\nvtapi = 'env:KEY'\n",
        );
        for (provider, name) in HTTP {
            let url = providers.base_url(provider);
            write!(file, "[providers.{name}]\nbase_url = '{url}'\ntimeout_seconds = 5\n").unwrap();
        }
        let (dns_server, whois_server) = (dns.address(), whois.address());
        write!(
            file,
            "[providers.cymru]\ndns_server = '{dns_server}'\nwhois_server = '{whois_server}'\n\
             timeout_seconds = 5\n{more}"
        )
        .unwrap();
        site.write("config/sensors.toml", file);
        dns.txt("9.9.9.9.origin.asn.cymru.com", &["19281 | 9.9.9.0/24 | US | arin | 2017-09-13"]);
        dns.txt("AS19281.asn.cymru.com", &["19281 | US | arin | 2010-12-22 | QUAD9-AS-1, US"]);
        Self { site, providers, dns, whois }
    }

    fn lookup(&self, subject: &str) -> Run<'_> {
        let db = self.site.db();
        let arguments = ["lookup", subject, "--db", &db, "--format", "json"];
        self.site.program(Program::Enrich, &arguments).with_variable("KEY", Providers::KEY)
    }

    /// How many questions each service has had.
    fn counts(&self) -> Vec<usize> {
        let http = HTTP.iter().map(|(provider, _)| self.providers.count(*provider));
        http.chain([self.dns.asked().len(), self.whois.requests().len()]).collect()
    }
}

/// The status of each source and who said it, in the order in which they are told.
#[track_caller]
fn said(ended: &Ended) -> Vec<String> {
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    let one = |answer: &Value| {
        let text = |name: &str| answer[name].as_str().unwrap_or("nothing").to_owned();
        format!("{} {} {}", text("source"), text("status"), text("by"))
    };
    document["answers"].as_array().unwrap().iter().map(one).collect()
}

/// What one source said.
#[track_caller]
fn answer(ended: &Ended, source: &str) -> Value {
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    let answers = document["answers"].as_array().unwrap();
    answers.iter().find(|answer| answer["source"] == source).unwrap().clone()
}

#[tokio::test]
async fn every_source_is_asked_once_and_then_the_cache_answers() {
    for engine in Engine::ALL {
        let place = Place::new(engine, "").await;
        let first = place.lookup(ADDRESS).ended().await.expect(0);
        assert_eq!(
            said(&first),
            [
                "validation ok machine",
                "maxmind skipped machine",
                "cymru ok service",
                "ip_classification skipped machine",
                "greynoise not_found service",
                "dshield not_found service",
                "spur not_found service",
                "urlhaus not_found service",
            ],
            "{first:#?}"
        );
        let cymru = &answer(&first, "cymru")["data"];
        assert_eq!(cymru["asn"], 19_281);
        assert_eq!(cymru["registry"], "arin");
        assert_eq!(cymru["asn_org"], "QUAD9-AS-1, US");
        let counts = place.counts();
        // One address goes to the name server: its route, and the name of its AS.
        assert_eq!(counts, [1, 1, 1, 1, 0, 2, 0], "{engine:?}");
        let second = place.lookup(ADDRESS).ended().await.expect(0);
        assert!(said(&second).iter().all(|one| !one.ends_with("service")), "{second:#?}");
        assert!(said(&second).contains(&"cymru ok database".to_owned()), "{second:#?}");
        for field in ["at", "expires_at", "data"] {
            assert_eq!(answer(&first, "cymru")[field], answer(&second, "cymru")[field], "{field}");
        }
        assert_eq!(place.counts(), counts, "nobody is asked again");
        let summary: Value = serde_json::from_str(&second.stdout).unwrap();
        assert_eq!(summary["summary"]["services"]["dshield"]["requests"], 0);
        assert_eq!(summary["summary"]["cache"]["tiers"]["database"]["dshield"]["hits"], 1);
    }
}

#[tokio::test]
async fn the_disk_answers_when_the_database_keeps_nothing() {
    let place = Place::new(Engine::Sqlite, "").await;
    place.lookup(ADDRESS).ended().await.expect(0);
    let db = place.site.db();
    let clear = ["cache", "clear", "--tier", "database", "--db", &db];
    place.site.program(Program::Enrich, &clear).ended().await.expect(0);
    let ended = place.lookup(ADDRESS).ended().await.expect(0);
    assert!(said(&ended).contains(&"cymru ok disk".to_owned()), "{ended:#?}");
    let ended = place.lookup(ADDRESS).ended().await.expect(0);
    assert!(said(&ended).contains(&"cymru ok database".to_owned()), "{ended:#?}");
    place.site.program(Program::Enrich, &["cache", "clear", "--db", &db]).ended().await.expect(0);
    let ended = place.lookup(ADDRESS).ended().await.expect(0);
    assert!(said(&ended).contains(&"cymru ok service".to_owned()), "{ended:#?}");
}

#[tokio::test]
async fn nobody_hears_of_an_address_that_is_not_public() {
    let place = Place::new(Engine::Sqlite, "").await;
    for address in ["10.0.0.1", "127.0.0.1", "192.0.2.7", "fd00::1", "::ffff:192.168.0.1"] {
        let ended = place.lookup(address).ended().await.expect(0);
        assert_eq!(said(&ended), ["validation ok machine"], "{address}");
    }
    assert_eq!(place.counts(), [0; 7]);
}

#[tokio::test]
async fn a_service_that_fails_is_told_and_the_others_answer() {
    let place = Place::new(Engine::Sqlite, "").await;
    place.providers.behave(Provider::DShield, Behaviour::Reset);
    place.providers.behave(Provider::Spur, Behaviour::body("text/html", "<html>"));
    let ended = place.lookup(ADDRESS).ended().await.expect(3);
    let [dshield, spur] = ["dshield", "spur"].map(|source| answer(&ended, source));
    assert_eq!(dshield["status"], "failed");
    assert_eq!(spur["status"], "failed");
    assert!(spur["reason"].as_str().unwrap().contains("JSON"), "{spur}");
    assert!(said(&ended).contains(&"greynoise not_found service".to_owned()), "{ended:#?}");
    for provider in [Provider::DShield, Provider::Spur] {
        place.providers.behave(provider, Behaviour::Normal);
    }
    let counts = place.counts();
    let ended = place.lookup(ADDRESS).ended().await.expect(0);
    let asked: Vec<_> = said(&ended).into_iter().filter(|one| one.ends_with("service")).collect();
    assert_eq!(asked, ["dshield not_found service", "spur not_found service"]);
    let more = place.counts().iter().zip(counts).map(|(now, then)| now - then).collect::<Vec<_>>();
    assert_eq!(more, [0, 1, 1, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_key_that_is_missing_or_wrong_is_told() {
    let place = Place::new(Engine::Sqlite, "").await;
    let ended = place.lookup(ADDRESS).with_variable("KEY", "another-key").ended().await.expect(3);
    for source in ["greynoise", "spur", "urlhaus"] {
        let one = answer(&ended, source);
        assert_eq!(one["status"], "failed", "{one}");
        assert!(!ended.stdout.contains("another-key") && !ended.stderr.contains("another-key"));
    }
    let db = place.site.db();
    place.site.write("config/sensors.toml", "[global.cache]\nredis_enabled = false\n[providers.cymru]\nenabled = false\n[providers.hibp]\nenabled = false\n");
    let arguments = ["lookup", "9.9.9.10", "--db", &db, "--format", "json"];
    let ended = place.site.program(Program::Enrich, &arguments).ended().await.expect(0);
    for (source, reason) in [
        ("cymru", "switched off by `providers.cymru.enabled`"),
        ("greynoise", "it has no key: set `greynoise_api` of a sensor, or GREYNOISE_API_KEY"),
        ("dshield", "it asks for a contact: set `global.email`"),
    ] {
        let one = answer(&ended, source);
        assert_eq!(
            (one["status"].as_str(), one["reason"].as_str()),
            (Some("skipped"), Some(reason))
        );
    }
}

#[tokio::test]
async fn what_the_cache_knows_needs_no_key() {
    let place = Place::new(Engine::Sqlite, "").await;
    place.lookup(ADDRESS).ended().await.expect(0);
    let ended = place.lookup(ADDRESS).with_variable("KEY", "").ended().await.expect(0);
    assert!(said(&ended).contains(&"greynoise not_found database".to_owned()), "{ended:#?}");
    let ended = place.lookup("9.9.9.10").with_variable("KEY", "").ended().await.expect(3);
    let greynoise = answer(&ended, "greynoise");
    assert_eq!(greynoise["status"], "failed");
    assert!(greynoise["reason"].as_str().unwrap().starts_with("its key cannot be had"));
    assert_eq!(place.providers.count(Provider::GreyNoise), 1);
}

#[tokio::test]
async fn a_tier_that_is_switched_off_cannot_be_cleared() {
    let place = Place::new(Engine::Sqlite, "").await;
    let db = place.site.db();
    let clear = ["cache", "clear", "--tier", "redis", "--db", &db];
    let ended = place.site.program(Program::Enrich, &clear).ended().await.expect(2);
    ended.says(&["switched off by `global.cache.redis_enabled`"]);
}

#[tokio::test]
async fn processes_share_a_quota() {
    for engine in Engine::ALL {
        let place = Place::new(engine, "").await;
        let file = std::fs::read_to_string(place.site.path("config/sensors.toml")).unwrap();
        let limited = "[providers.virustotal]\ndaily_quota = 2\nrate_per_second = 50\n";
        place.site.write("config/sensors.toml", file.replace("[providers.virustotal]\n", limited));
        // The database is there before they begin.
        place.lookup("10.0.0.1").ended().await.expect(0);
        let lookups = (0..5).map(|n| place.lookup(&FILE.replace("a1", &format!("{n}1"))).ended());
        let ended = futures_util::future::join_all(lookups).await;
        let codes: Vec<_> = ended.iter().map(|ended| ended.code).collect();
        assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 2, "{ended:#?}");
        assert_eq!(codes.iter().filter(|code| **code == Some(3)).count(), 3, "{ended:#?}");
        assert_eq!(place.providers.count(Provider::VirusTotal), 2, "{engine:?}");
        let refused = ended.iter().find(|ended| ended.code == Some(3)).unwrap();
        assert_eq!(answer(refused, "virustotal")["status"], "quota");
    }
}

#[tokio::test]
async fn processes_share_a_rate() {
    let place = Place::new(Engine::Sqlite, "").await;
    place.lookup("10.0.0.1").ended().await.expect(0);
    let addresses: Vec<String> = (1..=6).map(|n| format!("9.9.9.{n}")).collect();
    let lookups = addresses.iter().map(|address| place.lookup(address).ended());
    for ended in futures_util::future::join_all(lookups).await {
        assert_eq!(answer(&ended, "dshield")["status"], "not_found", "{ended:#?}");
    }
    let asked: Vec<_> =
        place.providers.asked(Provider::DShield).into_iter().map(|asked| asked.at).collect();
    assert_eq!(asked.len(), 6);
    // One in a second: the last of six comes five seconds after the first, less what the way of
    // the first one took.
    let span = asked.last().unwrap().duration_since(*asked.first().unwrap());
    assert!(span.as_secs_f64() > 4.0, "six questions in {span:?}");
}

#[tokio::test]
async fn files_and_domains_go_to_those_who_know_them() {
    let place = Place::new(Engine::Sqlite, "").await;
    let ended = place.lookup(FILE).ended().await.expect(0);
    assert_eq!(said(&ended), ["virustotal not_found service"]);
    let domain = Canned::json(
        r#"{"query_status": "ok", "host": "bad.example.org", "url_count": "1", "firstseen": "2026-01-01 00:00:00 UTC",
            "blacklists": {"spamhaus_dbl": "not listed", "surbl": "not listed"},
            "urls": [{"url": "http://bad.example.org/x", "url_status": "online", "threat": "malware_download", "tags": ["mozi", null]}]}"#,
    );
    place.providers.answer(Provider::UrlHaus, "bad.example.org", domain);
    let ended = place.lookup("Bad.Example.ORG.").ended().await.expect(0);
    assert_eq!(said(&ended), ["urlhaus ok service"]);
    assert_eq!(answer(&ended, "urlhaus")["data"]["url_count"], 1);
    for nonsense in ["", "nonsense", "1.2.3", "../../etc/passwd", "\u{1b}[31m"] {
        place.lookup(nonsense).ended().await.expect(2);
    }
}

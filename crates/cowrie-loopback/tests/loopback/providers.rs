//! What each provider checks, knows, and does not know.

use std::io::Read as _;

use cowrie_loopback::{Canned, Provider, Providers, maxmind_archive};
use serde_json::Value;

use crate::raw_http::{Ask, NOISE};

const KEY: &str = Providers::KEY;
const CONTACT: (&str, &str) = ("User-Agent", "cowrie-processor (operator@example.org)");

/// Whether the body has each of the texts.
#[track_caller]
fn has(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

async fn check(providers: &Providers, ask: Ask<'_>, status: u16, expected: &[&str]) {
    let answer = ask.answer(providers).await;
    assert_eq!(answer.status, status, "{ask:?}: {}", answer.text());
    has(&answer.text(), expected);
    if answer.header("content-type") == "application/json" {
        serde_json::from_slice::<Value>(&answer.body).unwrap();
    }
}

#[tokio::test]
async fn greynoise() {
    let providers = Providers::start().await;
    let check = async |path, headers, status, expected: &[&str]| {
        check(&providers, Ask { path, headers, ..NOISE }, status, expected).await;
    };
    let key = &[("key", KEY)];
    check("/v3/community/8.8.8.8", key, 200, &[r#""riot": true"#, "Google Public DNS"]).await;
    check("/community/8.8.8.8", key, 200, &["Google Public DNS"]).await;
    check("/v3/community/203.0.114.9", key, 404, &["203.0.114.9", "IP not observed"]).await;
    check("/v3/community/2a01:4f8::1", key, 400, &["not a valid routable IPv4"]).await;
    check("/v3/community/8.8.8.8", &[], 401, &["unauthorized"]).await;
    check("/v3/community/8.8.8.8", &[("key", "another")], 401, &["unauthorized"]).await;
    check("/v2/noise/8.8.8.8", key, 404, &["page not found"]).await;
    let post = Ask { method: "POST", ..NOISE };
    self::check(&providers, post, 405, &[]).await;
    assert_eq!(providers.count(Provider::GreyNoise), 8);
}

#[tokio::test]
async fn dshield() {
    let providers = Providers::start().await;
    let check = async |path, headers, status, expected: &[&str]| {
        let ask = Ask { provider: Provider::DShield, path, headers, ..NOISE };
        check(&providers, ask, status, expected).await;
    };
    let known = "/api/ip/45.148.10.121?json";
    check(known, &[CONTACT], 200, &[r#""as":48090"#, "blocklistde22"]).await;
    check("/api/ip/203.0.114.9?json", &[CONTACT], 200, &[r#""attacks":null"#, "203.0.114.9"]).await;
    check("/api/ip/45.148.10.121", &[CONTACT], 200, &["<?xml", "<ip><number>45.148"]).await;
    check(known, &[("User-Agent", "reqwest/0.13")], 403, &[]).await;
    check(known, &[], 403, &[]).await;
}

#[tokio::test]
async fn urlhaus() {
    let providers = Providers::start().await;
    let check = async |method, headers, body, status, expected: &[&str]| {
        let provider = Provider::UrlHaus;
        let ask = Ask { provider, method, path: "/v1/host/", headers, body };
        check(&providers, ask, status, expected).await;
    };
    let key = &[("Auth-Key", KEY), ("Content-Type", "application/x-www-form-urlencoded")];
    check("POST", key, "host=45.148.10.121", 200, &[r#""url_count": "3""#, "Mozi"]).await;
    check("POST", key, "host=203.0.114.9", 200, &["no_results"]).await;
    check("POST", key, "ip=203.0.114.9", 200, &["invalid_host"]).await;
    check("GET", key, "", 200, &["http_post_expected"]).await;
    check("POST", &[], "host=45.148.10.121", 401, &["Unauthorized"]).await;
    let wrong = &[("Auth-Key", "another")];
    check("POST", wrong, "host=45.148.10.121", 401, &["unknown_auth_key"]).await;
    providers.answer(Provider::UrlHaus, "2001:db8::1", Canned::json("{}"));
    check("POST", key, "host=2001%3Adb8%3A%3A1", 200, &["{}"]).await;
    let asked = providers.asked(Provider::UrlHaus).pop().unwrap();
    assert_eq!(
        (asked.key.as_str(), asked.body.as_str()),
        ("2001:db8::1", "host=2001%3Adb8%3A%3A1")
    );
}

#[tokio::test]
async fn spur() {
    let providers = Providers::start().await;
    let ask = Ask { provider: Provider::Spur, headers: &[("Token", KEY)], ..NOISE };
    let known = Ask { path: "/v2/context/45.148.10.121", ..ask.clone() };
    let answer = known.answer(&providers).await;
    assert_eq!((answer.status, answer.header("x-balance-remaining")), (200, "9999"));
    has(&answer.text(), &["PROTON_VPN", "LUMINATI_PROXY"]);
    let unknown = Ask { path: "/v2/context/203.0.114.9", ..ask.clone() };
    check(&providers, unknown, 404, &["Not Found"]).await;
    check(&providers, Ask { headers: &[("token", "another")], ..known }, 401, &[]).await;
}

#[tokio::test]
async fn virustotal() {
    let providers = Providers::start().await;
    let eicar = "/api/v3/files/44D88612FEA8A8F36DE82E1278ABB02F"; // pragma: allowlist secret
    let unknown = "/api/v3/files/d41d8cd98f00b204e9800998ecf8427e"; // pragma: allowlist secret
    let check = async |path, headers, status, expected: &[&str]| {
        let ask = Ask { provider: Provider::VirusTotal, path, headers, ..NOISE };
        check(&providers, ask, status, expected).await;
    };
    let key = &[("X-Apikey", KEY)];
    check(eicar, key, 200, &["popular_threat_classification", r#""malicious": 66"#]).await;
    check(unknown, key, 404, &["NotFoundError", "d41d8cd98f00b204"]).await; // pragma: allowlist secret
    check(eicar, &[], 401, &["AuthenticationRequiredError"]).await;
    check(eicar, &[("x-apikey", "another")], 401, &["WrongCredentialsError"]).await;
}

#[tokio::test]
async fn hibp() {
    let providers = Providers::start().await;
    let ask = Ask { provider: Provider::Hibp, headers: &[("Add-Padding", "true")], ..NOISE };
    let lines = async |path| {
        let answer = Ask { path, ..ask.clone() }.answer(&providers).await;
        assert_eq!(answer.status, 200);
        answer.text().split("\r\n").map(str::to_owned).collect::<Vec<_>>()
    };
    let line = "1E4C9B93F3F0682250B6CF8331B7EE68FD8:10437277"; // pragma: allowlist secret
    assert!(lines("/range/5BAA6").await.contains(&line.to_owned()));
    let line = "D09CA3762AF61E59520943DC26494F8941B:42542807"; // pragma: allowlist secret
    let one = lines("/range/7c4a8").await;
    assert!(one.contains(&line.to_owned()) && one.len() > 10, "{one:?}");
    let none = lines("/range/00000").await;
    assert!(none.len() > 10 && none.iter().all(|line| line.ends_with(":0")), "{none:?}");
    assert!(none.iter().all(|line| line.len() == 37), "{none:?}");

    let bare = Ask { headers: &[], path: "/range/00000", ..ask.clone() };
    assert_eq!(bare.answer(&providers).await.text(), "");
    check(&providers, Ask { path: "/range/5BAA", ..ask.clone() }, 400, &["prefix"]).await;
    check(&providers, Ask { path: "/range/5BAAX", ..ask.clone() }, 400, &["prefix"]).await;
}

#[tokio::test]
async fn maxmind() {
    let providers = Providers::start().await;
    let path = |edition: &str, suffix: &str| {
        format!("/geoip/databases/{edition}/download?suffix={suffix}")
    };
    // The account and the key in base64.
    let basic = &[("Authorization", "Basic MTIzNDU2OmtleS1mb3ItdGVzdHM=")]; // pragma: allowlist secret
    let ask = async |edition, suffix, headers| {
        let path = path(edition, suffix);
        let ask = Ask { provider: Provider::MaxMind, path: &path, headers, ..NOISE };
        ask.answer(&providers).await
    };
    let archive = ask("GeoLite2-City", "tar.gz", basic).await;
    assert_eq!((archive.status, archive.header("content-type")), (200, "application/gzip"));
    let mut unpacked = Vec::new();
    flate2::bufread::MultiGzDecoder::new(&archive.body[..]).read_to_end(&mut unpacked).unwrap();
    let mut files = tar::Archive::new(&unpacked[..]);
    let entries =
        files.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string());
    let folder = "GeoLite2-City_20260428";
    let expected = ["/", "/COPYRIGHT.txt", "/LICENSE.txt", "/GeoLite2-City.mmdb"];
    assert_eq!(entries.collect::<Vec<_>>(), expected.map(|name| format!("{folder}{name}")));

    let checksum = ask("GeoLite2-City", "tar.gz.sha256", basic).await.text();
    let (digest, name) = checksum.split_once("  ").unwrap();
    assert_eq!((digest.len(), name), (64, "GeoLite2-City_20260428.tar.gz\n"));

    assert_eq!(ask("GeoLite2-City", "tar.gz", &[]).await.status, 401);
    assert_eq!(ask("GeoIP2-City", "tar.gz", basic).await.status, 404);
    assert_eq!(ask("GeoLite2-City", "zip", basic).await.status, 404);

    let own = maxmind_archive("GeoIP2-City", "20260501", b"not a database");
    providers.answer(
        Provider::MaxMind,
        "GeoIP2-City",
        Canned::bytes("application/gzip", own.clone()),
    );
    assert_eq!(ask("GeoIP2-City", "tar.gz", basic).await.body, own);
    let told = ask("GeoIP2-City", "tar.gz.sha256", basic).await.text();
    assert!(told.ends_with("  GeoIP2-City.tar.gz\n"), "{told}");
    providers.answer(Provider::MaxMind, "GeoIP2-City.tar.gz.sha256", Canned::text("wrong"));
    assert_eq!(ask("GeoIP2-City", "tar.gz.sha256", basic).await.text(), "wrong");
    assert_eq!(providers.asked(Provider::MaxMind)[1].key, "GeoLite2-City.tar.gz.sha256");
}

#[tokio::test]
async fn lists() {
    let providers = Providers::start().await;
    let ask = async |path, headers: &[(&str, &str)]| {
        Ask { provider: Provider::Lists, path, headers, ..NOISE }.answer(&providers).await
    };
    let first = ask("/torbulkexitlist", &[]).await;
    assert_eq!(first.status, 200);
    has(&first.text(), &["185.220.101.1\n"]);
    let (tag, date) = (first.header("etag"), first.header("last-modified"));
    assert!(tag.starts_with('"') && date.ends_with(" GMT"), "{first:?}");

    for (name, value, status) in [
        ("If-None-Match", tag, 304),
        ("If-None-Match", &format!("\"x\", W/{tag}"), 304),
        ("If-None-Match", "*", 304),
        ("If-None-Match", "\"x\"", 200),
        ("If-Modified-Since", date, 304),
        ("If-Modified-Since", "Tue, 28 Apr 2026 00:00:00 GMT", 200),
        ("If-Modified-Since", "yesterday", 200),
    ] {
        let answer = ask("/torbulkexitlist", &[(name, value)]).await;
        assert_eq!(answer.status, status, "{name}: {value}");
        assert_eq!(answer.body.is_empty(), status == 304);
        assert_eq!(answer.header("etag"), tag);
    }
    let both = [("If-None-Match", "\"x\""), ("If-Modified-Since", date)];
    assert_eq!(ask("/torbulkexitlist", &both).await.status, 200);

    for path in
        ["/ipranges/cloud.json", "/ip-ranges.json", "/ips-v4", "/ips-v6", "/a/datacenters.csv"]
    {
        assert_eq!(ask(path, &[]).await.status, 200, "{path}");
    }
    assert_eq!(ask("/nothing", &[]).await.status, 404);

    providers.answer(Provider::Lists, "/torbulkexitlist", Canned::text("203.0.114.9\n"));
    let changed = ask("/torbulkexitlist", &[("If-None-Match", tag)]).await;
    assert_eq!((changed.status, changed.text().as_str()), (200, "203.0.114.9\n"));
    assert_eq!(ask("/torbulkexitlist", &[("If-Modified-Since", date)]).await.status, 200);
    let own = Canned::text("x").with_header("ETag", "\"own\"");
    providers.answer(Provider::Lists, "a/b.txt", own);
    assert_eq!(ask("/a/b.txt", &[("If-None-Match", "\"own\"")]).await.status, 304);
    let head = Ask { provider: Provider::Lists, method: "HEAD", path: "/a/b.txt", ..NOISE };
    let head = head.answer(&providers).await;
    assert_eq!((head.status, head.header("content-length"), head.text().as_str()), (200, "1", ""));
}

#[tokio::test]
async fn what_was_told_is_said_and_noted() {
    let providers = Providers::start().await;
    let said = Canned::json("{\"x\": 1}").with_status(203).with_header("X-One", "1");
    providers.answer(Provider::GreyNoise, "8.8.8.8", said.with_header("x-one", "2"));
    let answer = Ask { path: "/v3/community/8.8.8.8?a=b", ..NOISE }.answer(&providers).await;
    assert_eq!((answer.status, answer.header("x-one")), (203, "2"));
    assert_eq!(answer.text(), "{\"x\": 1}");

    let asked = providers.asked(Provider::GreyNoise);
    let [asked] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(asked.key, "8.8.8.8");
    assert_eq!((asked.method.as_str(), asked.query.as_str()), ("GET", "a=b"));
    assert_eq!(asked.path, "/v3/community/8.8.8.8");
    assert_eq!(asked.headers.get("key").map(String::as_str), Some(KEY));
    assert_eq!(asked.body, "");
    assert_eq!(providers.count(Provider::Spur), 0);
}

#[tokio::test]
async fn facts_are_made_up_only_when_wanted() {
    let providers = Providers::start().await;
    let statuses = async || {
        let mut statuses = Vec::new();
        for n in 1..=20 {
            let path = format!("/v3/community/45.{n}.3.7");
            statuses.push(Ask { path: &path, ..NOISE }.answer(&providers).await.status);
        }
        statuses
    };
    assert_eq!(statuses().await, [404; 20]);
    providers.invent();
    let invented = statuses().await;
    assert!(invented.contains(&200) && invented.contains(&404), "{invented:?}");
    assert_eq!(statuses().await, invented);
    let private = Ask { path: "/v3/community/10.0.0.1", ..NOISE };
    assert_eq!(private.answer(&providers).await.status, 404);
}

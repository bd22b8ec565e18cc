//! Each way to fail is really that way.

use std::io::ErrorKind;
use std::time::Duration;

use cowrie_loopback::{Behaviour, Canned, Provider, Providers};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::raw_http::{Ask, NOISE, parse};

/// Far longer than an answer takes, and short enough to wait for.
const A_WHILE: Duration = Duration::from_millis(300);

/// When a test that hangs gives up.
const AT_MOST: Duration = Duration::from_secs(20);

async fn behaving(behaviour: Behaviour) -> Providers {
    let providers = Providers::start().await;
    providers.behave(Provider::GreyNoise, behaviour);
    providers
}

#[tokio::test]
async fn a_slow_answer_comes() {
    let providers = behaving(Behaviour::Slow(4 * A_WHILE)).await;
    let mut stream = NOISE.send(&providers).await;
    let mut first = [0; 1];
    assert!(timeout(A_WHILE / 2, stream.read(&mut first)).await.is_err());
    assert_eq!(providers.count(Provider::GreyNoise), 1);
    let mut bytes = Vec::new();
    timeout(AT_MOST, stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
    assert_eq!(parse(&bytes).status, 200);
}

#[tokio::test]
async fn a_status_has_its_headers_whatever_is_asked() {
    let headers = vec![("Retry-After".to_owned(), "120".to_owned())];
    let body = "{\"error\": \"slow down\"}".to_owned();
    let providers = behaving(Behaviour::Status { status: 429, headers, body }).await;
    for headers in [NOISE.headers, &[]] {
        let answer = Ask { headers, ..NOISE }.answer(&providers).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, "120"));
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.text(), "{\"error\": \"slow down\"}");
    }
    let other = Ask { provider: Provider::Spur, path: "/v2/context/8.8.8.8", ..NOISE };
    assert_eq!(other.answer(&providers).await.status, 401);
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let providers = behaving(Behaviour::Reset).await;
    for n in 1..=3 {
        let answer = timeout(AT_MOST, NOISE.bytes(&providers)).await.unwrap();
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(providers.count(Provider::GreyNoise), n);
    }
}

#[tokio::test]
async fn silence_keeps_the_connection_open() {
    let providers = behaving(Behaviour::Silent).await;
    let mut stream = NOISE.send(&providers).await;
    let mut bytes = Vec::new();
    assert!(timeout(A_WHILE, stream.read_to_end(&mut bytes)).await.is_err());
    assert_eq!(bytes, b"");
    assert_eq!(providers.count(Provider::GreyNoise), 1);
}

#[tokio::test]
async fn a_truncated_body_is_half_of_what_the_head_claims() {
    for size in [2, 1_000, 1_000_000] {
        let providers = behaving(Behaviour::Truncated).await;
        let whole = vec![b'x'; size];
        providers.answer(Provider::GreyNoise, "8.8.8.8", Canned::bytes("text/plain", whole));
        let bytes = timeout(AT_MOST, NOISE.bytes(&providers)).await.unwrap().unwrap();
        let answer = parse(&bytes);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-length"), size.to_string());
        assert!(!answer.headers.contains_key("transfer-encoding"));
        assert_eq!(answer.body, vec![b'x'; size / 2]);
    }
}

#[tokio::test]
async fn an_empty_body_can_be_truncated_too() {
    let providers = behaving(Behaviour::Truncated).await;
    providers.answer(Provider::GreyNoise, "8.8.8.8", Canned::text(""));
    let answer = NOISE.answer(&providers).await;
    assert_eq!((answer.header("content-length"), answer.text().as_str()), ("2", ""));
}

#[tokio::test]
async fn an_oversized_body_has_exactly_so_many_bytes() {
    for size in [0, 1, 100_000, 5_000_000] {
        let providers = behaving(Behaviour::Oversized(size)).await;
        let answer = NOISE.answer(&providers).await;
        assert_eq!((answer.status, answer.body.len()), (200, size));
        assert_eq!(answer.header("content-length"), "");
    }
}

#[tokio::test]
async fn any_body_is_sent_as_it_is() {
    let body = b"\0\xff\xfe<html>".to_vec();
    let content_type = "text/html".to_owned();
    let providers = behaving(Behaviour::Body { content_type, body: body.clone() }).await;
    let answer = NOISE.answer(&providers).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html"));
    assert_eq!(answer.body, body);
}

#[tokio::test]
async fn behaviours_come_in_turn_and_the_last_stays() {
    let busy = Behaviour::Status { status: 503, headers: Vec::new(), body: "busy".to_owned() };
    let row = vec![Behaviour::Reset, busy, Behaviour::Normal];
    let providers = behaving(Behaviour::InTurn(row)).await;
    let mut said = Vec::new();
    for _ in 0..4 {
        let bytes = NOISE.bytes(&providers).await;
        said.push(bytes.map_or(0, |bytes| parse(&bytes).status));
    }
    assert_eq!(said, [0, 503, 200, 200]);
    assert_eq!(providers.count(Provider::GreyNoise), 4);
    providers.behave(Provider::GreyNoise, Behaviour::Reset);
    assert!(NOISE.bytes(&providers).await.is_err());
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let providers = Providers::start().await;
    let base = providers.base_url(Provider::GreyNoise);
    let host = base.split('/').nth(2).unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!(
        "GET /greynoise/v3/community/8.8.8.8 HTTP/1.1\r\nHost: {host}\r\nkey: {}\r\n\r\n",
        Providers::KEY
    );
    for n in 1..=3 {
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = vec![0; 4096];
        let n_read = timeout(AT_MOST, stream.read(&mut bytes)).await.unwrap().unwrap();
        assert_eq!(parse(&bytes[..n_read]).status, 200);
        assert_eq!(providers.count(Provider::GreyNoise), n);
    }
    drop(providers);
    let mut bytes = Vec::new();
    // It ends, politely or not.
    let ended = timeout(AT_MOST, stream.read_to_end(&mut bytes)).await.unwrap();
    assert!(ended.is_err() || bytes.is_empty(), "{ended:?}");
}

#[tokio::test]
async fn nothing_is_left_of_a_service_that_was_dropped() {
    let providers = behaving(Behaviour::Silent).await;
    let mut silent = NOISE.send(&providers).await;
    while providers.count(Provider::GreyNoise) == 0 {
        sleep(Duration::from_millis(5)).await;
    }
    let base = providers.base_url(Provider::GreyNoise);
    drop(providers);
    let mut bytes = Vec::new();
    let ended = timeout(AT_MOST, silent.read_to_end(&mut bytes)).await.unwrap();
    assert!(ended.is_err() || bytes.is_empty(), "{ended:?}");
    let host = base.split('/').nth(2).unwrap();
    assert!(TcpStream::connect(host).await.is_err());
}

#[tokio::test]
async fn a_path_of_no_provider_is_not_found() {
    let providers = Providers::start().await;
    let base = providers.base_url(Provider::GreyNoise);
    let host = base.split('/').nth(2).unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("GET /nobody/x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(parse(&bytes).status, 404);
    assert!(Provider::ALL.into_iter().all(|provider| providers.count(provider) == 0));
}

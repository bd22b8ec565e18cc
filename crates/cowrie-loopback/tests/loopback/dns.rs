//! The name server, by messages put together here (RFC 1035, section 4).

use std::time::Duration;

use cowrie_loopback::{CymruDns, DnsBehaviour};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

const AT_MOST: Duration = Duration::from_secs(20);
const A_WHILE: Duration = Duration::from_millis(300);

const TXT: u16 = 16;
const A: u16 = 1;

const NO_ERROR: u8 = 0;
const SERV_FAIL: u8 = 2;
const NX_DOMAIN: u8 = 3;

const GOOGLE: &str = "8.8.8.8.origin.asn.cymru.com";

/// What an answer says: response code, whether it was cut, and the texts in it.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    code: u8,
    is_cut: bool,
    texts: Vec<String>,
}

fn question(name: &str, kind: u16) -> Vec<u8> {
    let mut message = vec![0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(u8::try_from(label.len()).unwrap());
        message.extend_from_slice(label.as_bytes());
    }
    message.push(0);
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&[0, 1]);
    message
}

/// Reads the answers of a message; names in them are pointers, or written out.
fn read(message: &[u8]) -> Said {
    assert_eq!(message[..2], [0x12, 0x34]);
    let number = |at: usize| usize::from(u16::from_be_bytes([message[at], message[at + 1]]));
    let behind_name = |mut at: usize| loop {
        match message[at] {
            0 => return at + 1,
            pointer if pointer >= 0xc0 => return at + 2,
            length => at += 1 + usize::from(length),
        }
    };
    let mut at = behind_name(12) + 4;
    let mut texts = Vec::new();
    for _ in 0..number(6) {
        at = behind_name(at);
        let (kind, length) = (number(at), number(at + 8));
        let mut data = &message[at + 10..at + 10 + length];
        at += 10 + length;
        assert_eq!(kind, usize::from(TXT));
        let mut text = Vec::new();
        while let Some((&length, rest)) = data.split_first() {
            let (string, rest) = rest.split_at(usize::from(length));
            text.extend_from_slice(string);
            data = rest;
        }
        texts.push(String::from_utf8(text).unwrap());
    }
    Said { code: message[3] & 0x0f, is_cut: message[2] & 0x02 != 0, texts }
}

/// `None` when there is no answer in that time.
async fn by_udp_within(wait: Duration, dns: &CymruDns, message: &[u8]) -> Option<Said> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(message, dns.address()).await.unwrap();
    let mut answer = vec![0; 65_535];
    let n_read = timeout(wait, socket.recv(&mut answer)).await.ok()?.unwrap();
    Some(read(&answer[..n_read]))
}

/// `None` when there is no answer in that time.
async fn by_tcp_within(wait: Duration, dns: &CymruDns, message: &[u8]) -> Option<Said> {
    let mut stream = TcpStream::connect(dns.address()).await.unwrap();
    stream.write_u16(u16::try_from(message.len()).unwrap()).await.unwrap();
    stream.write_all(message).await.unwrap();
    let length = timeout(wait, stream.read_u16()).await.ok()?.unwrap();
    let mut answer = vec![0; usize::from(length)];
    timeout(AT_MOST, stream.read_exact(&mut answer)).await.unwrap().unwrap();
    Some(read(&answer))
}

async fn by_udp(dns: &CymruDns, message: &[u8]) -> Said {
    by_udp_within(AT_MOST, dns, message).await.expect("an answer")
}

async fn by_tcp(dns: &CymruDns, message: &[u8]) -> Said {
    by_tcp_within(AT_MOST, dns, message).await.expect("an answer")
}

async fn check(dns: &CymruDns, name: &str, kind: u16, code: u8, texts: &[&str]) {
    let message = question(name, kind);
    let texts = texts.iter().map(|&text| text.to_owned()).collect();
    let expected = Said { code, is_cut: false, texts };
    assert_eq!(by_udp(dns, &message).await, expected, "{name} by UDP");
    assert_eq!(by_tcp(dns, &message).await, expected, "{name} by TCP");
}

#[tokio::test]
async fn names_have_texts_or_do_not_exist() {
    let dns = CymruDns::start().await;
    check(&dns, GOOGLE, TXT, NO_ERROR, &["15169 | 8.8.8.0/24 | US | arin | 2023-12-28"]).await;
    let name = "as15169.ASN.cymru.com";
    check(&dns, name, TXT, NO_ERROR, &["15169 | US | arin | 2000-03-30 | GOOGLE, US"]).await;
    let two = "31.108.90.216.origin.asn.cymru.com";
    check(&dns, two, TXT, NO_ERROR, &["23028 701 | 216.90.108.0/24 | US | arin | 1998-09-25"])
        .await;
    check(&dns, "1.2.0.192.origin.asn.cymru.com", TXT, NX_DOMAIN, &[]).await;
    check(&dns, "example.com", TXT, NX_DOMAIN, &[]).await;
    // The name is there, and has no address.
    check(&dns, GOOGLE, A, NO_ERROR, &[]).await;

    dns.txt("9.114.0.203.Origin.asn.cymru.com.", &["1 | a", "2 | b"]);
    check(&dns, "9.114.0.203.origin.asn.cymru.com", TXT, NO_ERROR, &["1 | a", "2 | b"]).await;
    dns.txt("9.114.0.203.origin.asn.cymru.com", &["3"]);
    check(&dns, "9.114.0.203.origin.asn.cymru.com", TXT, NO_ERROR, &["3"]).await;

    let asked = dns.asked();
    assert_eq!((asked.len(), dns.count()), (16, 16));
    assert_eq!(asked[..4], [GOOGLE, GOOGLE, name, name]);
}

#[tokio::test]
async fn long_texts_are_whole_by_tcp() {
    let dns = CymruDns::start().await;
    let text = "x".repeat(3_000);
    dns.txt("long.asn.cymru.com", &[&text]);
    let message = question("long.asn.cymru.com", TXT);
    let whole = by_tcp(&dns, &message).await;
    assert_eq!((whole.is_cut, whole.texts), (false, vec![text.clone()]));
    let cut = by_udp(&dns, &message).await;
    assert!(cut.is_cut || cut.texts == [text], "{cut:?}");
}

#[tokio::test]
async fn it_fails_as_it_is_told() {
    let dns = CymruDns::start().await;
    dns.behave(DnsBehaviour::ServFail);
    check(&dns, GOOGLE, TXT, SERV_FAIL, &[]).await;
    dns.behave(DnsBehaviour::Silent);
    let message = question(GOOGLE, TXT);
    assert_eq!(by_udp_within(A_WHILE, &dns, &message).await, None);
    assert_eq!(by_tcp_within(A_WHILE, &dns, &message).await, None);
    assert_eq!(dns.count(), 4);
    dns.behave(DnsBehaviour::Normal);
    assert_eq!(by_udp(&dns, &message).await.texts.len(), 1);
}

#[tokio::test]
async fn facts_are_made_up_only_when_wanted() {
    let dns = CymruDns::start().await;
    let message = question("7.3.1.45.origin.asn.cymru.com", TXT);
    assert_eq!(by_udp(&dns, &message).await.code, NX_DOMAIN);
    dns.invent();
    let said = by_udp(&dns, &message).await;
    assert!(said.texts[0].contains(" | 45.1.0.0/16 | "), "{said:?}");
    assert_eq!(by_tcp(&dns, &message).await, said);
}

#[tokio::test]
async fn the_port_is_free_when_it_was_dropped() {
    let dns = CymruDns::start().await;
    let address = dns.address();
    drop(dns);
    // The tasks of the server end as soon as they are next looked at.
    let is_free = async || {
        while UdpSocket::bind(address).await.is_err() || TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(AT_MOST, is_free()).await.unwrap();
}

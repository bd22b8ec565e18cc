//! The bulk whois service.

use std::io::{self, ErrorKind};
use std::time::Duration;

use cowrie_loopback::{CymruWhois, WhoisBehaviour};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const AT_MOST: Duration = Duration::from_secs(20);
const A_WHILE: Duration = Duration::from_millis(300);

const BANNER: &str = "Bulk mode; whois.cymru.com [2026-04-29 06:00:00 +0000]\n";
const GOOGLE: &str =
    "15169   | 8.8.8.8          | 8.8.8.0/24          | US | arin     | 2023-12-28 | GOOGLE, US\n";
const BULK: &str = "begin\nverbose\n8.8.8.8\n192.0.2.1\nend\n";

async fn ask(whois: &CymruWhois, question: &str) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(whois.address()).await?;
    stream.write_all(question.as_bytes()).await?;
    let mut answer = Vec::new();
    timeout(AT_MOST, stream.read_to_end(&mut answer)).await.unwrap()?;
    Ok(answer)
}

async fn check(whois: &CymruWhois, question: &str, expected: &str) {
    let answer = ask(whois, question).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), expected, "{question}");
}

#[tokio::test]
async fn lines_are_answered_in_order() {
    let whois = CymruWhois::start().await;
    let unknown =
        "NA      | 192.0.2.1        | NA                  |    | other    |            | NA\n";
    check(&whois, BULK, &format!("{BANNER}{GOOGLE}{unknown}")).await;
    check(&whois, "begin\r\nverbose\r\n8.8.8.8\r\nend\r\n", &format!("{BANNER}{GOOGLE}")).await;
    let few = "15169   | 8.8.8.8          | GOOGLE, US\n";
    check(&whois, "begin\n8.8.8.8\nend\n", &format!("{BANNER}{few}")).await;
    let error = "Error: no ASN or IP match on line 3.\n";
    check(&whois, "begin\nverbose\nexample.com\nend\n", &format!("{BANNER}{error}")).await;
    check(&whois, "begin\nverbose\nend\n", BANNER).await;
    let header =
        "AS      | IP               | BGP Prefix          | CC | Registry | Allocated  | AS Name\n";
    check(&whois, "begin\nheader\nverbose\nend\n", &format!("{BANNER}{header}")).await;
    check(&whois, " -v 8.8.8.8\r\n", &format!("{header}{GOOGLE}")).await;

    let own = "64500 64501 | 2a01:4f8::1 | 2a01:4f8::/32 | DE | ripencc | 2008-01-01 | OWN, DE";
    whois.answer("2A01:4F8:0::1", own);
    check(&whois, "begin\nverbose\n2a01:4f8::0001\nend\n", &format!("{BANNER}{own}\n")).await;
    let requests = whois.requests();
    assert_eq!((requests.len(), whois.count()), (8, 8));
    assert_eq!(requests[0], ["8.8.8.8", "192.0.2.1"]);
    assert_eq!(requests[7], ["2a01:4f8::0001"]);
}

#[tokio::test]
async fn five_hundred_addresses_are_one_request() {
    let whois = CymruWhois::start().await;
    whois.invent();
    let addresses: Vec<_> = (0..500).map(|n| format!("45.{}.3.7", n % 250 + 1)).collect();
    let question = format!("begin\nverbose\n{}\nend\n", addresses.join("\n"));
    let answer = String::from_utf8(ask(&whois, &question).await.unwrap()).unwrap();
    assert_eq!(answer.lines().count(), 501);
    assert!(answer.lines().skip(1).all(|line| line.split('|').count() == 7), "{answer}");
    assert_eq!(whois.requests(), [addresses]);
}

#[tokio::test]
async fn it_fails_as_it_is_told() {
    let whois = CymruWhois::start().await;
    let whole = ask(&whois, BULK).await.unwrap();

    whois.behave(WhoisBehaviour::Truncated);
    let cut = ask(&whois, BULK).await.unwrap();
    assert!(cut.len() > 60 && whole.starts_with(&cut) && !cut.ends_with(b"\n"), "{cut:?}");
    assert!(cut.len() < whole.len());

    whois.behave(WhoisBehaviour::Reset);
    assert_eq!(ask(&whois, BULK).await.unwrap_err().kind(), ErrorKind::ConnectionReset);

    whois.behave(WhoisBehaviour::Oversized(2_000_001));
    assert_eq!(ask(&whois, BULK).await.unwrap().len(), 2_000_001);

    whois.behave(WhoisBehaviour::Garbage(b"\0\xff|||\n".to_vec()));
    assert_eq!(ask(&whois, BULK).await.unwrap(), b"\0\xff|||\n");

    whois.behave(WhoisBehaviour::Refused("Error: too many queries".to_owned()));
    check(&whois, BULK, "Error: too many queries\n").await;

    whois.behave(WhoisBehaviour::Silent);
    let mut stream = TcpStream::connect(whois.address()).await.unwrap();
    stream.write_all(BULK.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    assert!(timeout(A_WHILE, stream.read_to_end(&mut answer)).await.is_err());
    assert_eq!((answer.len(), whois.count()), (0, 7));

    let address = whois.address();
    drop(whois);
    let ended = timeout(AT_MOST, stream.read_to_end(&mut answer)).await.unwrap();
    assert!(ended.is_err() || answer.is_empty(), "{ended:?}");
    assert!(TcpStream::connect(address).await.is_err());
}

//! The program: it says where it is, makes up facts, and stops with its input.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn it_serves_until_its_input_ends() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cowrie-loopback"));
    let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(program.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();

    let url = said["dshield"].as_str().unwrap().strip_prefix("http://").unwrap();
    let (host, step) = url.split_once('/').unwrap();
    let mut web = TcpStream::connect(host).unwrap();
    let agent = "User-Agent: me@example.org\r\nConnection: close";
    write!(web, "GET /{step}/api/ip/45.1.3.7?json HTTP/1.1\r\nHost: x\r\n{agent}\r\n\r\n").unwrap();
    let mut answer = String::new();
    web.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let mut whois = TcpStream::connect(said["cymru_whois"].as_str().unwrap()).unwrap();
    whois.write_all(b"begin\nverbose\n45.1.3.7\nend\n").unwrap();
    let mut answer = String::new();
    whois.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("| 45.1.3.7         | 45.1.0.0/16 "), "{answer}");

    assert!(program.try_wait().unwrap().is_none());
    drop(program.stdin.take());
    line.clear();
    output.read_line(&mut line).unwrap();
    let counts: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(counts["asked"]["dshield"], 1);
    assert_eq!(counts["asked"]["cymru_whois"], 1);
    assert_eq!(counts["asked"]["spur"], 0);
    assert!(program.wait().unwrap().success());
    assert!(TcpStream::connect(host).is_err());
}

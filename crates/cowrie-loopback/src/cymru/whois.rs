//! The bulk whois service.
//!
//! A client writes `begin`, options, one address a line, and `end`; the service answers one line for
//! each address and closes.
//! Source: <https://team-cymru.com/community-services/ip-asn-mapping/>.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::invented;
use crate::log::Log;

/// Verbose lines that are known from the beginning.
const SAMPLES: &str = include_str!("../../samples/cymru/whois.txt");

/// How many bytes of a question are read.
const MAX_QUESTION: u64 = 1 << 20;

const BANNER: &str = "Bulk mode; whois.cymru.com [2026-04-29 06:00:00 +0000]\n";
const HEADER: &str = "AS      | IP               | BGP Prefix          | CC | Registry | Allocated  \
                      | AS Name";

/// Bulk whois on TCP on a free port of 127.0.0.1; it stops when it is dropped.
#[derive(Debug)]
pub struct CymruWhois {
    desk: Arc<Desk>,
    address: SocketAddr,
    _server: JoinSet<()>,
}

/// How the whois service behaves.
#[derive(Clone, Debug)]
pub enum WhoisBehaviour {
    /// As the real one does.
    Normal,
    /// Reads the question, and never answers.
    Silent,
    /// Reads the question, and resets the connection.
    Reset,
    /// Sends half of the answer, and ends within a line.
    Truncated,
    /// Sends so many bytes that mean nothing, in lines of 80.
    Oversized(usize),
    /// Sends these bytes.
    Garbage(Vec<u8>),
    /// Sends this line, as the service says that it does not answer.
    Refused(String),
}

#[derive(Debug)]
struct Desk(Mutex<OnDesk>);

#[derive(Debug)]
struct OnDesk {
    lines: BTreeMap<String, String>,
    behaviour: WhoisBehaviour,
    log: Log<Vec<String>>,
    invents: bool,
}

impl CymruWhois {
    /// Starts the server on the runtime of the caller. Panics when there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("the address of a socket that is bound");
        let desk = Arc::new(Desk::with_samples());
        let mut server = JoinSet::new();
        server.spawn(serve(listener, Arc::clone(&desk)));
        Self { desk, address, _server: server }
    }

    /// Where it is asked.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, that is the whole verbose line for an address, of seven columns.
    pub fn answer(&self, address: &str, line: &str) {
        self.desk.lock().lines.insert(canonical(address), line.trim_end().to_owned());
    }

    /// How the service behaves from now on.
    pub fn behave(&self, behaviour: WhoisBehaviour) {
        self.desk.lock().behaviour = behaviour;
    }

    /// From now on, every public address is in a network that is made up; the same one each time.
    pub fn invent(&self) {
        self.desk.lock().invents = true;
    }

    /// The addresses of each connection until now, in order, as they were spelled; not more than
    /// the latest 20,000 connections.
    pub fn requests(&self) -> Vec<Vec<String>> {
        self.desk.lock().log.latest()
    }

    /// How many connections there have been.
    pub fn count(&self) -> usize {
        self.desk.lock().log.count()
    }
}

/// What was written to the service.
#[derive(Debug, Default)]
struct Question {
    is_bulk: bool,
    is_verbose: bool,
    wants_header: bool,
    /// The number of the line, and what stands there.
    addresses: Vec<(usize, String)>,
}

impl Desk {
    fn with_samples() -> Self {
        let lines = SAMPLES.lines().filter_map(|line| {
            let address = line.split('|').nth(1)?.trim();
            Some((canonical(address), line.trim_end().to_owned()))
        });
        let (lines, behaviour) = (lines.collect(), WhoisBehaviour::Normal);
        Self(Mutex::new(OnDesk { lines, behaviour, log: Log::default(), invents: false }))
    }

    fn lock(&self) -> MutexGuard<'_, OnDesk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the question; says how to behave, and what the answer would be.
    fn take(&self, question: Question) -> (WhoisBehaviour, String) {
        let mut desk = self.lock();
        let answer = desk.answer(&question);
        desk.log.push(question.addresses.into_iter().map(|(_, address)| address).collect());
        (desk.behaviour.clone(), answer)
    }
}

impl OnDesk {
    fn answer(&self, question: &Question) -> String {
        let mut answer = String::new();
        let mut say = |line: &str| {
            // Writing to a string does not fail.
            writeln!(answer, "{}", columns(line, question.is_verbose)).unwrap_or_default();
        };
        if question.wants_header {
            say(HEADER);
        }
        for (number, address) in &question.addresses {
            match address.parse() {
                Ok(parsed) => say(&self.line(address, parsed)),
                Err(_other) => say(&format!("Error: no ASN or IP match on line {number}.")),
            }
        }
        if question.is_bulk { format!("{BANNER}{answer}") } else { answer }
    }

    fn line(&self, spelled: &str, address: IpAddr) -> String {
        let told = self.lines.get(&address.to_string()).cloned();
        let made_up = || self.invents.then(|| invented::network(address)).flatten();
        let made_up = || made_up().map(|network| network.whois_line(address));
        told.or_else(made_up).unwrap_or_else(|| {
            format!(
                "NA      | {spelled:<16} | NA                  |    | other    |            | NA"
            )
        })
    }
}

/// The seven columns of a line, or three of them: AS, address and name.
fn columns(line: &str, is_verbose: bool) -> String {
    let columns: Vec<_> = line.split('|').collect();
    match columns[..] {
        [asn, address, .., name] if !is_verbose => format!("{asn}|{address}|{name}"),
        _ => line.to_owned(),
    }
}

fn canonical(address: &str) -> String {
    let address = address.trim();
    address.parse::<IpAddr>().map_or_else(|_other| address.to_owned(), |parsed| parsed.to_string())
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _peer)) => {
                    connections.spawn(converse(stream, Arc::clone(&desk)));
                }
                Err(_no_more) => sleep(Duration::from_millis(10)).await,
            },
            Some(_ended) = connections.join_next() => {}
        }
    }
}

async fn converse(mut stream: TcpStream, desk: Arc<Desk>) {
    let Ok(question) = read(&mut stream).await else { return };
    let (behaviour, answer) = desk.take(question);
    // A client that goes away before the end does what it likes.
    behave(stream, behaviour, answer).await.unwrap_or_default();
}

/// Reads to the line `end`, to the end, or one line when it is not `begin`.
async fn read(stream: &mut TcpStream) -> io::Result<Question> {
    let mut reader = BufReader::new(stream.take(MAX_QUESTION));
    let mut question = Question::default();
    let mut number = 0;
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).await? == 0 {
            return Ok(question);
        }
        number += 1;
        let line = String::from_utf8_lossy(&line);
        match line.trim() {
            "" => {}
            "begin" => question.is_bulk = true,
            "end" => return Ok(question),
            "verbose" => question.is_verbose = true,
            "header" => question.wants_header = true,
            "noheader" => question.wants_header = false,
            words => {
                let address = words.rsplit(' ').next().unwrap_or(words);
                question.addresses.push((number, address.to_owned()));
            }
        }
        if !question.is_bulk {
            question.wants_header = true;
            question.is_verbose |= line.contains("-v");
            return Ok(question);
        }
    }
}

async fn behave(
    mut stream: TcpStream,
    behaviour: WhoisBehaviour,
    answer: String,
) -> io::Result<()> {
    match behaviour {
        WhoisBehaviour::Normal => stream.write_all(answer.as_bytes()).await?,
        WhoisBehaviour::Silent => pending().await,
        WhoisBehaviour::Reset => return stream.set_zero_linger(),
        WhoisBehaviour::Truncated => stream.write_all(half(answer.as_bytes())).await?,
        WhoisBehaviour::Oversized(n_bytes) => oversized(&mut stream, n_bytes).await?,
        WhoisBehaviour::Garbage(bytes) => stream.write_all(&bytes).await?,
        WhoisBehaviour::Refused(line) => {
            stream.write_all(format!("{}\n", line.trim_end()).as_bytes()).await?;
        }
    }
    stream.shutdown().await
}

/// The first half, which does not end with a line.
fn half(answer: &[u8]) -> &[u8] {
    let half = answer.get(..answer.len() / 2).unwrap_or_default();
    half.strip_suffix(b"\n").unwrap_or(half)
}

async fn oversized(stream: &mut TcpStream, n_bytes: usize) -> io::Result<()> {
    let mut line = [b'x'; 80];
    line[79] = b'\n';
    let mut left = n_bytes;
    while left > 0 {
        let piece = line.get(..left.min(line.len())).unwrap_or_default();
        stream.write_all(piece).await?;
        left -= piece.len();
    }
    Ok(())
}

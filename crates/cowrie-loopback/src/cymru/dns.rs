//! The zones below `asn.cymru.com`.
//!
//! Source: <https://team-cymru.com/community-services/ip-asn-mapping/>.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::iter::empty;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_server::net::runtime::Time;
use hickory_server::proto::op::{Edns, Header, HeaderCounts, Metadata, ResponseCode};
use hickory_server::proto::rr::rdata::{SOA, TXT};
use hickory_server::proto::rr::{Name, RData, Record, RecordType};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo, Server};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::net::{TcpListener, UdpSocket};

use crate::invented;
use crate::log::Log;

/// Names and texts that are known from the beginning, one record a line.
const SAMPLES: &str = include_str!("../../samples/cymru/dns.txt");

/// How long a record may be kept, in seconds.
const TTL: u32 = 14_400;

/// How long a TCP connection may say nothing.
const IDLE: Duration = Duration::from_mins(1);

/// Team Cymru's zones on one port of 127.0.0.1, by UDP and TCP; they stop when this is dropped.
///
/// A name that was not told is answered by NXDOMAIN.
pub struct CymruDns {
    zones: Arc<Zones>,
    address: SocketAddr,
    _server: Server<Handler>,
}

/// How the name server behaves.
#[derive(Clone, Copy, Debug)]
pub enum DnsBehaviour {
    /// As the real one does.
    Normal,
    /// Never answers.
    Silent,
    /// Answers SERVFAIL, whatever is asked.
    ServFail,
}

struct Handler(Arc<Zones>);

struct Zones(Mutex<OnDesk>);

struct OnDesk {
    texts: BTreeMap<String, Vec<String>>,
    behaviour: DnsBehaviour,
    log: Log<String>,
    invents: bool,
}

impl CymruDns {
    /// Starts the server on the runtime of the caller. Panics when there is no free port.
    pub async fn start() -> Self {
        let (udp, tcp) = sockets().await.expect("a port that is free for UDP and TCP");
        let address = tcp.local_addr().expect("the address of a socket that is bound");
        let zones = Arc::new(Zones::with_samples());
        let mut server = Server::new(Handler(Arc::clone(&zones)));
        server.register_socket(udp);
        server.register_listener(tcp, IDLE, 32);
        Self { zones, address, _server: server }
    }

    /// Where it is asked, by UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, that name has these TXT records, one for each text.
    ///
    /// Upper and lower case are the same, and so is the name with a dot at its end.
    pub fn txt(&self, name: &str, texts: &[&str]) {
        let texts = texts.iter().map(|&text| text.to_owned()).collect();
        self.zones.lock().texts.insert(canonical(name), texts);
    }

    /// How the server behaves from now on.
    pub fn behave(&self, behaviour: DnsBehaviour) {
        self.zones.lock().behaviour = behaviour;
    }

    /// From now on, every public address is in a network that is made up; the same one each time.
    pub fn invent(&self) {
        self.zones.lock().invents = true;
    }

    /// The names it has been asked about until now, in order, as they were spelled, without a dot
    /// at their end; not more than the latest 20,000.
    pub fn asked(&self) -> Vec<String> {
        self.zones.lock().log.latest()
    }

    /// How many questions there have been.
    pub fn count(&self) -> usize {
        self.zones.lock().log.count()
    }
}

impl fmt::Debug for CymruDns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CymruDns").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What is known of a name.
enum Found {
    /// It has these records of that type, perhaps none.
    Records(Vec<Record>),
    /// There is no such name.
    Nothing,
}

impl Zones {
    fn with_samples() -> Self {
        let mut texts = BTreeMap::<_, Vec<_>>::new();
        for (name, text) in SAMPLES.lines().filter_map(|line| line.split_once(' ')) {
            texts.entry(canonical(name)).or_default().push(text.trim().to_owned());
        }
        let behaviour = DnsBehaviour::Normal;
        Self(Mutex::new(OnDesk { texts, behaviour, log: Log::default(), invents: false }))
    }

    fn lock(&self) -> MutexGuard<'_, OnDesk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the question; says how to behave, and what the answer would be.
    fn take(&self, name: &Name, wanted: RecordType) -> (DnsBehaviour, Found) {
        let mut desk = self.lock();
        let spelled = name.to_ascii();
        let spelled = spelled.trim_end_matches('.');
        desk.log.push(spelled.to_owned());
        let key = canonical(spelled);
        let told = desk.texts.get(&key).cloned();
        let texts = told.or_else(|| desk.invents.then(|| made_up(&key)).flatten());
        let found = texts.map_or(Found::Nothing, |texts| {
            let is_txt = matches!(wanted, RecordType::TXT | RecordType::ANY);
            let texts = texts.iter().filter(|_| is_txt);
            Found::Records(texts.map(|text| record(name, text)).collect())
        });
        (desk.behaviour, found)
    }
}

#[async_trait::async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut response: R,
    ) -> ResponseInfo {
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.authoritative = true;
        let Ok(info) = request.request_info() else {
            metadata.response_code = ResponseCode::FormErr;
            let answer = MessageResponseBuilder::from_message_request(request);
            let sent = response.send_response(answer.build_no_records(metadata)).await;
            return sent.unwrap_or_else(|_lost| nothing_sent(metadata));
        };
        let (behaviour, found) = self.0.take(info.query.original().name(), info.query.query_type());
        let records = match (behaviour, found) {
            (DnsBehaviour::Silent, _) => return nothing_sent(metadata),
            (DnsBehaviour::ServFail, _) => {
                metadata.response_code = ResponseCode::ServFail;
                Vec::new()
            }
            (DnsBehaviour::Normal, Found::Records(records)) => records,
            (DnsBehaviour::Normal, Found::Nothing) => {
                metadata.response_code = ResponseCode::NXDomain;
                Vec::new()
            }
        };
        let is_negative = records.is_empty() && !matches!(behaviour, DnsBehaviour::ServFail);
        let authority = is_negative.then(start_of_authority);
        let edns = request.edns.as_ref().map(|edns| own_edns(edns.max_payload()));
        let mut answer = MessageResponseBuilder::from_message_request(request);
        if let Some(edns) = &edns {
            answer.edns(edns);
        }
        let answer = answer.build(metadata, &records, empty(), &authority, empty());
        response.send_response(answer).await.unwrap_or_else(|_lost| nothing_sent(metadata))
    }
}

fn own_edns(max_payload: u16) -> Edns {
    let mut edns = Edns::new();
    edns.set_max_payload(max_payload.max(512)).set_version(0);
    edns
}

fn nothing_sent(metadata: Metadata) -> ResponseInfo {
    Header { metadata, counts: HeaderCounts::default() }.into()
}

/// One record; a text is cut into strings of 255 bytes, as the format wants it.
fn record(name: &Name, text: &str) -> Record {
    let strings = text.as_bytes().chunks(255).collect();
    Record::from_rdata(name.clone(), TTL, RData::TXT(TXT::from_bytes(strings)))
}

/// What stands beside a negative answer, and says how long it may be kept.
fn start_of_authority() -> Record {
    let name = |text: &str| Name::from_ascii(text).unwrap_or_default();
    let soa = SOA::new(
        name("asn.cymru.com."),
        name("noc.cymru.com."),
        2_026_042_900,
        43_200,
        43_200,
        1_209_600,
        3_600,
    );
    Record::from_rdata(name("asn.cymru.com."), 3_600, RData::SOA(soa))
}

fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// What is made up of a name: a network, or the name of an AS.
fn made_up(name: &str) -> Option<Vec<String>> {
    let below = name.strip_suffix(".asn.cymru.com")?;
    let text = match below.rsplit_once('.') {
        Some((reversed, "origin")) => invented::network(v4(reversed)?.into())?.origin_text(),
        Some((reversed, "origin6")) => invented::network(v6(reversed)?.into())?.origin_text(),
        _ => invented::as_text(below.strip_prefix("as")?.parse().ok()?)?,
    };
    Some(vec![text])
}

/// `4.3.2.1` for 1.2.3.4.
fn v4(reversed: &str) -> Option<Ipv4Addr> {
    let octets: Vec<_> = reversed.split('.').rev().collect();
    octets.join(".").parse().ok()
}

/// 32 digits, the last one first.
fn v6(reversed: &str) -> Option<Ipv6Addr> {
    let digits: String = reversed.split('.').rev().collect();
    let is_whole = digits.len() == 32 && reversed.len() == 63;
    u128::from_str_radix(&digits, 16).ok().filter(|_| is_whole).map(Ipv6Addr::from_bits)
}

/// Two sockets on one port.
async fn sockets() -> io::Result<(UdpSocket, TcpListener)> {
    const TRIES: usize = 20;
    let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut tries = 0;
    loop {
        let tcp = TcpListener::bind((localhost, 0)).await?;
        match UdpSocket::bind(tcp.local_addr()?).await {
            Ok(udp) => return Ok((udp, tcp)),
            Err(error) if tries == TRIES => return Err(error),
            Err(_taken) => tries += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        let made_up = made_up(name).map(|texts| texts.join("\n"));
        let begin = made_up.as_deref().and_then(|text| text.split_once(" |")).map(|(asn, _)| asn);
        let prefix = made_up.as_deref().and_then(|text| text.split(" | ").nth(1));
        assert_eq!(prefix, expected, "{name}: {begin:?}");
    }

    #[test]
    fn names_are_reversed() {
        check("4.3.114.45.origin.asn.cymru.com", Some("45.114.0.0/16"));
        let digits = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.f.4.0.1.0.a.2";
        check(&format!("{digits}.origin6.asn.cymru.com"), Some("2a01:4f8::/32"));
        check("as4134.asn.cymru.com", Some("CN"));
        check("as1.asn.cymru.com", None);
        check("1.0.0.10.origin.asn.cymru.com", None);
        check("3.114.45.origin.asn.cymru.com", None);
        check("1.0.origin6.asn.cymru.com", None);
        check("4.3.114.45.origin.asn.example.com", None);
    }
}

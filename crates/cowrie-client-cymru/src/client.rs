//! The client, and which of the two ways a question goes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use async_trait::async_trait;
use cowrie_enrichment::{
    Data, Outcome, PublicAddress, Question, Remedy, Reply, Service, SourceName,
};
use trust_dns_resolver::net::NetError;

use crate::CymruError;
use crate::dns::Dns;
use crate::whois::Whois;

/// Where the bulk whois service is.
pub const WHOIS: &str = "whois.cymru.com:43";

/// How many addresses go out in one connection, unless the caller knows better: 500.
pub const BATCH_SIZE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(499);

/// How Team Cymru is asked. The caller fills every field.
#[derive(Clone, Debug)]
pub struct CymruOptions {
    /// The bulk whois service as `host:port`; usually [`WHOIS`].
    pub whois: String,
    /// The name server to ask; `None` for those of the system.
    pub dns: Option<SocketAddr>,
    /// How long one whole answer is waited for, by either way.
    pub timeout: Duration,
    /// How many addresses go out in one connection; usually [`BATCH_SIZE`].
    ///
    /// With 1 there are no connections: every address is asked by DNS.
    pub batch_size: NonZeroUsize,
    /// How many bytes a whois reply may have. 500 addresses take about 60,000.
    pub max_answer: usize,
}

/// Team Cymru cannot be asked this way.
#[derive(Debug, thiserror::Error)]
pub enum BadOptions {
    /// The whois service is not a host and a port.
    #[error("`{whois}` is not the `host:port` of a whois service")]
    Whois {
        /// What was given.
        whois: String,
    },
    /// The system's name servers are not known, or none could be set up.
    #[error("failed to set up the DNS resolver")]
    Resolver(#[source] NetError),
}

/// A client of Team Cymru's IP to ASN service.
#[derive(Clone, Debug)]
pub struct Cymru {
    whois: Whois,
    dns: Dns,
    batch_size: NonZeroUsize,
}

impl Cymru {
    /// A client that has asked nothing yet; the system's name servers are read now.
    pub fn new(options: CymruOptions) -> Result<Self, BadOptions> {
        let CymruOptions { whois, dns, timeout, batch_size, max_answer } = options;
        let has_port = whois
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        if !has_port {
            return Err(BadOptions::Whois { whois });
        }
        let dns = Dns::new(dns, timeout).map_err(BadOptions::Resolver)?;
        Ok(Self { whois: Whois { host: whois, timeout, max_answer }, dns, batch_size })
    }

    /// What is known of one address, asked by DNS; `None` when nobody announces it.
    pub async fn lookup(&self, address: PublicAddress) -> Result<Option<Data>, CymruError> {
        self.dns.lookup(address.get()).await
    }

    /// What is known of each address, in their order; one that comes twice is asked once.
    ///
    /// Batches go out one after the other. A batch of one, which is also what the last may be, is
    /// asked by DNS.
    pub async fn lookup_many(
        &self,
        addresses: &[PublicAddress],
    ) -> Vec<Result<Option<Data>, CymruError>> {
        let mut seen = BTreeSet::new();
        let distinct: Vec<_> =
            addresses.iter().copied().filter(|address| seen.insert(*address)).collect();
        let mut answers = BTreeMap::new();
        let mut refusal = None;
        for batch in distinct.chunks(self.batch_size.get()) {
            let told = match batch {
                [address] => vec![self.lookup(*address).await],
                _ => self.whois.ask(batch).await,
            };
            refusal = told.iter().find_map(refusal_in).cloned();
            answers.extend(batch.iter().copied().zip(told));
            if refusal.is_some() {
                break;
            }
        }
        let not_sent = refusal.unwrap_or(CymruError::Unanswered);
        let answer = |address| answers.get(address).cloned();
        addresses
            .iter()
            .map(|address| answer(address).unwrap_or_else(|| Err(not_sent.clone())))
            .collect()
    }
}

/// The error after which the service is left alone.
fn refusal_in<T>(answer: &Result<T, CymruError>) -> Option<&CymruError> {
    let error = answer.as_ref().err()?;
    matches!(error.remedy(), Remedy::Wait(_) | Remedy::DropSource).then_some(error)
}

#[async_trait]
impl Service for Cymru {
    fn name(&self) -> SourceName {
        SourceName::Cymru
    }

    fn batch_size(&self) -> NonZeroUsize {
        self.batch_size
    }

    /// By DNS when the questions are about one address, otherwise by whois.
    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let addresses: Vec<_> = questions.iter().filter_map(address_of).collect();
        let mut answers = self.lookup_many(&addresses).await.into_iter();
        let reply = |question| match address_of(question) {
            Some(_) => outcome(answers.next().unwrap_or(Err(CymruError::Unanswered))),
            None => Outcome::skipped("it does not answer such questions"),
        };
        questions.iter().map(reply).map(Reply::from).collect()
    }
}

fn address_of(question: &Question) -> Option<PublicAddress> {
    match question {
        Question::Address(address) => Some(*address),
        Question::File(_) | Question::Domain(_) | Question::Passwords(_) => None,
    }
}

fn outcome(answer: Result<Option<Data>, CymruError>) -> Outcome {
    match answer {
        Ok(Some(data)) => Outcome::Found(data),
        Ok(None) => Outcome::NotFound,
        Err(error) => error.outcome(),
    }
}

//! How SPUR is asked.

use std::time::Duration;

use async_trait::async_trait;
use cowrie_client::{
    BadEndpoint, Endpoint, EndpointOptions, LookupError, Received, not_its_kind, reply,
};
use cowrie_enrichment::{Data, PublicAddress, Question, Reply, Service, SourceName};
use reqwest::StatusCode;
use reqwest::header::HeaderName;
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::facts::facts;
use crate::wire::Context;

/// Where SPUR is.
pub const BASE_URL: &str = "https://api.spur.us";

/// How long to leave SPUR alone after a 429 that does not say.
const THROTTLED_WAIT: Duration = Duration::from_mins(1);

/// How many bytes an answer may have; real ones have less than 10 KiB.
const MAX_BODY: usize = 256 * 1024;

/// One of these words in a refusal means that the questions paid for are used up.
const SPENT_WORDS: [&str; 3] = ["balance", "credit", "quota"];

/// How SPUR is asked. The caller fills every field.
#[derive(Clone, Debug)]
pub struct SpurOptions {
    /// Where: [`BASE_URL`], or what stands in for it.
    pub base_url: String,
    /// How long a whole answer is waited for.
    pub timeout: Duration,
    /// The token.
    pub key: SecretString,
}

/// A client of SPUR's Context API, version 2.
#[derive(Clone, Debug)]
pub struct Spur {
    endpoint: Endpoint,
}

impl Spur {
    /// A client with these options.
    pub fn new(options: SpurOptions) -> Result<Self, BadEndpoint> {
        let SpurOptions { base_url, timeout, key } = options;
        let throttled_wait = THROTTLED_WAIT;
        let options = EndpointOptions { timeout, throttled_wait, max_body: MAX_BODY };
        let endpoint = Endpoint::new(&base_url, &options)?;
        Ok(Self { endpoint: endpoint.with_key(HeaderName::from_static("token"), &key)? })
    }

    /// What SPUR knows of the address; `None` when it answers that it knows nothing.
    pub async fn lookup(&self, address: PublicAddress) -> Result<Option<Data>, LookupError> {
        read(&self.receive(address).await?)
    }

    async fn reply(&self, address: PublicAddress) -> Reply {
        match self.receive(address).await {
            Ok(received) => Reply { remaining: balance(&received), ..reply(read(&received)) },
            Err(error) => error.outcome().into(),
        }
    }

    async fn receive(&self, address: PublicAddress) -> Result<Received, LookupError> {
        let request = self.endpoint.get(&["v2", "context", &address.to_string()]);
        self.endpoint.send_metered(request, is_spent).await
    }
}

#[async_trait]
impl Service for Spur {
    fn name(&self) -> SourceName {
        SourceName::Spur
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(questions.len());
        for question in questions {
            replies.push(match question {
                Question::Address(address) => self.reply(*address).await,
                _ => not_its_kind(),
            });
        }
        replies
    }
}

fn read(received: &Received) -> Result<Option<Data>, LookupError> {
    if received.is_not_found() {
        return Ok(None);
    }
    // First any object: a list would pass as a context without names.
    let object: Map<String, Value> = received.json()?;
    let context: Context = serde_json::from_value(Value::Object(object))
        .map_err(|source| LookupError::malformed("context of an address", source))?;
    let is_context = context.ip.is_some();
    match facts(context) {
        None if !is_context => {
            Err(LookupError::malformed("context of an address", "it names no address"))
        }
        facts => Ok(facts),
    }
}

/// How many questions are left.
fn balance(received: &Received) -> Option<u64> {
    received.number(&HeaderName::from_static("x-balance-remaining"))
}

fn is_spent(refused: &Received) -> bool {
    if refused.status == StatusCode::PAYMENT_REQUIRED {
        return true;
    }
    if let Some(left) = balance(refused) {
        return left == 0;
    }
    let body = String::from_utf8_lossy(&refused.body).to_ascii_lowercase();
    SPENT_WORDS.iter().any(|word| body.contains(word))
}

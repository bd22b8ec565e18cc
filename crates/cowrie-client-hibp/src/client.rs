//! How Pwned Passwords is asked.

use std::time::Duration;

use async_trait::async_trait;
use cowrie_client::{BadEndpoint, Endpoint, EndpointOptions, LookupError, not_its_kind, reply};
use cowrie_enrichment::{Data, HashPrefix, Question, Reply, Service, SourceName};

use crate::facts::facts;
use crate::wire::lines;

/// Where Pwned Passwords is.
pub const BASE_URL: &str = "https://api.pwnedpasswords.com";

/// How long to leave it alone after a 429 that does not say; it is not known to send any.
const THROTTLED_WAIT: Duration = Duration::from_mins(1);

/// How many bytes an answer may have; real ones have some 2,000 lines of 40 bytes.
const MAX_BODY: usize = 512 * 1024;

/// How Pwned Passwords is asked. The caller fills every field.
#[derive(Clone, Debug)]
pub struct HibpOptions {
    /// Where: [`BASE_URL`], or what stands in for it.
    pub base_url: String,
    /// How long a whole answer is waited for.
    pub timeout: Duration,
}

/// A client of the range API of Pwned Passwords.
#[derive(Clone, Debug)]
pub struct Hibp {
    endpoint: Endpoint,
}

impl Hibp {
    /// A client with these options.
    pub fn new(options: HibpOptions) -> Result<Self, BadEndpoint> {
        let HibpOptions { base_url, timeout } = options;
        let throttled_wait = THROTTLED_WAIT;
        let options = EndpointOptions { timeout, throttled_wait, max_body: MAX_BODY };
        Ok(Self { endpoint: Endpoint::new(&base_url, &options)? })
    }

    /// How often each password with this prefix was seen; `None` when none was.
    pub async fn lookup(&self, prefix: HashPrefix) -> Result<Option<Data>, LookupError> {
        let request = self.endpoint.get(&["range", &prefix.to_string()]);
        let received = self.endpoint.send(request.header("Add-Padding", "true")).await?;
        if received.is_not_found() {
            // It has an answer for every prefix, so this is another server, or another path.
            return Err(LookupError::Unexpected { status: received.status });
        }
        let malformed = |bad| LookupError::malformed("list of hashes", bad);
        Ok(facts(lines(&received.body).map_err(malformed)?))
    }
}

#[async_trait]
impl Service for Hibp {
    fn name(&self) -> SourceName {
        SourceName::Hibp
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(questions.len());
        for question in questions {
            replies.push(match question {
                Question::Passwords(prefix) => reply(self.lookup(*prefix).await),
                _ => not_its_kind(),
            });
        }
        replies
    }
}

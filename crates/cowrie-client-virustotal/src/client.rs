//! How VirusTotal is asked.

use std::time::Duration;

use async_trait::async_trait;
use cowrie_client::{
    BadEndpoint, Endpoint, EndpointOptions, LookupError, Received, not_its_kind, reply,
};
use cowrie_enrichment::{Data, FileHash, Question, Reply, Service, SourceName};
use reqwest::header::HeaderName;
use secrecy::SecretString;

use crate::facts::facts;
use crate::wire::{Refusal, Report};

/// Where VirusTotal is.
pub const BASE_URL: &str = "https://www.virustotal.com";

/// How long to leave VirusTotal alone after a 429: the public quota is by the minute.
const THROTTLED_WAIT: Duration = Duration::from_mins(1);

/// How many bytes an answer may have; a report on a large program has some hundred KiB.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// How VirusTotal is asked. The caller fills every field.
#[derive(Clone, Debug)]
pub struct VirusTotalOptions {
    /// Where: [`BASE_URL`], or what stands in for it.
    pub base_url: String,
    /// How long a whole answer is waited for.
    pub timeout: Duration,
    /// The API key.
    pub key: SecretString,
}

/// A client of VirusTotal's API, version 3.
#[derive(Clone, Debug)]
pub struct VirusTotal {
    endpoint: Endpoint,
}

impl VirusTotal {
    /// A client with these options.
    pub fn new(options: VirusTotalOptions) -> Result<Self, BadEndpoint> {
        let VirusTotalOptions { base_url, timeout, key } = options;
        let throttled_wait = THROTTLED_WAIT;
        let options = EndpointOptions { timeout, throttled_wait, max_body: MAX_BODY };
        let endpoint = Endpoint::new(&base_url, &options)?;
        Ok(Self { endpoint: endpoint.with_key(HeaderName::from_static("x-apikey"), &key)? })
    }

    /// What VirusTotal knows of the file; `None` when it answers that it knows nothing.
    pub async fn lookup(&self, file: FileHash) -> Result<Option<Data>, LookupError> {
        let request = self.endpoint.get(&["api", "v3", "files", &file.to_string()]);
        let received = self.endpoint.send_metered(request, is_spent).await?;
        if received.is_not_found() {
            return Ok(None);
        }
        let report: Report = received.json()?;
        match report.data.attributes.as_ref().and_then(facts) {
            Some(data) => Ok(Some(data)),
            None => Err(LookupError::malformed("report on a file", "it has no facts")),
        }
    }
}

#[async_trait]
impl Service for VirusTotal {
    fn name(&self) -> SourceName {
        SourceName::VirusTotal
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(questions.len());
        for question in questions {
            replies.push(match question {
                Question::File(file) => reply(self.lookup(*file).await),
                _ => not_its_kind(),
            });
        }
        replies
    }
}

/// Whether a refusal means that a quota is used up, and not only haste.
fn is_spent(refused: &Received) -> bool {
    let code = refused.json::<Refusal>().ok().and_then(|refusal| refusal.error.code);
    code.as_deref() == Some("QuotaExceededError")
}

//! The client of the address look-up.

use std::time::Duration;

use async_trait::async_trait;
use cowrie_client::{BadEndpoint, Endpoint, EndpointOptions, LookupError, not_its_kind, reply};
use cowrie_enrichment::{Data, PublicAddress, Question, Reply, Service, SourceName};
use cowrie_http::AGENT;
use reqwest::RequestBuilder;
use reqwest::header::{HeaderValue, USER_AGENT};

use crate::facts::facts;

/// Where DShield is asked.
pub const BASE_URL: &str = "https://isc.sans.edu/api";

/// How long DShield asks to be left alone after a 429 that does not say: five minutes.
pub const THROTTLED_WAIT: Duration = Duration::from_mins(5);

/// An answer has some KiB.
const MAX_BODY: usize = 256 * 1024;

/// How DShield is asked. The caller fills every field.
#[derive(Clone, Debug)]
pub struct DShieldOptions {
    /// What stands before `/ip/`; see [`BASE_URL`].
    pub base_url: String,
    /// How long a whole answer is waited for.
    pub timeout: Duration,
    /// How long to leave the service alone after a 429 that does not say; see [`THROTTLED_WAIT`].
    pub throttled_wait: Duration,
    /// Where its operators reach whoever asks: an e-mail address, as a rule.
    ///
    /// It is sent with every question; DShield shuts out programs that do not say whose they are.
    pub contact: String,
}

/// DShield cannot be asked so.
#[derive(Debug, thiserror::Error)]
pub enum BadOptions {
    /// Not there.
    #[error(transparent)]
    Endpoint(#[from] BadEndpoint),
    /// Not with this contact.
    #[error("the contact for DShield must be an e-mail address, in ASCII and without parentheses")]
    Contact,
}

/// DShield, by its look-up of one address.
#[derive(Clone, Debug)]
pub struct DShield {
    endpoint: Endpoint,
    agent: HeaderValue,
}

impl DShield {
    /// The service at a base URL, asked in the name of a contact.
    pub fn new(options: DShieldOptions) -> Result<Self, BadOptions> {
        let DShieldOptions { base_url, timeout, throttled_wait, contact } = options;
        let options = EndpointOptions { timeout, throttled_wait, max_body: MAX_BODY };
        let agent = agent(&contact).ok_or(BadOptions::Contact)?;
        Ok(Self { endpoint: Endpoint::new(&base_url, &options)?, agent })
    }

    /// What DShield knows of the address; `None` when it says that it knows nothing.
    pub async fn lookup(&self, address: PublicAddress) -> Result<Option<Data>, LookupError> {
        let received = self.endpoint.send(self.question(address)?).await?;
        if received.is_not_found() {
            // DShield answers with 200 about an address that it does not know.
            return Err(LookupError::Unexpected { status: received.status });
        }
        let why = "it has no `ip` with the fields of an address";
        let facts = facts(&received.json()?)
            .ok_or_else(|| LookupError::malformed("answer about an address", why))?;
        Ok(Data::new(facts))
    }

    fn question(&self, address: PublicAddress) -> Result<RequestBuilder, LookupError> {
        let question = self.endpoint.get(&["ip", &address.to_string()]);
        let (client, request) = question.header(USER_AGENT, &self.agent).build_split();
        let mut request = request.map_err(LookupError::Unreachable)?;
        // The service looks for the bare word.
        request.url_mut().set_query(Some("json"));
        Ok(RequestBuilder::from_parts(client, request))
    }
}

#[async_trait]
impl Service for DShield {
    fn name(&self) -> SourceName {
        SourceName::DShield
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(questions.len());
        for question in questions {
            replies.push(match question {
                Question::Address(address) => reply(self.lookup(*address).await),
                Question::File(_) | Question::Domain(_) | Question::Passwords(_) => not_its_kind(),
            });
        }
        replies
    }
}

/// How our programs name themselves to DShield: as everywhere, with the contact as a comment
/// (RFC 9110, 10.1.5), which must not end before its end.
fn agent(contact: &str) -> Option<HeaderValue> {
    let contact = contact.trim();
    let is_usable = |c: char| matches!(c, ' '..='~') && !matches!(c, '(' | ')' | '\\');
    if contact.is_empty() || !contact.chars().all(is_usable) {
        return None;
    }
    HeaderValue::from_str(&format!("{AGENT} ({contact})")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_becomes_a_comment_or_is_refused() {
        let check = |contact: &str, expected: Option<&str>| {
            let agent = agent(contact);
            let agent = agent.as_ref().map(|agent| agent.to_str().unwrap());
            assert_eq!(agent, expected, "{contact:?}");
        };
        let version = env!("CARGO_PKG_VERSION");
        let agent = format!("cowrie-processor/{version} (soc@example.org)");
        check("soc@example.org", Some(&agent));
        check(" soc@example.org\n", Some(&agent));
        for bad in ["", " ", "a@b\r\nX: 1", "a@b\u{0}", "a\tb", "a) evil (b", "a\\", "ø@b.example"]
        {
            check(bad, None);
        }
    }

    #[test]
    fn options_are_checked() {
        let error = |base_url: &str, contact: &str| {
            let options = DShieldOptions {
                base_url: base_url.to_owned(),
                timeout: Duration::from_secs(1),
                throttled_wait: THROTTLED_WAIT,
                contact: contact.to_owned(),
            };
            DShield::new(options).map(|_dshield| ()).unwrap_err().to_string()
        };
        let message = error(BASE_URL, "a\nb");
        assert!(message.starts_with("the contact for DShield must be"), "{message}");
        let message = error("isc.sans.edu", "soc@example.org");
        assert!(message.starts_with("`isc.sans.edu` is not a URL"), "{message}");
    }
}

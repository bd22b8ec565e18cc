//! The client of the host look-up.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use cowrie_client::{BadEndpoint, Endpoint, EndpointOptions, LookupError, not_its_kind, reply};
use cowrie_enrichment::{Data, Outcome, Question, Reply, Service, SourceName};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};

use crate::facts::facts;
use crate::wire::HostAnswer;

/// Where URLhaus is asked.
pub const BASE_URL: &str = "https://urlhaus-api.abuse.ch";

/// How long to leave URLhaus alone after a 429 that does not say: one minute.
pub const THROTTLED_WAIT: Duration = Duration::from_mins(1);

/// An answer lists a hundred URLs, of some hundred bytes each; this is room for thousands.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// How URLhaus is asked. The caller fills every field.
#[derive(Clone, Debug)]
pub struct UrlHausOptions {
    /// What stands before `/v1/host/`; see [`BASE_URL`].
    pub base_url: String,
    /// How long a whole answer is waited for.
    pub timeout: Duration,
    /// How long to leave the service alone after a 429 that does not say; see [`THROTTLED_WAIT`].
    pub throttled_wait: Duration,
    /// The `Auth-Key` of an account at abuse.ch.
    pub key: SecretString,
}

/// URLhaus, by its look-up of one host.
#[derive(Clone, Debug)]
pub struct UrlHaus {
    endpoint: Endpoint,
    /// `None` for a key that no header can hold, which the service therefore cannot know.
    key: Option<HeaderValue>,
}

/// A host that URLhaus can be asked about: a public IPv4 address or a domain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Host(String);

impl Host {
    /// The host in a question; `None` for an IPv6 address, which URLhaus does not know, and for
    /// whatever is not a host.
    pub fn of(question: &Question) -> Option<Self> {
        match question {
            Question::Address(address) if address.get().is_ipv4() => {
                Some(Self(address.to_string()))
            }
            Question::Domain(domain) => Some(Self(domain.to_string())),
            Question::Address(_) | Question::File(_) | Question::Passwords(_) => None,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl UrlHaus {
    /// The service at a base URL, asked with a key.
    pub fn new(options: UrlHausOptions) -> Result<Self, BadEndpoint> {
        let UrlHausOptions { base_url, timeout, throttled_wait, key } = options;
        let options = EndpointOptions { timeout, throttled_wait, max_body: MAX_BODY };
        Ok(Self { endpoint: Endpoint::new(&base_url, &options)?, key: header(&key) })
    }

    /// What URLhaus knows of the host; `None` when it says that it knows nothing.
    pub async fn lookup(&self, host: &Host) -> Result<Option<Data>, LookupError> {
        let denied = LookupError::Denied { status: StatusCode::UNAUTHORIZED };
        let Some(key) = &self.key else { return Err(denied) };
        let question = self
            .endpoint
            // The empty step is the slash at the end, without which the service redirects.
            .post(&["v1", "host", ""])
            .header("Auth-Key", key)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            // A host has no character that a form escapes.
            .body(format!("host={host}"));
        let received = self.endpoint.send(question).await?;
        if received.is_not_found() {
            // URLhaus answers with 200 about a host that it does not know.
            return Err(LookupError::Unexpected { status: received.status });
        }
        let said: HostAnswer = received.json()?;
        let wrong = |why: &'static str| Err(LookupError::malformed("answer about a host", why));
        match said.query_status.as_str() {
            Some("ok") => Ok(Data::new(facts(&said))),
            Some("no_results") => Ok(None),
            Some("unknown_auth_key" | "no_auth_key" | "unauthorized") => Err(denied),
            Some("invalid_host") => wrong("URLhaus does not take this host"),
            Some("http_post_expected") => wrong("URLhaus was not asked by POST"),
            Some(_) => wrong("its `query_status` is not known"),
            None => wrong("it has no `query_status`"),
        }
    }

    async fn reply_to(&self, question: &Question) -> Reply {
        match (Host::of(question), question) {
            (Some(host), _) => reply(self.lookup(&host).await),
            (None, Question::Address(_)) => {
                Outcome::skipped("it knows IPv4 addresses and domains only").into()
            }
            (None, _) => not_its_kind(),
        }
    }
}

#[async_trait]
impl Service for UrlHaus {
    fn name(&self) -> SourceName {
        SourceName::UrlHaus
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(questions.len());
        for question in questions {
            replies.push(self.reply_to(question).await);
        }
        replies
    }
}

fn header(key: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(key.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_shown_or_sent_broken() {
        let shown = |key: &str| {
            let value = header(&key.into())?;
            assert_eq!(value, key);
            Some(format!("{value:?}"))
        };
        assert_eq!(shown("key-for-tests").as_deref(), Some("Sensitive"));
        assert_eq!(shown("key-for-tests\n"), None);
        assert_eq!(shown("key\u{7f}"), None);
    }

    #[test]
    fn hosts_are_addresses_of_version_4_and_domains() {
        let address = |text: &str| {
            let address: std::net::IpAddr = text.parse().unwrap();
            Question::Address(address.try_into().unwrap())
        };
        let host = |question| Host::of(&question).map(|host| host.to_string());
        assert_eq!(host(address("8.8.8.8")).as_deref(), Some("8.8.8.8"));
        assert_eq!(host(address("::ffff:8.8.8.8")).as_deref(), Some("8.8.8.8"));
        assert_eq!(host(address("2001:4860:4860::8888")), None);
        let domain = Question::Domain("Malware.Example.".parse().unwrap());
        assert_eq!(host(domain).as_deref(), Some("malware.example"));
        assert_eq!(host(Question::Passwords("ABCDE".parse().unwrap())), None);
    }
}

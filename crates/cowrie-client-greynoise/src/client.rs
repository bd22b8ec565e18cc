//! The client of the community endpoint.

use std::time::Duration;

use async_trait::async_trait;
use cowrie_client::{
    BadEndpoint, Endpoint, EndpointOptions, LookupError, Received, not_its_kind, reply,
};
use cowrie_enrichment::{Data, Outcome, PublicAddress, Question, Reply, Service, SourceName};
use http::{HeaderName, HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};

use crate::facts::facts;

/// Where GreyNoise is asked.
pub const BASE_URL: &str = "https://api.greynoise.io";

/// How long to leave GreyNoise alone after a 429 that does not say: one hour, since its free plans
/// count by the day and the week.
pub const THROTTLED_WAIT: Duration = Duration::from_hours(1);

/// An answer has less than one KiB.
const MAX_BODY: usize = 64 * 1024;

/// The headers in which services say how many more questions they take. GreyNoise documents none;
/// these are the usual ones.
const REMAINING: [&str; 2] = ["x-ratelimit-remaining", "ratelimit-remaining"];

/// How GreyNoise is asked. The caller fills every field.
#[derive(Clone, Debug)]
pub struct GreyNoiseOptions {
    /// What stands before `/v3/community/`; see [`BASE_URL`].
    pub base_url: String,
    /// How long a whole answer is waited for.
    pub timeout: Duration,
    /// How long to leave the service alone after a 429 that does not say; see [`THROTTLED_WAIT`].
    pub throttled_wait: Duration,
    /// The key of an account. Without one the service allows some tens of questions a day.
    pub key: Option<SecretString>,
}

/// GreyNoise, by its community endpoint.
#[derive(Clone, Debug)]
pub struct GreyNoise {
    endpoint: Endpoint,
    key: Key,
}

#[derive(Clone, Debug)]
enum Key {
    Absent,
    Usable(HeaderValue),
    /// It has a character that no header can hold, so the service cannot know it.
    Unusable,
}

impl GreyNoise {
    /// The service at a base URL, asked with or without a key.
    pub fn new(options: GreyNoiseOptions) -> Result<Self, BadEndpoint> {
        let GreyNoiseOptions { base_url, timeout, throttled_wait, key } = options;
        let options = EndpointOptions { timeout, throttled_wait, max_body: MAX_BODY };
        let key = key.map_or(Key::Absent, |key| Key::of(&key));
        Ok(Self { endpoint: Endpoint::new(&base_url, &options)?, key })
    }

    /// What GreyNoise knows of the address; `None` when it says that it knows nothing.
    ///
    /// It knows IPv4 only, and refuses every other address as a bad request.
    pub async fn lookup(&self, address: PublicAddress) -> Result<Option<Data>, LookupError> {
        let received = self.send(address).await?;
        read(&received)
    }

    async fn send(&self, address: PublicAddress) -> Result<Received, LookupError> {
        let mut request = self.endpoint.get(&["v3", "community", &address.to_string()]);
        match &self.key {
            Key::Absent => {}
            Key::Usable(key) => request = request.header("key", key),
            Key::Unusable => {
                return Err(LookupError::Denied { status: StatusCode::UNAUTHORIZED });
            }
        }
        self.endpoint.send(request).await
    }

    async fn reply_to(&self, address: PublicAddress) -> Reply {
        match self.send(address).await {
            Ok(received) => Reply { remaining: remaining(&received), ..reply(read(&received)) },
            Err(error) => reply(Err(error)),
        }
    }
}

#[async_trait]
impl Service for GreyNoise {
    fn name(&self) -> SourceName {
        SourceName::GreyNoise
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let mut replies = Vec::with_capacity(questions.len());
        for question in questions {
            replies.push(match question {
                Question::Address(address) if address.get().is_ipv4() => {
                    self.reply_to(*address).await
                }
                Question::Address(_) => Outcome::skipped("it knows IPv4 addresses only").into(),
                Question::File(_) | Question::Domain(_) | Question::Passwords(_) => not_its_kind(),
            });
        }
        replies
    }
}

impl Key {
    fn of(key: &SecretString) -> Self {
        let Ok(mut value) = HeaderValue::from_str(key.expose_secret()) else {
            return Self::Unusable;
        };
        value.set_sensitive(true);
        Self::Usable(value)
    }
}

/// The facts in an answer.
///
/// A 404 counts only with the body that GreyNoise sends with it: that of another server would
/// make every address unknown.
fn read(received: &Received) -> Result<Option<Data>, LookupError> {
    let said = received.json().map(|document| facts(&document));
    if received.is_not_found() {
        return match said {
            Ok(Some(_)) => Ok(None),
            Ok(None) | Err(_) => Err(LookupError::Unexpected { status: received.status }),
        };
    }
    let why = "it has neither `noise` nor `riot`";
    let facts = said?.ok_or_else(|| LookupError::malformed("answer about an address", why))?;
    Ok(Data::new(facts))
}

fn remaining(received: &Received) -> Option<u64> {
    REMAINING.into_iter().find_map(|name| received.number(&HeaderName::from_static(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_shown_or_sent_broken() {
        let shown = |key: &str| {
            let greynoise = GreyNoise::new(GreyNoiseOptions {
                base_url: BASE_URL.to_owned(),
                timeout: Duration::from_secs(1),
                throttled_wait: THROTTLED_WAIT,
                key: Some(key.into()),
            });
            let Key::Usable(value) = greynoise.unwrap().key else { return "unusable".to_owned() };
            assert_eq!(value, key);
            format!("{value:?}")
        };
        assert_eq!(shown("key-for-tests"), "Sensitive");
        assert_eq!(shown("key-for-tests\n"), "unusable");
        assert_eq!(shown("key\u{7f}"), "unusable");
    }
}

//! Where a service is asked, and how what it sends is received.

use std::time::Duration;

use chrono::DateTime;
use cowrie_http::ClientError;
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use crate::LookupError;

/// How a service is asked. The caller fills every field.
#[derive(Clone, Copy, Debug)]
pub struct EndpointOptions {
    /// How long a whole answer is waited for.
    pub timeout: Duration,
    /// How long to leave the service alone after a 429 that does not say.
    pub throttled_wait: Duration,
    /// How many bytes an answer may have.
    pub max_body: usize,
}

/// Where a service is asked: a base URL and the one client for it, whose connections are reused.
#[derive(Clone, Debug)]
pub struct Endpoint {
    client: Client,
    base: Url,
    key: Option<(HeaderName, HeaderValue)>,
    options: EndpointOptions,
}

/// A service cannot be asked there.
#[derive(Debug, thiserror::Error)]
pub enum BadEndpoint {
    /// Not a URL to which paths can be added.
    #[error("`{base_url}` is not a URL that begins with `https://` or `http://`")]
    Url {
        /// What was given.
        base_url: String,
    },
    /// A key that is empty, or has characters that no header may have, such as the end of a line.
    #[error("the key is empty or cannot stand in a header")]
    Key,
    /// No client could be made.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// An answer as it came: 2xx or 404, and for [`Endpoint::send_metered`] what it judges.
#[derive(Clone, Debug)]
pub struct Received {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Endpoint {
    /// The service at `base_url`; what stands behind its path is added to it.
    pub fn new(base_url: &str, options: &EndpointOptions) -> Result<Self, BadEndpoint> {
        let bad = || BadEndpoint::Url { base_url: base_url.to_owned() };
        let base: Url = base_url.parse().map_err(|_bad| bad())?;
        if !matches!(base.scheme(), "https" | "http") || base.host().is_none() {
            return Err(bad());
        }
        let client = cowrie_http::client(&cowrie_http::Options::new(options.timeout))?;
        Ok(Self { client, base, key: None, options: *options })
    }

    /// The same service, which gets this key in that header with every question.
    ///
    /// The header is marked as sensitive, so that no `Debug` shows it.
    pub fn with_key(self, header: HeaderName, key: &SecretString) -> Result<Self, BadEndpoint> {
        let key = key.expose_secret();
        let mut value = HeaderValue::from_str(key).map_err(|_bad| BadEndpoint::Key)?;
        if key.trim().is_empty() {
            return Err(BadEndpoint::Key);
        }
        value.set_sensitive(true);
        Ok(Self { key: Some((header, value)), ..self })
    }

    /// A question by GET. Each part becomes one step of the path, whatever it contains.
    pub fn get(&self, path: &[&str]) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A question by POST.
    pub fn post(&self, path: &[&str]) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        // A URL with a host always has a path.
        if let Ok(mut steps) = url.path_segments_mut() {
            steps.pop_if_empty().extend(path);
        }
        let request = self.client.request(method, url);
        match &self.key {
            Some((header, key)) => request.header(header, key),
            None => request,
        }
    }

    /// Sends it and takes the whole answer.
    pub async fn send(&self, request: RequestBuilder) -> Result<Received, LookupError> {
        let response = begin(request).await?;
        match self.refusal(response.status(), response.headers()) {
            Some(error) => Err(error),
            None => self.receive(response).await,
        }
    }

    /// Sends it like [`Endpoint::send`], for a service that counts questions and uses 402 or 429
    /// both for haste and for a quota that is used up.
    ///
    /// Such a refusal is [`LookupError::Spent`] when `is_spent` says so of it; a body of it that
    /// cannot be read counts as empty.
    pub async fn send_metered(
        &self,
        request: RequestBuilder,
        is_spent: impl FnOnce(&Received) -> bool,
    ) -> Result<Received, LookupError> {
        let response = begin(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let Some(error) = self.refusal(status, &headers) else {
            return self.receive(response).await;
        };
        if !matches!(status.as_u16(), 402 | 429) {
            return Err(error);
        }
        let body = cowrie_http::body(response, self.options.max_body).await.unwrap_or_default();
        let refused = Received { status, headers, body };
        Err(if is_spent(&refused) { LookupError::Spent } else { error })
    }

    async fn receive(&self, response: Response) -> Result<Received, LookupError> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = cowrie_http::body(response, self.options.max_body).await?;
        Ok(Received { status, headers, body })
    }

    fn refusal(&self, status: StatusCode, headers: &HeaderMap) -> Option<LookupError> {
        let wait = retry_after(headers);
        match status.as_u16() {
            200..=299 | 404 => None,
            401 | 403 => Some(LookupError::Denied { status }),
            429 => {
                let wait = wait.unwrap_or(self.options.throttled_wait);
                Some(LookupError::Throttled { wait })
            }
            408 | 500..=599 => Some(LookupError::Unavailable { status, wait }),
            _ => Some(LookupError::Unexpected { status }),
        }
    }
}

impl Received {
    /// Whether the service says that it does not know what it was asked about.
    pub fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// The body, which is JSON of that shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, LookupError> {
        serde_json::from_slice(&self.body).map_err(|source| LookupError::malformed("JSON", source))
    }

    /// The number in a header of the answer.
    pub fn number(&self, header: &HeaderName) -> Option<u64> {
        self.headers.get(header)?.to_str().ok()?.trim().parse().ok()
    }
}

/// Sends it, and waits for the head of the answer.
async fn begin(request: RequestBuilder) -> Result<Response, LookupError> {
    request.send().await.map_err(|error| LookupError::Unreachable(error.without_url()))
}

/// What `Retry-After` says, in seconds or as a time, which is taken by the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?;
    let now = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some((until - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    const OPTIONS: EndpointOptions = EndpointOptions {
        timeout: Duration::from_secs(5),
        throttled_wait: Duration::from_mins(5),
        max_body: 1024,
    };

    #[track_caller]
    fn check_wait(pairs: &[(HeaderName, &str)], expected: Option<u64>) {
        let pairs = pairs.iter().map(|(name, text)| (name.clone(), HeaderValue::from_str(text)));
        let headers = pairs.map(|(name, value)| (name, value.unwrap())).collect();
        assert_eq!(retry_after(&headers), expected.map(Duration::from_secs));
    }

    #[test]
    fn a_wait_is_in_seconds_or_until_a_time() {
        let date = (DATE, "Wed, 21 Oct 2026 07:28:00 GMT");
        check_wait(&[(RETRY_AFTER, "120")], Some(120));
        check_wait(&[(RETRY_AFTER, "Wed, 21 Oct 2026 07:30:00 GMT"), date.clone()], Some(120));
        check_wait(&[(RETRY_AFTER, "Wed, 21 Oct 2026 07:00:00 GMT"), date.clone()], Some(0));
        check_wait(&[(RETRY_AFTER, "Wed, 21 Oct 2026 07:30:00 GMT")], None);
        check_wait(&[(RETRY_AFTER, "soon"), date], None);
        check_wait(&[(RETRY_AFTER, "-5")], None);
        check_wait(&[], None);
    }

    #[test]
    fn no_part_of_a_path_leads_elsewhere() {
        let endpoint = Endpoint::new("http://127.0.0.1:1/api/", &OPTIONS).unwrap();
        let url = |path: &[&str]| endpoint.get(path).build().unwrap().url().to_string();
        assert_eq!(url(&["ip", "192.0.2.1"]), "http://127.0.0.1:1/api/ip/192.0.2.1");
        assert_eq!(url(&["a/../b?c#d"]), "http://127.0.0.1:1/api/a%2F..%2Fb%3Fc%23d");
        assert!(url(&["..", "x"]).starts_with("http://127.0.0.1:1/api/"));
    }

    #[track_caller]
    fn check_key(key: &str, is_usable: bool) {
        let endpoint = Endpoint::new("http://127.0.0.1:1", &OPTIONS).unwrap();
        let endpoint = endpoint.with_key(HeaderName::from_static("token"), &key.into());
        let Ok(endpoint) = endpoint else { return assert!(!is_usable) };
        assert!(is_usable && !format!("{endpoint:?}").contains(key));
        let request = endpoint.get(&["ip"]).build().unwrap();
        let sent = request.headers().get("token").unwrap();
        assert!(sent == key && sent.is_sensitive());
        assert!(!format!("{request:?}").contains(key));
    }

    #[test]
    fn a_key_goes_out_with_every_question_and_is_never_shown() {
        check_key("key-for-tests", true);
        for key in ["", " ", "key\n", "key\r\nHost: a.example", "k\0"] {
            check_key(key, false);
        }
    }

    #[test]
    fn a_base_that_is_no_url_is_refused() {
        for text in ["", "isc.sans.edu", "ftp://a.example", "mailto:a@b.example", "file:///etc"] {
            let error = Endpoint::new(text, &OPTIONS).unwrap_err();
            assert!(matches!(error, BadEndpoint::Url { .. }), "{text}: {error}");
        }
    }
}

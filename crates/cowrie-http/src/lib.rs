#![doc = include_str!("../README.md")]

use std::time::Duration;

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Client, Response, Url};
use rustls::crypto::{CryptoProvider, ring};

/// How our programs name themselves to servers.
pub const AGENT: &str = concat!("cowrie-processor/", env!("CARGO_PKG_VERSION"));

/// Redirects that are followed for one question.
const MAX_REDIRECTS: usize = 5;

/// What a client may do.
#[derive(Clone, Debug)]
pub struct Options {
    timeout: Duration,
    connect_timeout: Duration,
    extra_roots: Vec<u8>,
}

impl Options {
    /// A client that waits so long for a whole answer, and a third of it for a connection.
    pub fn new(timeout: Duration) -> Self {
        Self { timeout, connect_timeout: timeout / 3, extra_roots: Vec::new() }
    }

    /// Trusts these certificates (PEM, one or more) besides those of the system.
    #[must_use]
    pub fn with_extra_roots(mut self, pem: Vec<u8>) -> Self {
        self.extra_roots = pem;
        self
    }
}

/// No client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The extra certificates are no PEM.
    #[error("the certificates are not PEM")]
    Certificates(#[source] reqwest::Error),
    /// The system offers no roots of trust, or TLS cannot be set up.
    #[error("failed to set up an HTTP client")]
    Setup(#[source] reqwest::Error),
}

/// A body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The connection broke, or took too long.
    #[error("failed to read the answer")]
    Read(#[source] reqwest::Error),
    /// The body is longer than the caller allows.
    #[error("the answer is longer than {max} bytes")]
    TooLong {
        /// What was allowed.
        max: usize,
    },
}

/// A client for those options.
pub fn client(options: &Options) -> Result<Client, ClientError> {
    // The first one stays; that another part of the program chose one before is no failure.
    if CryptoProvider::get_default().is_none() {
        ring::default_provider().install_default().unwrap_or_default();
    }
    let mut builder = Client::builder()
        .user_agent(AGENT)
        .timeout(options.timeout)
        .connect_timeout(options.connect_timeout)
        .redirect(Policy::custom(follow));
    if !options.extra_roots.is_empty() {
        let roots = Certificate::from_pem_bundle(&options.extra_roots)
            .map_err(ClientError::Certificates)?;
        builder = builder.tls_certs_merge(roots);
    }
    builder.build().map_err(ClientError::Setup)
}

/// The whole body, if it is not longer than `max` bytes.
pub async fn body(mut response: Response, max: usize) -> Result<Vec<u8>, BodyError> {
    let claimed = response.content_length().and_then(|length| usize::try_from(length).ok());
    let mut bytes = Vec::with_capacity(claimed.unwrap_or_default().min(max));
    while let Some(chunk) = response.chunk().await.map_err(|e| BodyError::Read(e.without_url()))? {
        if bytes.len() + chunk.len() > max {
            return Err(BodyError::TooLong { max });
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let has_left = attempt.previous().first().is_none_or(|first| !is_same(first, attempt.url()));
    if has_left {
        attempt.stop()
    } else if attempt.previous().len() > MAX_REDIRECTS {
        attempt.error("too many redirects")
    } else {
        attempt.follow()
    }
}

fn is_same(one: &Url, other: &Url) -> bool {
    let place = |url: &Url| {
        (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default())
    };
    place(one) == place(other)
}

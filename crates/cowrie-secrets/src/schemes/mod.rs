//! The places where secrets are kept, one module each: how a reference to it is written, and how
//! it is read.

pub(crate) mod aws;
pub(crate) mod file;
pub(crate) mod op;
pub(crate) mod program;
pub(crate) mod sops;
pub(crate) mod variable;
pub(crate) mod vault;

use reqwest::{RequestBuilder, StatusCode};
use secrecy::zeroize::Zeroizing;

use crate::Problem;
use crate::value::MAX_DOCUMENT_BYTES;

/// The status and the body of a service's answer.
async fn ask(
    service: &'static str,
    request: RequestBuilder,
) -> Result<(StatusCode, Zeroizing<Vec<u8>>), Problem> {
    let sent = request.send().await;
    let response = sent.map_err(|error| Problem::Ask { service, source: error.without_url() })?;
    let status = response.status();
    let body = cowrie_http::body(response, MAX_DOCUMENT_BYTES).await;
    let bytes = body.map_err(|source| Problem::Answer { service, source })?;
    Ok((status, Zeroizing::new(bytes)))
}

/// What precedes a `#`, and the key that follows it; an empty key is none.
fn split_key(text: &str) -> (&str, Option<String>) {
    match text.split_once('#') {
        Some((before, key)) => (before, Some(key).filter(|key| !key.is_empty()).map(str::to_owned)),
        None => (text, None),
    }
}

/// The key with its `#`, or nothing.
fn shown_key(key: Option<&str>) -> String {
    key.map(|key| format!("#{key}")).unwrap_or_default()
}

//! Asks for a list, if it is another than the one at hand.

use cowrie_http::BodyError;
use reqwest::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    LOCATION,
};
use reqwest::{Client, StatusCode, Url};

use crate::kept::About;

/// Moves to other hosts that are followed for one list.
const MAX_MOVES: usize = 3;

/// Characters of a header that are kept; a longer one is as good as none.
const MAX_HEADER: usize = 1_000;

/// What the server said.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// It has what we have.
    Unchanged,
    /// It has this.
    Changed {
        bytes: Vec<u8>,
        /// What it calls this version.
        etag: Option<String>,
        /// When it says that this version was made.
        last_modified: Option<String>,
    },
}

/// No list came. No message repeats a URL, a header or a body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the server cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("the server answered with {0}")]
    Status(StatusCode),
    #[error("the server sends us elsewhere, and not to where we go")]
    Moved,
    #[error(transparent)]
    Body(#[from] BodyError),
}

/// Fetches a list of no more than `max_bytes`; `known` is what is known of the one at hand.
///
/// A list carries no secret to its server, so that a move to another host is followed, but never
/// from TLS to plain text.
pub(crate) async fn fetch(
    client: &Client,
    url: &Url,
    known: Option<&About>,
    max_bytes: usize,
) -> Result<Fetched, FetchError> {
    let mut url = url.clone();
    for _ in 0..=MAX_MOVES {
        let mut request = client.get(url);
        for (name, value) in known.into_iter().flat_map(conditions) {
            request = request.header(name, value);
        }
        let unreachable = |error: reqwest::Error| FetchError::Unreachable(error.without_url());
        let response = request.send().await.map_err(unreachable)?;
        match response.status() {
            StatusCode::OK => {
                let etag = text(response.headers(), &ETAG);
                let last_modified = text(response.headers(), &LAST_MODIFIED);
                let bytes = cowrie_http::body(response, max_bytes).await?;
                return Ok(Fetched::Changed { bytes, etag, last_modified });
            }
            StatusCode::NOT_MODIFIED if known.is_some() => return Ok(Fetched::Unchanged),
            status if status.is_redirection() && status != StatusCode::NOT_MODIFIED => {
                let to = text(response.headers(), &LOCATION);
                let to = to.and_then(|to| elsewhere(response.url(), &to));
                url = to.ok_or(FetchError::Moved)?;
            }
            status => return Err(FetchError::Status(status)),
        }
    }
    Err(FetchError::Moved)
}

/// What the server shall compare; what is no text of a header is left out.
fn conditions(known: &About) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let pairs = [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)];
    pairs.into_iter().filter_map(|(name, text)| {
        let value = HeaderValue::from_str(text.as_deref()?).ok()?;
        Some((name, value))
    })
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    (text.len() <= MAX_HEADER).then(|| text.to_owned())
}

/// Where a move leads, when we go there.
fn elsewhere(from: &Url, to: &str) -> Option<Url> {
    let to = from.join(to).ok()?;
    let is_web = to.scheme() == "https" || (to.scheme() == "http" && from.scheme() == "http");
    is_web.then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, to: &str, expected: Option<&str>) {
        let found = elsewhere(&from.parse().unwrap(), to);
        assert_eq!(found.as_ref().map(Url::as_str), expected);
    }

    #[test]
    fn moves_go_to_the_web_and_never_out_of_tls() {
        let from = "https://a.example/geo/google.csv";
        check(from, "https://www.a.example/x", Some("https://www.a.example/x"));
        check(from, "/x", Some("https://a.example/x"));
        check(from, "//b.example/x", Some("https://b.example/x"));
        check(from, "http://www.a.example/x", None);
        check(from, "file:///etc/passwd", None);
        check("http://a.example/", "http://b.example/", Some("http://b.example/"));
        check("http://a.example/", "https://b.example/", Some("https://b.example/"));
        check(from, "https://", None);
    }
}

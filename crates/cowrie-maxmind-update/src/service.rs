//! MaxMind's download service, as its API description "Database and geofeed report downloads"
//! has it.
//!
//! HEAD names the file that GET would give, and does not count as a download. GET answers with a
//! redirect to a signed URL on another host, which must not be sent the key.

use std::fs::File;
use std::io;
use std::time::Duration;

use cowrie_client::{BadEndpoint, LookupError};
use cowrie_core::hex;
use cowrie_http::BodyError;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::announced::Announced;
use crate::{Edition, UpdateError, UpdateOptions};

const ARCHIVE: &str = "suffix=tar.gz";
const CHECKSUM: &str = "suffix=tar.gz.sha256";

/// How often we let ourselves be sent to another host for one file.
const MAX_HOPS: usize = 3;

/// How many bytes the checksum and the name of the archive may have.
const MAX_CHECKSUM_BYTES: usize = 1024;

/// How long to leave the service alone after a 429 that does not say: downloads are counted over
/// 24 hours.
const LIMIT_PERIOD: Duration = Duration::from_hours(24);

/// The service, and as whom it is asked.
#[derive(Debug)]
pub(crate) struct Service<'a> {
    client: Client,
    base: Url,
    options: &'a UpdateOptions,
}

impl<'a> Service<'a> {
    pub(crate) fn new(options: &'a UpdateOptions) -> Result<Self, BadEndpoint> {
        let bad = || BadEndpoint::Url { base_url: options.base_url.clone() };
        let base: Url = options.base_url.parse().map_err(|_bad| bad())?;
        if !matches!(base.scheme(), "https" | "http") || base.host().is_none() {
            return Err(bad());
        }
        let client = cowrie_http::client(&cowrie_http::Options::new(options.timeout))?;
        Ok(Self { client, base, options })
    }

    /// Which file it has now. A server that does not take HEAD says nothing.
    pub(crate) async fn announced(&self, edition: &Edition) -> Result<Announced, UpdateError> {
        let response = send(self.request(Method::HEAD, edition, ARCHIVE)).await?;
        let status = response.status();
        let is_no_answer = status.is_redirection()
            || matches!(status, StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED);
        if is_no_answer {
            return Ok(Announced::default());
        }
        match refusal(status, response.headers()) {
            Some(error) => Err(error.into()),
            None => Ok(Announced::of(edition, response.headers())),
        }
    }

    /// The SHA-256 that the archive has, in hexadecimal digits.
    pub(crate) async fn checksum(&self, edition: &Edition) -> Result<String, UpdateError> {
        let response = self.get(edition, CHECKSUM).await?;
        let body = cowrie_http::body(response, MAX_CHECKSUM_BYTES).await;
        let body = body.map_err(LookupError::Body)?;
        checksum_in(&body).ok_or(UpdateError::NotAChecksum)
    }

    /// Writes the archive into a file as it comes, and gives its SHA-256; `disk` makes the error
    /// of a write that fails.
    pub(crate) async fn archive(
        &self,
        edition: &Edition,
        into: File,
        disk: impl Fn(io::Error) -> UpdateError,
    ) -> Result<(File, String), UpdateError> {
        let mut response = self.get(edition, ARCHIVE).await?;
        let max = self.options.max_archive_bytes;
        let too_big = || UpdateError::TooBig { what: "archive", max };
        if response.content_length().is_some_and(|claimed| claimed > max) {
            return Err(too_big());
        }
        let mut file = tokio::fs::File::from_std(into);
        let mut sum = Sha256::new();
        let mut left = max;
        while let Some(chunk) = response.chunk().await.map_err(broken_off)? {
            let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            left = left.checked_sub(length).ok_or_else(too_big)?;
            sum.update(&chunk);
            file.write_all(&chunk).await.map_err(&disk)?;
        }
        file.flush().await.map_err(&disk)?;
        Ok((file.into_std().await, hex(&sum.finalize())))
    }

    /// A file, from wherever the service sends us: there without the key.
    async fn get(&self, edition: &Edition, suffix: &str) -> Result<Response, UpdateError> {
        let mut response = send(self.request(Method::GET, edition, suffix)).await?;
        let mut n_hops = 0;
        while response.status().is_redirection() {
            if n_hops == MAX_HOPS {
                return Err(UpdateError::Redirect { why: "too often" });
            }
            n_hops += 1;
            let next = target(response.url(), response.headers(), self.base.scheme())?;
            response = send(self.client.get(next)).await?;
        }
        let status = response.status();
        match refusal(status, response.headers()) {
            None => Ok(response),
            // The storage knows nothing of the key: what it denies is a signed URL that is too old.
            Some(LookupError::Denied { .. }) if n_hops > 0 => {
                Err(LookupError::Unavailable { status, wait: None }.into())
            }
            Some(error) => Err(error.into()),
        }
    }

    fn request(&self, method: Method, edition: &Edition, query: &str) -> RequestBuilder {
        let mut url = self.base.clone();
        // A URL with a host always has a path.
        if let Ok(mut steps) = url.path_segments_mut() {
            steps.pop_if_empty().extend(["geoip", "databases", edition.as_str(), "download"]);
        }
        url.set_query(Some(query));
        let key = self.options.license_key.expose_secret();
        self.client.request(method, url).basic_auth(&self.options.account, Some(key))
    }
}

/// Sends it; an error never repeats the URL, which may be a signed one.
async fn send(request: RequestBuilder) -> Result<Response, LookupError> {
    request.send().await.map_err(|error| LookupError::Unreachable(error.without_url()))
}

fn broken_off(error: reqwest::Error) -> LookupError {
    LookupError::Body(BodyError::Read(error.without_url()))
}

/// Where a redirect leads; without TLS only when the service itself is asked so.
fn target(from: &Url, headers: &HeaderMap, scheme: &str) -> Result<Url, UpdateError> {
    let bad = |why| UpdateError::Redirect { why };
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    let location = location.ok_or_else(|| bad("without saying where to"))?;
    let url = from.join(location).map_err(|_bad| bad("to something that is no URL"))?;
    if url.scheme() == "https" || (url.scheme() == "http" && scheme == "http") {
        Ok(url)
    } else {
        Err(bad("to a place without TLS"))
    }
}

/// What a status means, where it is not success.
fn refusal(status: StatusCode, headers: &HeaderMap) -> Option<LookupError> {
    let wait = headers.get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.trim().parse().ok());
    let wait = wait.map(Duration::from_secs);
    match status.as_u16() {
        200 => None,
        // 451: MaxMind does not deliver to this country.
        401 | 403 | 451 => Some(LookupError::Denied { status }),
        429 => Some(LookupError::Throttled { wait: wait.unwrap_or(LIMIT_PERIOD) }),
        408 | 500..=599 => Some(LookupError::Unavailable { status, wait }),
        _ => Some(LookupError::Unexpected { status }),
    }
}

/// The sum in `<64 hexadecimal digits>  <name of the archive>`.
fn checksum_in(body: &[u8]) -> Option<String> {
    let sum = str::from_utf8(body).ok()?.split_ascii_whitespace().next()?;
    let is_sum = sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sum.then(|| sum.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use cowrie_enrichment::Remedy;
    use reqwest::header::HeaderValue;

    use super::*;

    #[track_caller]
    fn check_checksum(body: &[u8], expected: Option<&str>) {
        assert_eq!(checksum_in(body).as_deref(), expected);
    }

    #[test]
    fn a_checksum_is_64_digits_before_a_name() {
        let sum = "0123456789abcdef".repeat(4);
        let line = format!("{sum}  GeoLite2-City_20260203.tar.gz\n");
        check_checksum(line.as_bytes(), Some(&sum));
        check_checksum(line.to_uppercase().as_bytes(), Some(&sum));
        check_checksum(sum.as_bytes(), Some(&sum));
        check_checksum(format!("0{line}").as_bytes(), None);
        check_checksum(b"<html>", None);
        check_checksum(b"", None);
        check_checksum(b"\xff\xfe", None);
    }

    #[track_caller]
    fn check_refusal(status: u16, wait: Option<&'static str>, expected: Option<Remedy>) {
        let mut headers = HeaderMap::new();
        headers.extend(wait.map(|wait| (RETRY_AFTER, HeaderValue::from_static(wait))));
        let refusal = refusal(StatusCode::from_u16(status).unwrap(), &headers);
        assert_eq!(refusal.map(|error| error.remedy()), expected, "{status}");
    }

    #[test]
    fn every_status_has_its_remedy() {
        let wait = |seconds| Some(Remedy::Wait(Duration::from_secs(seconds)));
        check_refusal(200, None, None);
        check_refusal(401, None, Some(Remedy::DropSource));
        check_refusal(403, None, Some(Remedy::DropSource));
        check_refusal(451, None, Some(Remedy::DropSource));
        check_refusal(429, None, wait(86_400));
        check_refusal(429, Some("60"), wait(60));
        check_refusal(503, Some("60"), wait(60));
        check_refusal(503, Some("soon"), Some(Remedy::TryAgain));
        check_refusal(206, None, Some(Remedy::SkipItem));
        check_refusal(404, None, Some(Remedy::SkipItem));
    }

    #[track_caller]
    fn check_target(scheme: &str, location: Option<&'static str>, expected: Result<&str, &str>) {
        let from: Url = format!("{scheme}://download.example/a/b").parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.extend(location.map(|place| (LOCATION, HeaderValue::from_static(place))));
        let found = target(&from, &headers, scheme).map(|url| url.to_string());
        let found = found.map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn nobody_leads_us_out_of_tls() {
        let signed = "https://store.example/f?X-Signature=1";
        check_target("https", Some(signed), Ok(signed));
        check_target("https", Some("/c"), Ok("https://download.example/c"));
        check_target("http", Some("http://store.example/f"), Ok("http://store.example/f"));
        let plain = Err("the service sends us on to a place without TLS");
        check_target("https", Some("http://download.example/f"), plain);
        check_target("http", Some("ftp://store.example/f"), plain);
        check_target("http", Some("file:///etc/passwd"), plain);
        let no_url = Err("the service sends us on to something that is no URL");
        check_target("https", Some("https://"), no_url);
        check_target("https", None, Err("the service sends us on without saying where to"));
    }
}

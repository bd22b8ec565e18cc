//! `aws-sm://[region/]id[#json.key]`: AWS Secrets Manager, by signed requests.
//!
//! Credentials are found as AWS's own programs find them (environment, shared files, SSO, web
//! identity, container, instance), by Apache OpenDAL's `reqsign`. Source of the request:
//! "`GetSecretValue`" of the Secrets Manager API reference.

mod credentials;
mod secret;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use reqsign_aws_v4::{DefaultCredentialProvider, RequestSigner};
use reqsign_core::Signer;
use reqwest::{StatusCode, Url};
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) use secret::AwsSecret;

use crate::value::{part_of, wipe};
use crate::{Environment, Problem};

const SERVICE: &str = "AWS Secrets Manager";

/// The secret, or the value at the key of the JSON that it is.
pub(crate) async fn read(
    wanted: &AwsSecret,
    environment: &Arc<dyn Environment>,
    timeout: Duration,
) -> Result<SecretString, Problem> {
    let region = wanted.region(environment.as_ref()).ok_or(Problem::Setup {
        what: "there is no region; write `aws-sm://REGION/ID`, or set `AWS_REGION`",
    })?;
    let url = endpoint(&region, environment.as_ref())?;
    let body = json!({ "SecretId": wanted.id }).to_string();
    let parts = signed(&region, &url, &body, environment).await?;
    let client = cowrie_http::client(&cowrie_http::Options::new(timeout))?;
    let request = client.post(url).headers(parts.headers).body(body);
    let (status, bytes) = super::ask(SERVICE, request).await?;
    let answer = serde_json::from_slice(&bytes).unwrap_or_default();
    let secret = secret_in(status, &answer, wanted.key.as_deref());
    wipe(answer);
    secret
}

/// Where the service is, after the rules of AWS's programs.
fn endpoint(region: &str, environment: &dyn Environment) -> Result<Url, Problem> {
    let set = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"]
        .iter()
        .filter_map(|name| environment.variable(name)?.into_string().ok())
        .find(|text| !text.is_empty());
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let text = set.unwrap_or_else(|| format!("https://secretsmanager.{region}.{suffix}/"));
    let what = "`AWS_ENDPOINT_URL` is not a URL that begins with `https://` or `http://`";
    let url: Url = text.parse().map_err(|_bad| Problem::Setup { what })?;
    let is_http = matches!(url.scheme(), "https" | "http") && url.username().is_empty();
    if is_http { Ok(url) } else { Err(Problem::Setup { what }) }
}

/// The head of the question, with its signature.
async fn signed(
    region: &str,
    url: &Url,
    body: &str,
    environment: &Arc<dyn Environment>,
) -> Result<Parts, Problem> {
    let digest = Sha256::digest(body.as_bytes());
    let digest = digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let request = http::Request::post(url.as_str())
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", "secretsmanager.GetSecretValue")
        .header("x-amz-content-sha256", digest)
        .body(());
    let Ok(request) = request else {
        return Err(Problem::Setup { what: "the URL of the service cannot be used" });
    };
    let mut parts = request.into_parts().0;
    let context = credentials::context(environment)?;
    let signer = RequestSigner::new("secretsmanager", region);
    let signer = Signer::new(context, DefaultCredentialProvider::new(), signer);
    // The library's own words may repeat what it found in files.
    signer.sign(&mut parts, None).await.map_err(|_said| Problem::NoAwsCredentials)?;
    Ok(parts)
}

fn secret_in(
    status: StatusCode,
    answer: &Value,
    key: Option<&str>,
) -> Result<SecretString, Problem> {
    if status != StatusCode::OK {
        return Err(refusal(status, answer));
    }
    if let Some(text) = answer.get("SecretString").and_then(Value::as_str) {
        return part_of(text.as_bytes(), key);
    }
    let binary = answer.get("SecretBinary").and_then(Value::as_str);
    let bytes = binary.and_then(|text| STANDARD.decode(text).ok());
    let bytes = Zeroizing::new(bytes.ok_or(Problem::Unexpected { service: SERVICE })?);
    part_of(&bytes, key)
}

/// What the service says, by the name of its error ("Common Errors" of the API reference).
fn refusal(status: StatusCode, answer: &Value) -> Problem {
    let kind = answer.get("__type").and_then(Value::as_str).unwrap_or_default();
    let kind = kind.rsplit('#').next().unwrap_or_default();
    let kind: String = kind.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
    let why = match kind.as_str() {
        "ResourceNotFoundException" => "there is no such secret in this region".to_owned(),
        "AccessDeniedException" => "the credentials do not allow to read this".to_owned(),
        "UnrecognizedClientException" | "InvalidSignatureException" => {
            "the credentials are not valid".to_owned()
        }
        "ExpiredTokenException" => "the credentials have expired".to_owned(),
        "InvalidRequestException" => "the secret is marked for deletion".to_owned(),
        "DecryptionFailure" => "it cannot decrypt the secret; may KMS be used?".to_owned(),
        "" if status == StatusCode::FORBIDDEN => {
            "the credentials are not valid, or do not allow this".to_owned()
        }
        "" => format!("HTTP status {}", status.as_u16()),
        other => format!("{other} (HTTP status {})", status.as_u16()),
    };
    Problem::Denied { service: SERVICE, why }
}

//! `vault://path[#field]`: a key-value secret of Vault, over HTTP.
//!
//! The path is that of `vault kv get`: the mount, then the secret. Where and as whom to ask stands
//! in the variables that the program `vault` reads, and in two more for files:
//!
//! * `VAULT_ADDR`, `VAULT_NAMESPACE`, `VAULT_CACERT`;
//! * `VAULT_TOKEN` or `VAULT_TOKEN_FILE`, else `VAULT_ROLE_ID` with `VAULT_SECRET_ID` or
//!   `VAULT_SECRET_ID_FILE` (AppRole), else `~/.vault-token`.
//!
//! Source: Vault's HTTP API, "KV secrets engine v2", "AppRole auth method" and
//! "/sys/internal/ui/mounts".

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{file, shown_key, split_key, variable};
use crate::value::{member, secret_of, wipe};
use crate::{Environment, Problem};

const SERVICE: &str = "Vault";

/// A secret in Vault, and which field of it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct VaultField {
    path: String,
    field: Option<String>,
}

impl VaultField {
    /// Reads what follows `vault://`; `None` unless it has a mount and a name.
    pub(crate) fn parse(rest: &str) -> Option<Self> {
        let (path, field) = split_key(rest);
        let steps: Vec<_> = path.split('/').collect();
        let is_step = |step: &&str| !step.is_empty() && *step != "." && *step != "..";
        let is_path = steps.len() > 1 && steps.iter().all(is_step);
        let is_usable = is_path && !rest.contains(char::is_control) && !path.contains('?');
        is_usable.then(|| Self { path: path.to_owned(), field })
    }
}

impl fmt::Display for VaultField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path, shown_key(self.field.as_deref()))
    }
}

/// The field, or without one all fields as JSON.
pub(crate) async fn read(
    wanted: &VaultField,
    environment: &dyn Environment,
    timeout: Duration,
) -> Result<SecretString, Problem> {
    let mut server = Server::new(environment, timeout)?;
    server.token = Some(server.token(environment).await?);
    let mount = server.mount_of(&wanted.path).await?;
    let name = wanted.path.strip_prefix(&mount.path).unwrap_or_default();
    let between = if mount.is_versioned { "data/" } else { "" };
    let url = server.url(&format!("{}{between}{name}", mount.path))?;
    let (status, mut answer) = server.ask(server.request(Method::GET, url)).await?;
    let mut data = answer.get_mut("data").map(Value::take).unwrap_or_default();
    if mount.is_versioned {
        data = data.get_mut("data").map(Value::take).unwrap_or_default();
    }
    if status != StatusCode::OK || data.is_null() {
        return Err(refusal(status));
    }
    let secret = match &wanted.field {
        Some(field) => member(&data, field),
        None => secret_of(Zeroizing::new(data.to_string()).as_bytes()),
    };
    wipe(data);
    secret
}

struct Server {
    client: Client,
    base: Url,
    namespace: Option<String>,
    token: Option<SecretString>,
}

/// Where a path leads.
struct Mount {
    /// With a slash at its end.
    path: String,
    /// Whether it is version 2 of the key-value engine.
    is_versioned: bool,
}

impl Server {
    fn new(environment: &dyn Environment, timeout: Duration) -> Result<Self, Problem> {
        let what = "`VAULT_ADDR` is not set; it is the URL of the server";
        let base = text_of("VAULT_ADDR", environment).ok_or(Problem::Setup { what })?;
        let what = "`VAULT_ADDR` is not a URL that begins with `https://` or `http://`";
        let bad_address = || Problem::Setup { what };
        let base: Url = base.parse().map_err(|_bad| bad_address())?;
        if !matches!(base.scheme(), "https" | "http") || !base.username().is_empty() {
            return Err(bad_address());
        }
        let mut options = cowrie_http::Options::new(timeout);
        if let Some(path) = text_of("VAULT_CACERT", environment) {
            let failed = |source| Problem::Login {
                what: "the certificates of `VAULT_CACERT`",
                source: Box::new(Problem::Read(source)),
            };
            options = options.with_extra_roots(std::fs::read(path).map_err(failed)?);
        }
        let namespace = text_of("VAULT_NAMESPACE", environment);
        Ok(Self { client: cowrie_http::client(&options)?, base, namespace, token: None })
    }

    /// The token to ask with: given, or got for a role.
    async fn token(&self, environment: &dyn Environment) -> Result<SecretString, Problem> {
        let login = |what| move |source| Problem::Login { what, source: Box::new(source) };
        let given = variable::read_or_file("VAULT_TOKEN", environment);
        if let Some(token) = given.map_err(login("the token of Vault"))? {
            return Ok(token);
        }
        if let Some(role) = text_of("VAULT_ROLE_ID", environment) {
            let secret = variable::read_or_file("VAULT_SECRET_ID", environment);
            let secret = secret.map_err(login("the secret id of Vault's role"))?;
            return self.log_in(&role, secret.as_ref()).await;
        }
        let kept =
            environment.variable("HOME").map(|home| PathBuf::from(home).join(".vault-token"));
        match kept.filter(|path| path.exists()) {
            Some(path) => file::read(&path).map_err(login("the token in `~/.vault-token`")),
            None => Err(Problem::Setup {
                what: "nobody says who asks; set `VAULT_TOKEN`, `VAULT_TOKEN_FILE` or \
                       `VAULT_ROLE_ID` with `VAULT_SECRET_ID`, or run `vault login`",
            }),
        }
    }

    async fn log_in(
        &self,
        role: &str,
        secret: Option<&SecretString>,
    ) -> Result<SecretString, Problem> {
        let body = json!({
            "role_id": role,
            "secret_id": secret.map(ExposeSecret::expose_secret),
        });
        let url = self.url("auth/approle/login")?;
        let request = self.request(Method::POST, url).json(&body);
        wipe(body);
        let (status, answer) = self.ask(request).await?;
        let token = answer.pointer("/auth/client_token").and_then(Value::as_str);
        let token = token.map(SecretString::from);
        wipe(answer);
        match token {
            Some(token) if status == StatusCode::OK => Ok(token),
            _ => Err(Problem::Login {
                what: "a token for the role of `VAULT_ROLE_ID`",
                source: Box::new(refusal(status)),
            }),
        }
    }

    /// The mount of a path, as the program `vault` finds it. A server that does not tell is taken
    /// at its most usual: the first name is the mount, of version 2.
    async fn mount_of(&self, path: &str) -> Result<Mount, Problem> {
        let url = self.url(&format!("sys/internal/ui/mounts/{path}"))?;
        let (status, answer) = self.ask(self.request(Method::GET, url)).await?;
        let told = answer.pointer("/data/path").and_then(Value::as_str);
        if let (StatusCode::OK, Some(told)) = (status, told)
            && path.starts_with(told)
            && told.ends_with('/')
        {
            let version = answer.pointer("/data/options/version").and_then(Value::as_str);
            return Ok(Mount { path: told.to_owned(), is_versioned: version == Some("2") });
        }
        if !matches!(status, StatusCode::OK | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) {
            return Err(refusal(status));
        }
        let first = path.split_inclusive('/').next().unwrap_or_default();
        Ok(Mount { path: first.to_owned(), is_versioned: true })
    }

    /// A URL below `/v1/`, each name of the path encoded.
    fn url(&self, path: &str) -> Result<Url, Problem> {
        let mut url = self.base.clone();
        let what = "`VAULT_ADDR` is not a URL that can have a path";
        url.path_segments_mut()
            .map_err(|()| Problem::Setup { what })?
            .pop_if_empty()
            .push("v1")
            .extend(path.split('/'));
        Ok(url)
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let mut request = self.client.request(method, url).header("X-Vault-Request", "true");
        if let Some(token) = &self.token {
            request = request.header("X-Vault-Token", token.expose_secret());
        }
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        request
    }

    /// The status and the document; no document where it is not JSON.
    async fn ask(&self, request: RequestBuilder) -> Result<(StatusCode, Value), Problem> {
        let (status, bytes) = super::ask(SERVICE, request).await?;
        match serde_json::from_slice(&bytes) {
            Ok(document) => Ok((status, document)),
            Err(_) if status.is_success() => Err(Problem::Unexpected { service: SERVICE }),
            Err(_) => Ok((status, Value::Null)),
        }
    }
}

/// What a status means, in the words of Vault's documentation ("HTTP status codes").
fn refusal(status: StatusCode) -> Problem {
    let why = match status.as_u16() {
        200 | 404 => "there is no such secret, or its newest version was deleted".to_owned(),
        400 => "it cannot make sense of the question; are the role and its secret id right?".into(),
        403 => "the token is not valid, or its policy does not allow to read this".to_owned(),
        307 | 308 => "it sends us to another server; set `VAULT_ADDR` to that one".to_owned(),
        429 => "it is asked too often".to_owned(),
        503 => "it is sealed, or down for maintenance".to_owned(),
        other => format!("HTTP status {other}"),
    };
    Problem::Denied { service: SERVICE, why }
}

fn text_of(name: &str, environment: &dyn Environment) -> Option<String> {
    environment.variable(name)?.into_string().ok().filter(|text| !text.is_empty())
}

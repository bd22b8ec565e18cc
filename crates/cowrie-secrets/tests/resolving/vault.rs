//! Secrets of Vault, from a server on loopback that answers as Vault's HTTP API is documented:
//! "KV secrets engine v2", "AppRole auth method", "/sys/internal/ui/mounts" and "HTTP status
//! codes".

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::support::{outcome, resolver, write};

const TOKEN: &str = "hvs.hunter2";

/// A server that keeps two mounts: `secret/` of version 2 and `old/` of version 1.
struct Vault {
    address: String,
    logins: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Vault {
    async fn start() -> Self {
        let logins = Arc::new(AtomicUsize::new(0));
        let app = Router::new()
            .route("/v1/sys/internal/ui/mounts/{*path}", get(mount))
            .route("/v1/secret/data/{*name}", get(versioned))
            .route("/v1/old/{*name}", get(plain))
            .route("/v1/auth/approle/login", post(log_in))
            .with_state(Arc::clone(&logins));
        let (address, serving) = serve(app).await;
        Self { address, logins, _serving: serving }
    }

    /// What comes of the reference for somebody with the token.
    async fn read(&self, reference: &str) -> String {
        self.read_as([("VAULT_TOKEN", TOKEN)], reference).await
    }

    async fn read_as<const N: usize>(
        &self,
        variables: [(&'static str, &str); N],
        reference: &str,
    ) -> String {
        let address = [("VAULT_ADDR", self.address.as_str())];
        outcome(&resolver(address.into_iter().chain(variables)), reference).await
    }
}

async fn serve(app: Router) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, serving)
}

/// What Vault says to whom it does not know, or who may not.
fn denied(headers: &HeaderMap) -> Option<Response> {
    let named = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(named("x-vault-request"), Some("true"));
    let is_known = named("x-vault-token") == Some(TOKEN);
    let errors = json!({ "errors": ["permission denied"] });
    (!is_known).then(|| (StatusCode::FORBIDDEN, Json(errors)).into_response())
}

async fn mount(headers: HeaderMap, Path(path): Path<String>) -> Response {
    if let Some(no) = denied(&headers) {
        return no;
    }
    let answer = |path: &str, version: &str| {
        let data = json!({ "path": path, "type": "kv", "options": { "version": version } });
        Json(json!({ "request_id": "a", "lease_id": "", "data": data })).into_response()
    };
    match path.split('/').next() {
        Some("secret") => answer("secret/", "2"),
        Some("old") => answer("old/", "1"),
        _ => {
            let error = "preflight capability check returned 403, please ensure client's \
                         policies grant access to path";
            (StatusCode::FORBIDDEN, Json(json!({ "errors": [error] }))).into_response()
        }
    }
}

async fn versioned(headers: HeaderMap, Path(name): Path<String>) -> Response {
    if let Some(no) = denied(&headers) {
        return no;
    }
    let metadata = json!({ "version": 2, "deletion_time": "", "destroyed": false });
    let answer = |data: Value| {
        Json(json!({ "data": { "data": data, "metadata": metadata } })).into_response()
    };
    let error = |status: u16, body: Value| {
        (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
    };
    match name.as_str() {
        "cowrie/db" => answer(json!({ "user": "loader", "password": "s3cret", "port": 5432 })),
        "a b" => answer(json!({ "x": "blank" })),
        "deleted" => error(404, json!({ "data": { "data": null, "metadata": metadata } })),
        "sealed" => error(503, json!({ "errors": ["Vault is sealed"] })),
        "garbage" => "<html>hunter2</html>".into_response(),
        "large" => "x".repeat(2 << 20).into_response(),
        "away" => Redirect::temporary("http://192.0.2.1/v1/secret/data/away").into_response(),
        _ => error(404, json!({ "errors": [] })),
    }
}

async fn plain(headers: HeaderMap, Path(name): Path<String>) -> Response {
    if let Some(no) = denied(&headers) {
        return no;
    }
    assert_eq!(name, "db");
    Json(json!({ "data": { "password": "of version 1" } })).into_response()
}

async fn log_in(State(logins): State<Arc<AtomicUsize>>, Json(body): Json<Value>) -> Response {
    logins.fetch_add(1, Ordering::Relaxed);
    let is_right = body == json!({ "role_id": "loader", "secret_id": "sid" });
    if !is_right {
        let errors = json!({ "errors": ["invalid role or secret ID"] });
        return (StatusCode::BAD_REQUEST, Json(errors)).into_response();
    }
    Json(json!({ "auth": { "client_token": TOKEN, "renewable": true } })).into_response()
}

#[tokio::test]
async fn fields_are_read_from_both_versions() {
    let vault = Vault::start().await;
    assert_eq!(vault.read("vault://secret/cowrie/db#password").await, "s3cret");
    assert_eq!(vault.read("vault://secret/cowrie/db#port").await, "5432");
    assert_eq!(vault.read("vault://secret/a b#x").await, "blank");
    assert_eq!(vault.read("vault://old/db#password").await, "of version 1");
    assert_eq!(
        vault.read("vault://secret/cowrie/db").await,
        r#"{"password":"s3cret","port":5432,"user":"loader"}"#
    );
}

#[tokio::test]
async fn refusals_say_what_is_wrong() {
    let vault = Vault::start().await;
    let gone = "Vault refused: there is no such secret, or its newest version was deleted";
    for (reference, why) in [
        ("vault://secret/nothing#x", gone),
        ("vault://secret/deleted#x", gone),
        ("vault://nowhere/db#x", gone),
        ("vault://secret/cowrie/db#no", "the value has no key `no`"),
        ("vault://secret/sealed#x", "Vault refused: it is sealed, or down for maintenance"),
        ("vault://secret/garbage#x", "Vault gave an answer that cannot be read"),
        (
            "vault://secret/away#x",
            "Vault refused: it sends us to another server; set `VAULT_ADDR` to that one",
        ),
        (
            "vault://secret/large#x",
            "failed to read the answer of Vault: the answer is longer than 1048576 bytes",
        ),
    ] {
        assert_eq!(vault.read(reference).await, format!("failed to resolve `REF`: {why}"));
    }
}

#[tokio::test]
async fn tokens_come_from_variable_file_home_or_role() {
    let vault = Vault::start().await;
    let home = TempDir::new().unwrap();
    let file = write(home.path(), ".vault-token", TOKEN.as_bytes(), 0o600);
    let (file, home_dir) = (file.to_str().unwrap(), home.path().to_str().unwrap());
    let reference = "vault://secret/cowrie/db#password";
    for variables in [
        [("VAULT_TOKEN", TOKEN), ("HOME", "/nowhere")],
        [("VAULT_TOKEN_FILE", file), ("HOME", "/nowhere")],
        [("VAULT_NAMESPACE", ""), ("HOME", home_dir)],
        [("VAULT_ROLE_ID", "loader"), ("VAULT_SECRET_ID", "sid")],
    ] {
        assert_eq!(vault.read_as(variables, reference).await, "s3cret", "{variables:?}");
    }
    assert_eq!(vault.logins.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn who_asks_in_vain_learns_why() {
    let vault = Vault::start().await;
    let reference = "vault://secret/cowrie/db#password";
    let no_token = "nobody says who asks; set `VAULT_TOKEN`, `VAULT_TOKEN_FILE` or \
                    `VAULT_ROLE_ID` with `VAULT_SECRET_ID`, or run `vault login`";
    let denied = "Vault refused: the token is not valid, or its policy does not allow to read this";
    let bad_role = "failed to read a token for the role of `VAULT_ROLE_ID`: Vault refused: it \
                    cannot make sense of the question; are the role and its secret id right?";
    for (variables, why) in [
        ([("HOME", "/nowhere"), ("VAULT_TOKEN", "")], no_token),
        ([("HOME", "/nowhere"), ("VAULT_TOKEN", "other")], denied),
        ([("VAULT_ROLE_ID", "loader"), ("VAULT_SECRET_ID", "hunter2")], bad_role),
    ] {
        let found = vault.read_as(variables, reference).await;
        assert_eq!(found, format!("failed to resolve `REF`: {why}"));
    }
    let folder = TempDir::new().unwrap();
    let open = write(folder.path(), "token", TOKEN.as_bytes(), 0o644);
    let variables = [("VAULT_TOKEN_FILE", open.to_str().unwrap())];
    let found = vault.read_as(variables, reference).await;
    assert!(found.contains("failed to read the token of Vault: everybody may read"), "{found}");
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_said_so() {
    let reference = "vault://secret/cowrie/db#password";
    let read = async |address: &str| {
        let variables = [("VAULT_ADDR", address), ("VAULT_TOKEN", TOKEN)];
        outcome(&resolver(variables), reference).await
    };
    let bad = "failed to resolve `REF`: `VAULT_ADDR` is not a URL that begins with \
               `https://` or `http://`";
    for address in ["vault.example.org", "ftp://192.0.2.1", "https://u:hunter2@192.0.2.1"] {
        assert_eq!(read(address).await, bad, "{address}");
    }
    let not_set = "failed to resolve `REF`: `VAULT_ADDR` is not set; it is the URL of the server";
    assert_eq!(read("").await, not_set);
    let refused = read("http://127.0.0.1:1").await;
    assert!(refused.starts_with("failed to resolve `REF`: failed to ask Vault: "), "{refused}");
    assert!(refused.contains("refused") && !refused.contains("127.0.0.1"), "{refused}");
}

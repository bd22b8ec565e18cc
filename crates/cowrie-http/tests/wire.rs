//! The client against servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers too")]

use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::Redirect;
use axum::routing::get;
use cowrie_http::{AGENT, BodyError, ClientError, Options, body, client};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Serves until it is dropped.
struct Server {
    base: String,
    _serving: JoinSet<()>,
}

async fn serve(app: Router) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
    Server { base, _serving: serving }
}

fn quick() -> reqwest::Client {
    client(&Options::new(Duration::from_millis(600))).unwrap()
}

#[tokio::test]
async fn servers_learn_who_asks() {
    let agent = |headers: HeaderMap| async move {
        headers.get("user-agent").unwrap().to_str().unwrap().to_owned()
    };
    let server = serve(Router::new().route("/", get(agent))).await;
    let response = quick().get(&server.base).send().await.unwrap();
    assert_eq!(body(response, 100).await.unwrap(), AGENT.as_bytes());
}

#[tokio::test]
async fn bodies_end_at_the_bound() {
    let server = serve(Router::new().route("/", get(|| async { "x".repeat(1000) }))).await;
    let response = quick().get(&server.base).send().await.unwrap();
    assert_eq!(body(response, 1000).await.unwrap().len(), 1000);
    let response = quick().get(&server.base).send().await.unwrap();
    let error = body(response, 999).await.unwrap_err();
    assert!(matches!(error, BodyError::TooLong { max: 999 }), "{error}");
}

#[tokio::test]
async fn silence_ends_in_time() {
    let silent = || async { std::future::pending::<()>().await };
    let server = serve(Router::new().route("/", get(silent))).await;
    let error = quick().get(&server.base).send().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn keys_do_not_follow_a_redirect_to_another_place() {
    let spy = serve(Router::new().route("/{*rest}", get(|| async { "caught" }))).await;
    let elsewhere = format!("{}/key", spy.base);
    let app = Router::new()
        .route("/away", get(move || async move { Redirect::temporary(&elsewhere) }))
        .route("/near", get(|| async { Redirect::temporary("/here") }))
        .route("/here", get(|| async { "arrived" }))
        .route("/round", get(|| async { Redirect::temporary("/round") }));
    let server = serve(app).await;
    let ask = async |path: &str| {
        quick().get(format!("{}{path}", server.base)).header("x-key", "k").send().await
    };
    assert_eq!(ask("/near").await.unwrap().text().await.unwrap(), "arrived");
    assert_eq!(ask("/away").await.unwrap().status(), 307);
    assert!(ask("/round").await.unwrap_err().is_redirect());
}

#[test]
fn roots_must_be_certificates() {
    let bad = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    let options = Options::new(Duration::from_secs(1)).with_extra_roots(bad.into());
    assert!(matches!(client(&options), Err(ClientError::Certificates(_) | ClientError::Setup(_))));
}

//! Where a service may send us, and what goes along.

use axum::body::Body;
use axum::http::header::LOCATION;
use axum::http::{Method, Response};
use cowrie_client::LookupError;
use cowrie_enrichment::Remedy;
use cowrie_maxmind_update::{Change, UpdateError};

use crate::support::{Offer, Server, city, failure, folder, options, serve, status, update_city};

/// To another host, which must not see the key.
fn redirect(to: String) -> Response<Body> {
    Response::builder().status(302).header(LOCATION, to).body(Body::empty()).unwrap()
}

/// A service that sends every GET to a storage host, which answers so; HEAD has its own status.
async fn service_and_storage(
    head: u16,
    stored: impl Fn(&str) -> Response<Body> + Clone + Send + Sync + 'static,
) -> (Server, Server) {
    let storage = serve(move |method, target| {
        assert_eq!(method, Method::GET);
        stored(target)
    })
    .await;
    let base = storage.base.clone();
    let service = serve(move |method, target| match *method {
        Method::HEAD if head == 302 => redirect(format!("{base}/signed/head")),
        Method::HEAD => status(head),
        _ => redirect(format!("{base}/signed{target}")),
    })
    .await;
    (service, storage)
}

#[tokio::test]
async fn the_key_stays_with_the_service() {
    for head in [302, 405, 501] {
        let offer = Offer::of(&city());
        let stored =
            move |target: &str| offer.answer(&Method::GET, target.strip_prefix("/signed").unwrap());
        let (service, storage) = service_and_storage(head, stored).await;
        let change = update_city(folder().path(), &options(&service.base)).await;
        assert!(matches!(change, Change::Replaced { .. }), "{head}: {change:?}");
        assert_eq!(service.asked(), ["HEAD tar.gz", "GET tar.gz.sha256", "GET tar.gz"]);
        assert!(service.seen().iter().all(|seen| seen.has_key), "{:?}", service.seen());
        assert_eq!(storage.asked(), ["GET tar.gz.sha256", "GET tar.gz"]);
        assert!(!storage.seen().iter().any(|seen| seen.has_key), "{:?}", storage.seen());
    }
}

#[tokio::test]
async fn a_storage_host_that_denies_says_nothing_of_the_key() {
    let (service, _storage) = service_and_storage(405, |_| status(403)).await;
    let error = failure(folder().path(), &options(&service.base)).await;
    assert!(matches!(error, UpdateError::Service(LookupError::Unavailable { .. })), "{error:?}");
    assert_eq!(error.remedy(), Remedy::TryAgain);
}

/// What becomes of an edition when so many hosts send us on to the next.
async fn chain(n_hops: usize) -> Change {
    let offer = Offer::of(&city());
    // The last host has the files; it is made first, so that each one knows the next.
    let mut hosts: Vec<Server> = Vec::new();
    for _ in 0..=n_hops {
        let next = hosts.last().map(|server| server.base.clone());
        let offer = offer.clone();
        let host = serve(move |method, target| match (&next, method) {
            (Some(_), &Method::HEAD) => status(405),
            (Some(next), _) => redirect(format!("{next}{target}")),
            (None, _) => offer.answer(method, target),
        });
        hosts.push(host.await);
    }
    let service = hosts.pop().unwrap();
    let change = update_city(folder().path(), &options(&service.base)).await;
    assert!(!hosts.iter().flat_map(Server::seen).any(|seen| seen.has_key));
    change
}

#[tokio::test]
async fn three_hosts_are_followed_and_no_more() {
    for n_hops in 0..=3 {
        let change = chain(n_hops).await;
        assert!(matches!(change, Change::Replaced { .. }), "{n_hops}: {change:?}");
    }
    let change = chain(4).await;
    let Change::Failed(error) = change else { panic!("{change:?}") };
    assert_eq!(error.to_string(), "the service sends us on too often");
    assert_eq!(error.remedy(), Remedy::SkipItem);
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_refused() {
    let service = serve(|method, _| match *method {
        Method::HEAD => status(405),
        _ => redirect("ftp://127.0.0.1/file".to_owned()),
    })
    .await;
    let error = failure(folder().path(), &options(&service.base)).await;
    assert_eq!(error.to_string(), "the service sends us on to a place without TLS");
    let service = serve(|method, _| status(if *method == Method::HEAD { 405 } else { 302 })).await;
    let error = failure(folder().path(), &options(&service.base)).await;
    assert_eq!(error.to_string(), "the service sends us on without saying where to");
}

//! Against a service that refuses and misbehaves as the real one may.

use std::time::Duration;

use cowrie_enrichment::Remedy;
use cowrie_loopback::{Behaviour, Canned, Provider, Providers};
use cowrie_maxmind_update::{Change, Edition, UpdateOptions, Updated, probe, update};

use crate::support::{ASN, CITY, PUBLISHED, failure, folder, options, time, tree};

/// Options for the service, with the right key.
fn known(providers: &Providers) -> UpdateOptions {
    UpdateOptions {
        account: Providers::ACCOUNT.to_owned(),
        license_key: Providers::KEY.into(),
        ..options(&providers.base_url(Provider::MaxMind))
    }
}

/// The method, the edition and the suffix of every request.
fn asked(providers: &Providers) -> Vec<String> {
    let asked = providers.asked(Provider::MaxMind).into_iter();
    asked.map(|asked| format!("{} {}", asked.method, asked.key)).collect()
}

fn changes(all: &[Updated]) -> Vec<String> {
    let said = |updated: &Updated| match &updated.change {
        Change::Replaced { vintage, .. } => format!("{}: new {vintage:?}", updated.edition),
        Change::Unchanged { vintage } => format!("{}: as before {vintage:?}", updated.edition),
        Change::Failed(error) => format!("{}: {error}", updated.edition),
    };
    all.iter().map(said).collect()
}

#[tokio::test]
async fn the_usual_editions_come_once() {
    let providers = Providers::start().await;
    let folder = folder();
    let options = known(&providers);
    let built = format!("{:?}", time(PUBLISHED));
    let all = update(folder.path(), &Edition::defaults(), &options).await;
    assert_eq!(changes(&all), [format!("{CITY}: new {built}"), format!("{ASN}: new {built}")]);
    let files = [CITY, ASN].map(|edition| {
        ["HEAD", "GET", "GET"]
            .into_iter()
            .zip([".tar.gz", ".tar.gz.sha256", ".tar.gz"])
            .map(move |(method, suffix)| format!("{method} {edition}{suffix}"))
    });
    assert_eq!(asked(&providers), files.into_iter().flatten().collect::<Vec<_>>());
    let (before, n_before) = (tree(folder.path()), asked(&providers).len());
    let all = update(folder.path(), &Edition::defaults(), &options).await;
    let same = [CITY, ASN].map(|edition| format!("{edition}: as before {built}"));
    assert_eq!(changes(&all), same);
    let heads = [CITY, ASN].map(|edition| format!("HEAD {edition}.tar.gz"));
    assert_eq!(asked(&providers)[n_before..], heads);
    assert!(tree(folder.path()) == before);
}

#[tokio::test]
async fn a_wrong_key_is_tried_once() {
    let providers = Providers::start().await;
    let folder = folder();
    let check = async |options: UpdateOptions, n_asked: usize| {
        let before = tree(folder.path());
        let all = update(folder.path(), &Edition::defaults(), &options).await;
        let denied = "the service refuses to answer (401 Unauthorized)";
        assert_eq!(changes(&all), [format!("{CITY}: {denied}"), format!("{ASN}: {denied}")]);
        for updated in &all {
            let Change::Failed(error) = &updated.change else { panic!("{updated:?}") };
            assert_eq!(error.remedy(), Remedy::DropSource);
        }
        assert_eq!(providers.count(Provider::MaxMind), n_asked);
        assert!(tree(folder.path()) == before);
    };
    check(UpdateOptions { license_key: "another-key".into(), ..known(&providers) }, 1).await;
    check(UpdateOptions { account: "654321".to_owned(), ..known(&providers) }, 2).await;
}

#[tokio::test]
async fn a_probe_says_whether_the_key_is_taken_and_downloads_nothing() {
    let providers = Providers::start().await;
    let [city, ..] = Edition::defaults();
    probe(&city, &known(&providers)).await.unwrap();
    let wrong = UpdateOptions { license_key: "another-key".into(), ..known(&providers) };
    assert_eq!(probe(&city, &wrong).await.unwrap_err().remedy(), Remedy::DropSource);
    assert_eq!(asked(&providers), [format!("HEAD {CITY}.tar.gz"), format!("HEAD {CITY}.tar.gz")]);
}

#[tokio::test]
async fn a_limit_is_met_once_and_other_failures_are_not_shared() {
    let providers = Providers::start().await;
    let (folder, options) = (folder(), known(&providers));
    let limit = Behaviour::Status { status: 429, headers: Vec::new(), body: String::new() };
    providers.behave(Provider::MaxMind, limit);
    let all = update(folder.path(), &Edition::defaults(), &options).await;
    let too_often = "the service was asked too often";
    assert_eq!(changes(&all), [format!("{CITY}: {too_often}"), format!("{ASN}: {too_often}")]);
    assert_eq!(providers.count(Provider::MaxMind), 1);
    let once = vec![Behaviour::Reset, Behaviour::Normal];
    providers.behave(Provider::MaxMind, Behaviour::InTurn(once));
    let all = update(folder.path(), &Edition::defaults(), &options).await;
    let new = format!("{ASN}: new {:?}", time(PUBLISHED));
    assert_eq!(changes(&all), [format!("{CITY}: the service cannot be reached"), new]);
}

/// What happens when the HEAD, the checksum and the archive are answered so.
async fn check(answers: [Behaviour; 3], expected: &str, remedy: Remedy) {
    let providers = Providers::start().await;
    providers.behave(Provider::MaxMind, Behaviour::InTurn(answers.to_vec()));
    let is_silent = answers.iter().any(|answer| matches!(answer, Behaviour::Silent));
    let timeout = Duration::from_millis(if is_silent { 1_000 } else { 10_000 });
    let options = UpdateOptions { timeout, ..known(&providers) };
    let error = failure(folder().path(), &options).await;
    let said = error.to_string();
    assert!(said.starts_with(expected), "{answers:?}: {said}");
    assert_eq!(error.remedy(), remedy, "{answers:?}");
}

#[tokio::test]
async fn half_an_answer_is_asked_for_again() {
    let (ok, cut) = (|| Behaviour::Normal, || Behaviour::Truncated);
    let half = "failed to read the answer";
    check([ok(), cut(), ok()], half, Remedy::TryAgain).await;
    check([ok(), ok(), cut()], half, Remedy::TryAgain).await;
    let unreachable = "the service cannot be reached";
    for at in 0..3 {
        for failing in [Behaviour::Reset, Behaviour::Silent] {
            let mut answers = [ok(), ok(), ok()];
            answers[at] = failing;
            check(answers, unreachable, Remedy::TryAgain).await;
        }
    }
}

#[tokio::test]
async fn what_is_too_long_or_a_page_is_refused() {
    let (ok, long) = (|| Behaviour::Normal, || Behaviour::Oversized(2 * 1024 * 1024));
    let skip = Remedy::SkipItem;
    check([ok(), long(), ok()], "the answer is longer than 1024 bytes", skip).await;
    check([ok(), ok(), long()], "the archive has more than 1048576 bytes", skip).await;
    let page = || Behaviour::Body {
        content_type: "text/html".to_owned(),
        body: b"<!DOCTYPE html><title>Sign in</title>".to_vec(),
    };
    let no_sum = "what the service sent as a checksum is not a SHA-256";
    check([page(), page(), page()], no_sum, skip).await;
    check([page(), ok(), page()], "the SHA-256 of the archive is ", Remedy::TryAgain).await;
}

#[tokio::test]
async fn what_the_service_says_decides_what_to_do() {
    let ok = || Behaviour::Normal;
    let says = |status, wait: Option<&str>| Behaviour::Status {
        status,
        headers: wait.map(|wait| ("retry-after".to_owned(), wait.to_owned())).into_iter().collect(),
        body: String::new(),
    };
    let (often, down) = ("the service was asked too often", "the service is not available (503");
    let wait = |seconds| Remedy::Wait(Duration::from_secs(seconds));
    for (status, after, expected, remedy) in [
        (429, None, often, wait(86_400)),
        (429, Some("3600"), often, wait(3_600)),
        (503, Some("60"), down, wait(60)),
        (503, None, down, Remedy::TryAgain),
        (403, None, "the service refuses to answer (403", Remedy::DropSource),
        (404, None, "the service answered with 404", Remedy::SkipItem),
    ] {
        check([says(status, after), ok(), ok()], expected, remedy).await;
        check([ok(), says(status, after), ok()], expected, remedy).await;
        check([ok(), ok(), says(status, after)], expected, remedy).await;
    }
}

#[tokio::test]
async fn a_wrong_checksum_is_not_believed() {
    let providers = Providers::start().await;
    let line = format!("{}  GeoLite2-City_20260428.tar.gz\n", "0".repeat(64));
    providers.answer(Provider::MaxMind, "GeoLite2-City.tar.gz.sha256", Canned::text(line));
    let error = failure(folder().path(), &known(&providers)).await;
    assert!(error.to_string().ends_with(&"0".repeat(64)), "{error}");
    assert_eq!(error.remedy(), Remedy::TryAgain);
}

#[tokio::test]
async fn an_edition_that_does_not_exist_leaves_the_others_alone() {
    let providers = Providers::start().await;
    let editions = ["GeoLite2-Nothing".parse().unwrap(), ASN.parse().unwrap()];
    let all = update(folder().path(), &editions, &known(&providers)).await;
    let missing = "GeoLite2-Nothing: the service answered with 404 Not Found".to_owned();
    assert_eq!(changes(&all), [missing, format!("{ASN}: new {:?}", time(PUBLISHED))]);
}

#[tokio::test]
async fn a_base_that_is_no_url_is_a_failure_of_every_edition() {
    let all = update(folder().path(), &Edition::defaults(), &options("download.maxmind.com")).await;
    let bad = "`download.maxmind.com` is not a URL that begins with `https://` or `http://`";
    assert_eq!(changes(&all), [format!("{CITY}: {bad}"), format!("{ASN}: {bad}")]);
}

//! What a server may send: good databases, damaged ones, and no databases at all.

use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cowrie_client_maxmind::{MaxMind, MaxMindOptions};
use cowrie_enrichment::{OfflineSource as _, Remedy, SourceState};
use cowrie_maxmind_update::{Change, Edition, UpdateError, UpdateOptions, update};

use crate::support::{
    CITY_PLACE, OLD_PLACE, Offer, PUBLISHED, archive, city, database, failure, folder, options,
    serve, time, tree, update_city,
};

#[tokio::test]
async fn a_new_build_lies_beside_the_old_one_and_is_found() {
    let offer = Offer::of(&city());
    let server = serve(move |method, target| offer.answer(method, target)).await;
    let folder = folder();
    let old = tree(folder.path());
    let change = update_city(folder.path(), &options(&server.base)).await;
    let bytes = u64::try_from(city().len()).unwrap();
    let Change::Replaced { vintage, bytes: found, not_removed: None } = change else {
        panic!("{change:?}")
    };
    assert_eq!((vintage, found), (time(PUBLISHED), bytes));
    assert_eq!(server.asked(), ["HEAD tar.gz", "GET tar.gz.sha256", "GET tar.gz"]);
    let mut expected = old;
    expected.insert("GeoLite2-City_20260204".to_owned(), None);
    expected.insert(CITY_PLACE.to_owned(), Some(city()));
    assert!(tree(folder.path()) == expected);
    let mode = fs::metadata(folder.path().join(CITY_PLACE)).unwrap().permissions().mode();
    let plain = fs::File::create(folder.path().join("plain")).unwrap();
    assert_eq!(mode, plain.metadata().unwrap().permissions().mode());
    check_client(folder.path());
}

/// The client must find both builds.
#[track_caller]
fn check_client(folder: &Path) {
    let source = MaxMind::open_dir(folder, MaxMindOptions { keep_open: NonZeroUsize::MIN });
    let states: Vec<_> = source.status().into_iter().map(|status| status.state).collect();
    let ok = |built: &str| SourceState::Ok { vintage: Some(time(built)) };
    assert_eq!(states, [ok("2026-01-27T08:00:00Z"), ok(PUBLISHED)]);
}

#[tokio::test]
async fn an_unchanged_build_is_not_downloaded_again() {
    let offer = Offer::of(&city());
    let server = serve(move |method, target| offer.answer(method, target)).await;
    let folder = folder();
    let options = options(&server.base);
    update_city(folder.path(), &options).await;
    let (before, n_before) = (tree(folder.path()), server.seen().len());
    let change = update_city(folder.path(), &options).await;
    assert!(
        matches!(change, Change::Unchanged { vintage } if vintage == time(PUBLISHED)),
        "{change:?}"
    );
    assert_eq!(server.asked()[n_before..], ["HEAD tar.gz"]);
    assert!(tree(folder.path()) == before);
}

#[tokio::test]
async fn a_build_announced_on_the_day_after_is_known_by_its_time() {
    let offer = Offer { day: "20260205", ..Offer::of(&city()) };
    let later = Offer { modified: "Thu, 05 Feb 2026 09:00:00 GMT", ..offer.clone() };
    let server = serve(move |method, target| offer.answer(method, target)).await;
    let folder = folder();
    let change = update_city(folder.path(), &options(&server.base)).await;
    assert!(matches!(change, Change::Replaced { .. }), "{change:?}");
    assert!(folder.path().join(CITY_PLACE).exists());
    let change = update_city(folder.path(), &options(&server.base)).await;
    assert!(matches!(change, Change::Unchanged { .. }), "{change:?}");
    // Another file of that day is another file.
    let server = serve(move |method, target| later.answer(method, target)).await;
    let change = update_city(folder.path(), &options(&server.base)).await;
    assert!(matches!(change, Change::Replaced { .. }), "{change:?}");
}

#[tokio::test]
async fn a_damaged_build_of_the_same_day_is_mended() {
    let offer = Offer::of(&city());
    let server = serve(move |method, target| offer.answer(method, target)).await;
    let folder = folder();
    let place = folder.path().join(CITY_PLACE);
    fs::create_dir(place.parent().unwrap()).unwrap();
    fs::write(&place, "torn").unwrap();
    let change = update_city(folder.path(), &options(&server.base)).await;
    assert!(matches!(change, Change::Replaced { .. }), "{change:?}");
    assert!(fs::read(&place).unwrap() == city());
}

#[tokio::test]
async fn old_builds_go_when_they_are_too_many() {
    let offer = Offer::of(&city());
    let server = serve(move |method, target| offer.answer(method, target)).await;
    let folder = folder();
    let options = UpdateOptions { keep: Some(0), ..options(&server.base) };
    let change = update_city(folder.path(), &options).await;
    assert!(matches!(change, Change::Replaced { not_removed: None, .. }), "{change:?}");
    let left: Vec<_> = tree(folder.path()).into_keys().collect();
    assert_eq!(left, ["GeoLite2-City_20260204", CITY_PLACE]);
}

#[tokio::test]
async fn a_missing_folder_is_made() {
    let offer = Offer::of(&city());
    let server = serve(move |method, target| offer.answer(method, target)).await;
    let folder = folder();
    let new = folder.path().join("new/maxmind");
    let change = update_city(&new, &options(&server.base)).await;
    assert!(matches!(change, Change::Replaced { .. }), "{change:?}");
    assert!(new.join(CITY_PLACE).exists());
}

/// An offer that must fail with these words.
async fn check(offer: Offer, expected: &str, remedy: Remedy) {
    let server = serve(move |method, target| offer.answer(method, target)).await;
    let error = failure(folder().path(), &options(&server.base)).await;
    assert_eq!((error.to_string().as_str(), error.remedy()), (expected, remedy), "{error:?}");
}

#[tokio::test]
async fn what_is_not_what_the_checksum_says_is_refused() {
    let zeros = "0".repeat(64);
    let offer = Offer { checksum: zeros.clone(), ..Offer::of(&city()) };
    let expected = format!("the SHA-256 of the archive is {} instead of {zeros}", {
        Offer::of(&city()).checksum
    });
    check(offer, &expected, Remedy::TryAgain).await;
    let offer = Offer { checksum: "<html>".to_owned(), ..Offer::of(&city()) };
    let expected = "what the service sent as a checksum is not a SHA-256";
    check(offer, expected, Remedy::SkipItem).await;
    let offer = Offer { checksum: "0".repeat(2_000), ..Offer::of(&city()) };
    check(offer, "the answer is longer than 1024 bytes", Remedy::SkipItem).await;
}

#[tokio::test]
async fn an_archive_with_the_right_checksum_may_be_damaged() {
    let skip = Remedy::SkipItem;
    let whole = Offer::of(&city()).archive;
    let half = whole[..whole.len() / 2].to_vec();
    check(Offer::with_archive(half), "the archive is damaged", skip).await;
    check(Offer::with_archive(Vec::new()), "the archive is damaged", skip).await;
    let page = b"<!DOCTYPE html><title>Sign in</title>".to_vec();
    check(Offer::with_archive(page), "the archive is damaged", skip).await;
    let out = archive(&[("../GeoLite2-City.mmdb", &city())]);
    let expected = "the archive holds a name that leads out of its folder";
    check(Offer::with_archive(out), expected, skip).await;
    let two = archive(&[(CITY_PLACE, &city()), (OLD_PLACE, &city())]);
    check(Offer::with_archive(two), "the archive holds more than one database", skip).await;
    let none = archive(&[("GeoLite2-City_20260204/LICENSE.txt", b"words")]);
    check(Offer::with_archive(none), "the archive holds no database", skip).await;
}

#[tokio::test]
async fn a_whole_archive_may_hold_a_damaged_database() {
    let skip = Remedy::SkipItem;
    let cut = city()[..10_000].to_vec();
    check(Offer::of(&cut), "the database is damaged", skip).await;
    check(Offer::of(b""), "the database is damaged", skip).await;
    // Its metadata are whole, and so is every record but some.
    let broken = database("GeoIP2-City-Test-Broken-Double-Format.mmdb", PUBLISHED);
    let name = "GeoIP2-City_20260204/GeoIP2-City.mmdb";
    let offer = Offer::with_archive(archive(&[(name, &broken)]));
    let offer = Offer { edition: "GeoIP2-City", ..offer };
    let server = serve(move |method, target| offer.answer(method, target)).await;
    let folder = folder();
    let before = tree(folder.path());
    let editions: [Edition; 1] = ["GeoIP2-City".parse().unwrap()];
    let all = update(folder.path(), &editions, &options(&server.base)).await;
    assert!(matches!(all[0].change, Change::Failed(UpdateError::Database(_))), "{all:?}");
    assert!(tree(folder.path()) == before);
}

#[tokio::test]
async fn a_whole_database_may_be_the_wrong_one() {
    let skip = Remedy::SkipItem;
    let asn = database("GeoLite2-ASN-Test.mmdb", PUBLISHED);
    check(Offer::of(&asn), "the database is of the type `GeoLite2-ASN`", skip).await;
    let future = database("GeoLite2-City-Test.mmdb", "2026-02-11T12:00:01Z");
    let expected = "the database claims to be built 1770811201 seconds after 1970";
    check(Offer::of(&future), expected, skip).await;
    let old = database("GeoLite2-City-Test.mmdb", "1999-12-31T23:59:59Z");
    let expected = "the database claims to be built 946684799 seconds after 1970";
    check(Offer::of(&old), expected, skip).await;
}

#[tokio::test]
async fn nothing_is_longer_than_allowed() {
    let offer = Offer::of(&city());
    let n_archive = u64::try_from(offer.archive.len()).unwrap();
    let n_database = u64::try_from(city().len()).unwrap();
    let server = serve(move |method, target| offer.answer(method, target)).await;
    let exact = UpdateOptions {
        max_archive_bytes: n_archive,
        max_database_bytes: n_database,
        ..options(&server.base)
    };
    let short = UpdateOptions { max_archive_bytes: n_archive - 1, ..exact.clone() };
    let error = failure(folder().path(), &short).await;
    assert_eq!(error.to_string(), format!("the archive has more than {} bytes", n_archive - 1));
    let short = UpdateOptions { max_database_bytes: n_database - 1, ..exact.clone() };
    let error = failure(folder().path(), &short).await;
    assert_eq!(error.to_string(), format!("the database has more than {} bytes", n_database - 1));
    assert_eq!(error.remedy(), Remedy::SkipItem);
    let change = update_city(folder().path(), &exact).await;
    assert!(matches!(change, Change::Replaced { .. }), "{change:?}");
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_on_costs_no_download() {
    let offer = Offer::of(&city());
    let server = serve(move |method, target| offer.answer(method, target)).await;
    let folder = folder();
    fs::write(folder.path().join("file"), "").unwrap();
    let inside_a_file = folder.path().join("file/maxmind");
    let change = update_city(&inside_a_file, &options(&server.base)).await;
    let Change::Failed(error) = change else { panic!("{change:?}") };
    assert!(matches!(error, UpdateError::Disk { .. }), "{error}");
    assert_eq!(error.remedy(), Remedy::DropSource);
    assert_eq!(server.asked(), ["HEAD tar.gz"]);
}

#[tokio::test]
async fn a_place_that_is_taken_is_a_failure_of_the_disk() {
    let offer = Offer::of(&city());
    let server = serve(move |method, target| offer.answer(method, target)).await;
    let options = options(&server.base);
    let taken = folder();
    fs::write(taken.path().join("GeoLite2-City_20260204"), "a file").unwrap();
    let error = failure(taken.path(), &options).await;
    assert!(matches!(error, UpdateError::Disk { doing: "write", .. }), "{error}");
    let taken = folder();
    fs::create_dir_all(taken.path().join(CITY_PLACE)).unwrap();
    let error = failure(taken.path(), &options).await;
    assert!(matches!(error, UpdateError::Disk { doing: "write", .. }), "{error}");
}

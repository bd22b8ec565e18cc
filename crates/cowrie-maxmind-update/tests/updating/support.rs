//! Archives, a server for them, and folders to compare.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_DISPOSITION, LAST_MODIFIED};
use axum::http::{Method, Response};
use chrono::{DateTime, Utc};
use cowrie_maxmind_update::{Change, Edition, UpdateError, UpdateOptions, update};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(crate) const CITY: &str = "GeoLite2-City";
pub(crate) const ASN: &str = "GeoLite2-ASN";

/// The build time of the test databases as they were published.
pub(crate) const PUBLISHED: &str = "2026-02-04T22:49:29Z";

/// Where a database of that build time goes.
pub(crate) const CITY_PLACE: &str = "GeoLite2-City_20260204/GeoLite2-City.mmdb";

/// An older build, which lies in every folder from the start.
pub(crate) const OLD_PLACE: &str = "GeoLite2-City_20260127/GeoLite2-City.mmdb";

/// A test database with the build time that it shall claim.
pub(crate) fn database(name: &str, built: &str) -> Vec<u8> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cowrie-client-maxmind/tests/data");
    let mut bytes = fs::read(data.join(name)).unwrap();
    let key = b"Kbuild_epoch\x04\x02";
    let at = bytes.windows(key.len()).rposition(|window| window == key).unwrap() + key.len();
    let seconds = u32::try_from(time(built).timestamp()).unwrap();
    bytes[at..at + 4].copy_from_slice(&seconds.to_be_bytes());
    bytes
}

/// The City database as it was published.
pub(crate) fn city() -> Vec<u8> {
    database("GeoLite2-City-Test.mmdb", PUBLISHED)
}

pub(crate) fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A `tar.gz` with these names, taken as they are.
pub(crate) fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut archive = tar::Builder::new(encoder);
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len().try_into().unwrap());
        header.set_cksum();
        archive.append(&header, *content).unwrap();
    }
    let mut encoder = archive.into_inner().unwrap();
    encoder.flush().unwrap();
    encoder.finish().unwrap()
}

/// What a server has of an edition.
#[derive(Clone)]
pub(crate) struct Offer {
    pub(crate) edition: &'static str,
    pub(crate) day: &'static str,
    pub(crate) modified: &'static str,
    pub(crate) archive: Vec<u8>,
    pub(crate) checksum: String,
}

impl Offer {
    /// A City database in an archive as MaxMind makes it.
    pub(crate) fn of(city: &[u8]) -> Self {
        let licence = ("GeoLite2-City_20260204/LICENSE.txt", &b"words"[..]);
        Self::with_archive(archive(&[licence, (CITY_PLACE, city)]))
    }

    /// Any archive, with its checksum.
    pub(crate) fn with_archive(archive: Vec<u8>) -> Self {
        let checksum = cowrie_core::hex(&Sha256::digest(&archive));
        let modified = "Wed, 04 Feb 2026 23:10:00 GMT";
        Self { edition: CITY, day: "20260204", modified, archive, checksum }
    }

    /// What the service says of it to HEAD and GET.
    pub(crate) fn answer(&self, method: &Method, target: &str) -> Response<Body> {
        let path = format!("/geoip/databases/{}/download?suffix=", self.edition);
        let name = format!("{}_{}.tar.gz", self.edition, self.day);
        let body = match target.strip_prefix(&path) {
            Some("tar.gz") => self.archive.clone(),
            Some("tar.gz.sha256") => format!("{}  {name}\n", self.checksum).into_bytes(),
            _ => return status(404),
        };
        assert!(matches!(*method, Method::GET | Method::HEAD), "{method}");
        let response = Response::builder()
            .header(CONTENT_DISPOSITION, format!("attachment; filename={name}"))
            .header(LAST_MODIFIED, self.modified);
        response.body(body.into()).unwrap()
    }
}

pub(crate) fn status(status: u16) -> Response<Body> {
    Response::builder().status(status).body(Body::empty()).unwrap()
}

/// A request, as a server saw it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) has_key: bool,
}

/// Serves until it is dropped.
pub(crate) struct Server {
    pub(crate) base: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    _serving: JoinSet<()>,
}

impl Server {
    /// Every request until now.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The method and the suffix of every request until now.
    pub(crate) fn asked(&self) -> Vec<String> {
        let said = |seen: &Seen| {
            let suffix = seen.target.split_once("suffix=").map_or("", |(_, suffix)| suffix);
            format!("{} {suffix}", seen.method)
        };
        self.seen().iter().map(said).collect()
    }
}

/// A server that answers a method and a target.
pub(crate) async fn serve(
    answer: impl Fn(&Method, &str) -> Response<Body> + Clone + Send + Sync + 'static,
) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let noted = Arc::clone(&seen);
    let app = Router::new().fallback(move |request: Request| {
        let method = request.method().clone();
        let target = request.uri().path_and_query().unwrap().to_string();
        let response = answer(&method, &target);
        let has_key = request.headers().contains_key(AUTHORIZATION);
        noted.lock().unwrap().push(Seen { method, target, has_key });
        async move { response }
    });
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
    Server { base, seen, _serving: serving }
}

pub(crate) fn options(base_url: &str) -> UpdateOptions {
    UpdateOptions {
        base_url: base_url.to_owned(),
        account: "123456".to_owned(),
        license_key: "key-for-tests".into(), // pragma: allowlist secret
        timeout: Duration::from_secs(10),
        keep: None,
        max_archive_bytes: 1024 * 1024,
        max_database_bytes: 256 * 1024,
        now: time("2026-02-10T12:00:00Z"),
    }
}

/// A folder with an older build in it.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join(OLD_PLACE);
    fs::create_dir(old.parent().unwrap()).unwrap();
    fs::write(old, database("GeoLite2-City-Test.mmdb", "2026-01-27T08:00:00Z")).unwrap();
    folder
}

/// Everything in a folder: each path, and the content of each file.
pub(crate) fn tree(folder: &Path) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(place) = folders.pop() {
        for entry in fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if path.is_dir() {
                found.insert(name, None);
                folders.push(path);
            } else {
                found.insert(name, Some(fs::read(&path).unwrap()));
            }
        }
    }
    found
}

/// What became of the City database.
pub(crate) async fn update_city(folder: &Path, options: &UpdateOptions) -> Change {
    let editions: [Edition; 1] = [CITY.parse().unwrap()];
    let mut all = update(folder, &editions, options).await;
    assert_eq!(all.len(), 1);
    all.pop().unwrap().change
}

/// Why the City database was not replaced; the folder must be as it was.
pub(crate) async fn failure(folder: &Path, options: &UpdateOptions) -> UpdateError {
    let before = tree(folder);
    let change = update_city(folder, options).await;
    let Change::Failed(error) = change else { panic!("{change:?}") };
    assert!(tree(folder) == before, "{error}: {:?}", tree(folder).keys());
    error
}

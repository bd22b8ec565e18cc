//! Fetches lists, and puts each into the place of the old one when it is whole.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use cowrie_core::{Clock, one_line};
use reqwest::Client;
use tokio::task::JoinError;

use crate::fetch::{FetchError, Fetched, fetch};
use crate::folder;
use crate::formats::{self, Damage};
use crate::kept::{self, About, MAX_BYTES};
use crate::list::{List, ListSource};

/// How lists are fetched. The caller fills every field.
#[derive(Clone, Copy, Debug)]
pub struct UpdateOptions {
    /// How long a whole list is waited for.
    pub timeout: Duration,
    /// Bytes that a list may have; more than 32 MiB are never taken. The longest known, Azure's,
    /// has about 5 MiB.
    pub max_bytes: usize,
}

/// What became of one list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Updated {
    /// The name of the list.
    pub name: String,
    /// Of when the list is that is now in the folder; `None` when there is none.
    pub date: Option<DateTime<Utc>>,
    /// What was done.
    pub result: UpdateResult,
}

/// What was done about a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum UpdateResult {
    /// A new one is in the folder.
    Replaced {
        /// Its networks.
        entries: usize,
    },
    /// The one in the folder is what is published.
    Unchanged,
    /// The one in the folder, if there is one, stays.
    Failed {
        /// Why, in one line.
        reason: String,
    },
}

/// Fetches the lists one after the other into the folder, which is made when it is missing.
///
/// A list is asked for only if it has changed since it was last fetched from the same URL. What
/// comes is read before it takes the place of the old one, in one step: whenever the program is
/// killed, the folder has the old list or the new one. Two programs may do this at once.
///
/// Never fails as a whole. [`ListSet::open`](crate::ListSet::open) then reads the lists anew.
pub async fn update(
    folder: &Path,
    sources: &[ListSource],
    options: UpdateOptions,
    clock: &dyn Clock,
) -> Vec<Updated> {
    let prepared = prepare(folder, options, clock.now()).await;
    let mut all = Vec::with_capacity(sources.len());
    for source in sources {
        let before = read(folder, &source.list, clock.now()).await;
        let date = before.as_ref().map(|before| before.date);
        let done = match &prepared {
            Ok(client) => refresh(client, folder, source, before, options, clock).await,
            Err(reason) => Err(reason.clone()),
        };
        let (date, result) = match done {
            Ok((date, result)) => (Some(date), result),
            Err(reason) => (date, UpdateResult::Failed { reason }),
        };
        all.push(Updated { name: source.name().to_owned(), date, result });
    }
    all
}

/// What is known of the list in the folder, when it is whole.
#[derive(Debug)]
struct Before {
    date: DateTime<Utc>,
    about: Option<About>,
}

/// What came could not be taken.
#[derive(Debug, thiserror::Error)]
enum UpdateError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("what came is not the list")]
    Damaged(#[from] Damage),
    #[error("failed to write it")]
    Write(#[from] std::io::Error),
    #[error("the work was broken off")]
    BrokenOff(#[from] JoinError),
}

/// Makes the folder and the client, and removes what a killed program has left.
async fn prepare(
    folder: &Path,
    options: UpdateOptions,
    now: DateTime<Utc>,
) -> Result<Client, String> {
    let folder = folder.to_owned();
    let made = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&folder)?;
        folder::remove_unfinished(&folder, now)
    });
    let made = made.await.map_err(UpdateError::from);
    made.and_then(|made| made.map_err(UpdateError::from)).map_err(|error| one_line(&error))?;
    let client = cowrie_http::client(&cowrie_http::Options::new(options.timeout));
    client.map_err(|error| one_line(&error))
}

async fn read(folder: &Path, list: &List, now: DateTime<Utc>) -> Option<Before> {
    let (folder, list) = (folder.to_owned(), list.clone());
    let kept = tokio::task::spawn_blocking(move || {
        let kept = kept::read(&folder, &list, now).ok()?;
        Some(Before { date: kept.date, about: kept.about })
    });
    kept.await.ok().flatten()
}

async fn refresh(
    client: &Client,
    folder: &Path,
    source: &ListSource,
    before: Option<Before>,
    options: UpdateOptions,
    clock: &dyn Clock,
) -> Result<(DateTime<Utc>, UpdateResult), String> {
    let url_sha256 = kept::digest(source.url.as_str().as_bytes());
    let is_of_url = |about: &&About| about.url_sha256 == url_sha256;
    let known = before.as_ref().and_then(|before| before.about.as_ref()).filter(is_of_url);
    let max_bytes = options.max_bytes.min(usize::try_from(MAX_BYTES).unwrap_or(usize::MAX));
    let fetched = fetch(client, &source.url, known, max_bytes).await;
    let fetched = fetched.map_err(|error| one_line(&error))?;
    let now = clock.now();
    let (folder, list) = (folder.to_owned(), source.list.clone());
    let stored = tokio::task::spawn_blocking(move || {
        store(&folder, &list, url_sha256, before, fetched, now)
    });
    let stored = stored.await.map_err(UpdateError::from).flatten();
    stored.map_err(|error| one_line(&error))
}

/// Takes what the server said into the folder.
fn store(
    folder: &Path,
    list: &List,
    url_sha256: String,
    before: Option<Before>,
    fetched: Fetched,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, UpdateResult), UpdateError> {
    let date_before = before.as_ref().map(|before| before.date);
    let about_before = before.and_then(|before| before.about);
    let (bytes, etag, last_modified) = match fetched {
        Fetched::Changed { bytes, etag, last_modified } => (bytes, etag, last_modified),
        Fetched::Unchanged => {
            if let Some(about) = about_before {
                kept::write_about(folder, list, &About { checked_at: now, ..about })?;
            }
            return Ok((date_before.unwrap_or(now), UpdateResult::Unchanged));
        }
    };
    let parsed = formats::parse(list.format, &bytes)?;
    let sha256 = kept::digest(&bytes);
    // A server that knows no conditions sends the same again.
    let same = about_before.filter(|about| about.sha256 == sha256);
    let fetched_at = same.as_ref().map_or(now, |about| about.fetched_at);
    let about = About { url_sha256, etag, last_modified, fetched_at, checked_at: now, sha256 };
    let date = kept::date(&parsed, Some(&about), now).unwrap_or(now);
    if same.is_some() {
        kept::write_about(folder, list, &about)?;
        return Ok((date, UpdateResult::Unchanged));
    }
    kept::replace(folder, list, &bytes, &about)?;
    Ok((date, UpdateResult::Replaced { entries: parsed.networks.len() }))
}

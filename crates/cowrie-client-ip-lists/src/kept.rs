//! A list as it is kept: its file, and beside it a small one that says whence it came.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use cowrie_core::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::folder;
use crate::formats::{self, Damage, Parsed};
use crate::list::List;

/// What is added to the name of a list's file for what is known about it.
pub(crate) const ABOUT: &str = ".about.json";

/// Bytes that a list may have. The longest known, Azure's, has a sixth of it.
pub(crate) const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// Bytes that the small file may have.
const MAX_ABOUT_BYTES: u64 = 64 * 1024;

/// A whole list.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) parsed: Parsed,
    /// Of when it is: what it says itself, else the server, else when it was fetched or written.
    pub(crate) date: DateTime<Utc>,
    /// When it was last known to be what is published.
    pub(crate) checked_at: DateTime<Utc>,
    /// Whence it came; `None` when somebody put it there, or changed it.
    pub(crate) about: Option<About>,
}

/// Whence a list came, as the small file has it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct About {
    /// The hash of the URL from which it was fetched, which itself may be nobody's business.
    pub(crate) url_sha256: String,
    /// What the server called this version, to ask for another one only.
    pub(crate) etag: Option<String>,
    /// When the server says that it was changed.
    pub(crate) last_modified: Option<String>,
    /// When it was fetched.
    pub(crate) fetched_at: DateTime<Utc>,
    /// When the server last said that it is unchanged.
    pub(crate) checked_at: DateTime<Utc>,
    /// Which bytes all of this is about.
    pub(crate) sha256: String,
}

/// There is no whole list.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeptError {
    #[error("there is no such file")]
    Missing,
    #[error("it is no file")]
    NotAFile,
    #[error("it has more than {} bytes", MAX_BYTES)]
    TooLong,
    #[error("failed to read it")]
    Read(#[source] io::Error),
    #[error(transparent)]
    Damaged(#[from] Damage),
}

/// Reads the list from the folder.
pub(crate) fn read(folder: &Path, list: &List, now: DateTime<Utc>) -> Result<Kept, KeptError> {
    let path = folder.join(&list.file_name);
    let metadata = fs::metadata(&path).map_err(missing_or_unread)?;
    // A pipe would never end.
    if !metadata.is_file() {
        return Err(KeptError::NotAFile);
    }
    let bytes = read_bounded(&path, MAX_BYTES).map_err(missing_or_unread)?;
    let bytes = bytes.ok_or(KeptError::TooLong)?;
    let parsed = formats::parse(list.format, &bytes)?;
    let about = read_about(folder, list).filter(|about| about.sha256 == digest(&bytes));
    let written_at = whole_micros(metadata.modified().map_or(now, DateTime::<Utc>::from));
    let date = date(&parsed, about.as_ref(), now).unwrap_or(written_at);
    let checked_at = about.as_ref().map_or(written_at, |about| about.checked_at);
    Ok(Kept { parsed, date, checked_at, about })
}

/// Of when the list is, where anybody says so. A time that is yet to come is not believed.
pub(crate) fn date(
    parsed: &Parsed,
    about: Option<&About>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let server = about.and_then(|about| about.last_modified.as_deref());
    let server = server.and_then(|text| DateTime::parse_from_rfc2822(text).ok());
    let said =
        [parsed.published, server.map(|time| time.to_utc()), about.map(|about| about.fetched_at)];
    said.into_iter().flatten().find(|time| *time <= now).map(whole_micros)
}

/// A time as documents keep it; a file's own is finer, and would never be found again.
fn whole_micros(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

/// Puts a list into the place of the one that is there.
///
/// The list goes first: a small file that speaks of other bytes is as good as none, and the next
/// question is asked without a condition.
pub(crate) fn replace(
    folder: &Path,
    list: &List,
    bytes: &[u8],
    about: &About,
) -> Result<(), io::Error> {
    folder::write(folder, &list.file_name, bytes)?;
    write_about(folder, list, about)
}

pub(crate) fn write_about(folder: &Path, list: &List, about: &About) -> Result<(), io::Error> {
    let json = serde_json::to_vec_pretty(about)?;
    folder::write(folder, &format!("{}{ABOUT}", list.file_name), &json)
}

/// Which bytes they are.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// What cannot be read is as good as none: it only saves a transfer.
fn read_about(folder: &Path, list: &List) -> Option<About> {
    let path = folder.join(format!("{}{ABOUT}", list.file_name));
    let is_file = fs::metadata(&path).is_ok_and(|metadata| metadata.is_file());
    let bytes = is_file.then(|| read_bounded(&path, MAX_ABOUT_BYTES).ok()).flatten().flatten()?;
    serde_json::from_slice(&bytes).ok()
}

/// The bytes of a file; `None` when there are more than `max`.
fn read_bounded(path: &Path, max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let n_bytes = File::open(path)?.take(max + 1).read_to_end(&mut bytes)?;
    Ok(u64::try_from(n_bytes).is_ok_and(|n_bytes| n_bytes <= max).then_some(bytes))
}

fn missing_or_unread(error: io::Error) -> KeptError {
    match error.kind() {
        io::ErrorKind::NotFound => KeptError::Missing,
        _ => KeptError::Read(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn about(bytes: &[u8]) -> About {
        About {
            url_sha256: digest(b"https://a.example/list"),
            etag: Some("\"1\"".to_owned()),
            last_modified: Some("Wed, 01 May 2024 17:00:00 GMT".to_owned()),
            fetched_at: time("2024-05-02T00:00:00Z"),
            checked_at: time("2024-05-03T00:00:00Z"),
            sha256: digest(bytes),
        }
    }

    #[test]
    fn the_small_file_counts_only_for_the_bytes_it_speaks_of() {
        let folder = tempfile::tempdir().unwrap();
        let list = List::of("tor.txt").unwrap();
        let now = time("2100-01-01T00:00:00Z");
        replace(folder.path(), &list, b"192.0.2.1\n", &about(b"192.0.2.1\n")).unwrap();
        let kept = read(folder.path(), &list, now).unwrap();
        assert_eq!(kept.about, Some(about(b"192.0.2.1\n")));
        assert_eq!(kept.date, time("2024-05-01T17:00:00Z"));
        assert_eq!(kept.checked_at, time("2024-05-03T00:00:00Z"));
        // As after a kill between the two renamings, or after an edit.
        fs::write(folder.path().join("tor.txt"), b"192.0.2.2\n").unwrap();
        let kept = read(folder.path(), &list, now).unwrap();
        assert_eq!(kept.about, None);
        assert!(kept.date > time("2026-01-01T00:00:00Z"));
        assert_eq!(kept.date, kept.checked_at);
        let long = " ".repeat(70_000);
        for broken in ["{", "", "[]", &long] {
            fs::write(folder.path().join("tor.txt.about.json"), broken).unwrap();
            assert_eq!(read(folder.path(), &list, now).unwrap().about, None);
        }
    }

    #[test]
    fn the_date_is_that_of_the_list_then_of_the_server_then_of_the_fetching() {
        let parsed = |published: Option<&str>| Parsed {
            networks: Vec::new(),
            vendors: Vec::new(),
            published: published.map(time),
        };
        let found = |published, about: &About, now| {
            date(&parsed(published), Some(about), time(now)).map(|date| date.to_rfc3339())
        };
        let about = about(b"");
        let later = "2024-06-01T00:00:00Z";
        let own = Some("2024-04-30T00:00:00Z");
        assert_eq!(found(own, &about, later).unwrap(), "2024-04-30T00:00:00+00:00");
        assert_eq!(found(None, &about, later).unwrap(), "2024-05-01T17:00:00+00:00");
        let future = Some("2999-01-01T00:00:00Z");
        assert_eq!(found(future, &about, later).unwrap(), "2024-05-01T17:00:00+00:00");
        let silent = About { last_modified: Some("yesterday".to_owned()), ..about };
        assert_eq!(found(None, &silent, later).unwrap(), "2024-05-02T00:00:00+00:00");
        assert_eq!(found(None, &silent, "2024-01-01T00:00:00Z"), None);
    }

    #[test]
    fn what_is_no_whole_list_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let list = List::of("tor.txt").unwrap();
        let path = folder.path().join("tor.txt");
        let error = || read(folder.path(), &list, time("2100-01-01T00:00:00Z")).unwrap_err();
        assert!(matches!(error(), KeptError::Missing));
        fs::create_dir(&path).unwrap();
        assert!(matches!(error(), KeptError::NotAFile));
        fs::remove_dir(&path).unwrap();
        fs::write(&path, "<html>").unwrap();
        assert!(matches!(error(), KeptError::Damaged(Damage::Empty)));
        File::create(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert!(matches!(error(), KeptError::TooLong));
    }
}

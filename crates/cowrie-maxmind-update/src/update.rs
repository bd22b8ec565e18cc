//! Brings the databases of a folder up to date.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::task::spawn_blocking;

use crate::announced::Announced;
use crate::service::Service;
use crate::vintages::Vintages;
use crate::{Edition, UpdateError, archive, database};

/// Where MaxMind offers its databases.
pub const BASE_URL: &str = "https://download.maxmind.com";

/// A limit for archives that leaves room for every database of MaxMind: 1 GiB.
pub const MAX_ARCHIVE_BYTES: u64 = 1024 * 1024 * 1024;

/// A limit for databases that leaves room for every one of MaxMind: 2 GiB.
pub const MAX_DATABASE_BYTES: u64 = 2 * MAX_ARCHIVE_BYTES;

/// From where, as whom and within which limits. The caller fills every field.
#[derive(Clone, Debug)]
pub struct UpdateOptions {
    /// Usually [`BASE_URL`].
    pub base_url: String,
    /// The number of the account at MaxMind.
    pub account: String,
    /// A licence key of that account.
    pub license_key: SecretString,
    /// How long each answer is waited for, to its last byte.
    pub timeout: Duration,
    /// How many older builds of an edition stay when a new one comes; `None` for all.
    pub keep: Option<usize>,
    /// How long an archive may be, usually [`MAX_ARCHIVE_BYTES`].
    pub max_archive_bytes: u64,
    /// How long a database may be, usually [`MAX_DATABASE_BYTES`].
    pub max_database_bytes: u64,
    /// The time of the update: no database was built more than a day later.
    pub now: DateTime<Utc>,
}

/// What became of an edition.
#[derive(Debug)]
pub struct Updated {
    /// Which one.
    pub edition: Edition,
    /// What became of it.
    pub change: Change,
}

/// What changed in the folder.
#[derive(Debug)]
pub enum Change {
    /// A new build lies there.
    Replaced {
        /// When it was built.
        vintage: DateTime<Utc>,
        /// How long it is.
        bytes: u64,
        /// Why older builds could not be removed, where that failed.
        not_removed: Option<UpdateError>,
    },
    /// The build that the service has lies there already.
    Unchanged {
        /// When it was built.
        vintage: DateTime<Utc>,
    },
    /// Nothing: the folder is as it was.
    Failed(UpdateError),
}

/// Downloads what is new of these editions, checks it, and places it as
/// `{folder}/{edition}_{day of the build}/{edition}.mmdb`; one edition after the other.
///
/// After a wrong key or a used up limit the other editions are not asked for, and fail likewise.
pub async fn update(folder: &Path, editions: &[Edition], options: &UpdateOptions) -> Vec<Updated> {
    let mut all = Vec::with_capacity(editions.len());
    let mut refused: Option<UpdateError> = None;
    for edition in editions {
        let result = match refused.as_ref().and_then(UpdateError::for_the_next) {
            Some(error) => Err(error),
            None => update_one(folder, edition, options).await,
        };
        refused = result.as_ref().err().and_then(UpdateError::for_the_next);
        let change = result.unwrap_or_else(Change::Failed);
        all.push(Updated { edition: edition.clone(), change });
    }
    all
}

/// Asks which file of an edition the service has, which does not count as a download: whether it
/// takes the key.
///
/// # Errors
///
/// Whose remedy is [`Remedy::DropSource`](cowrie_enrichment::Remedy::DropSource) when the key is
/// refused; any other says nothing of the key.
pub async fn probe(edition: &Edition, options: &UpdateOptions) -> Result<(), UpdateError> {
    Service::new(options)?.announced(edition).await.map(drop)
}

async fn update_one(
    folder: &Path,
    edition: &Edition,
    options: &UpdateOptions,
) -> Result<Change, UpdateError> {
    let service = Service::new(options)?;
    let announced = service.announced(edition).await?;
    let vintages = Vintages { folder: folder.to_owned(), edition: edition.clone() };
    let (there, now) = (vintages.clone(), options.now);
    let found = spawn_blocking(move || match there.find(announced, now)? {
        Some(vintage) => Ok(Found::Here(vintage)),
        // Before anything is downloaded: a disk that cannot be written on costs no download.
        None => there.temporary().map(Found::Missing),
    });
    let temporary = match found.await?? {
        Found::Here(vintage) => return Ok(Change::Unchanged { vintage }),
        Found::Missing(temporary) => temporary,
    };
    let expected = service.checksum(edition).await?;
    let disk = UpdateError::disk("write a file in", folder);
    let (archive, found) = service.archive(edition, temporary, disk).await?;
    if found != expected {
        return Err(UpdateError::Checksum { expected, found });
    }
    let limits = Limits { max_bytes: options.max_database_bytes, keep: options.keep, now };
    spawn_blocking(move || install(archive, &vintages, announced, limits)).await?
}

/// Whether what the service announces is here, and if not, a file for it.
enum Found {
    Here(DateTime<Utc>),
    Missing(File),
}

/// What of the options is about files.
#[derive(Clone, Copy, Debug)]
struct Limits {
    max_bytes: u64,
    keep: Option<usize>,
    now: DateTime<Utc>,
}

/// Places the database of an archive, after every check.
fn install(
    archive: File,
    vintages: &Vintages,
    announced: Announced,
    limits: Limits,
) -> Result<Change, UpdateError> {
    let mut part = vintages.part()?;
    let bytes = archive::unpack(archive, &mut part, limits.max_bytes)?;
    let vintage = database::verified(part.path(), &vintages.edition, limits.now)?;
    vintages.place(part, vintage, announced)?;
    let pruned = limits.keep.map_or(Ok(()), |keep| vintages.prune(keep, vintage));
    Ok(Change::Replaced { vintage, bytes, not_removed: pruned.err() })
}

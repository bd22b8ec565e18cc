//! One database file: what its metadata say of it.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use cowrie_enrichment::{SourceState, SourceStatus};
use maxminddb::{MaxMindDbError, Metadata, Reader};

/// The latest build time that is believed: the last second of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// A file of the folder, open or not.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    pub(crate) path: PathBuf,
    pub(crate) content: Content,
    /// What failed first when the file was asked.
    problem: OnceLock<String>,
}

/// What the metadata of a file say.
#[derive(Debug)]
pub(crate) enum Content {
    /// A database that this crate reads.
    Usable { layout: Layout, vintage: DateTime<Utc> },
    /// A database of another type.
    NotUsed { database_type: String },
    /// Not a database, or not any more.
    Damaged { reason: String },
}

/// The layout of a file's records; where two lie equally near, the earlier one here is asked.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Layout {
    City,
    Country,
    Asn,
    Isp,
    /// `IPinfo`'s flat records, which hold country and AS.
    IpInfo,
}

/// What a file can be asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Place,
    Network,
}

/// A file that is in memory.
#[derive(Debug)]
pub(crate) struct OpenDatabase {
    pub(crate) reader: Reader<Vec<u8>>,
    pub(crate) layout: Layout,
    pub(crate) vintage: DateTime<Utc>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenDatabaseError {
    #[error("failed to open the database")]
    Open { source: MaxMindDbError },
    #[error("its build time, {epoch} seconds after 1970, is not a time")]
    BuildTime { epoch: u64 },
    #[error("it was replaced by a database of another type, `{}`", one_line(.database_type))]
    Replaced { database_type: String },
}

impl DatabaseFile {
    /// Reads the metadata of a file, and keeps nothing else of it in memory.
    pub(crate) fn inspect(path: PathBuf) -> Self {
        let content = match read(&path).and_then(|reader| content_of(reader.metadata())) {
            Ok(content) => content,
            Err(error) => Content::Damaged { reason: with_cause(&error) },
        };
        Self { path, content, problem: OnceLock::new() }
    }

    /// Layout and build time, when the file is in use.
    pub(crate) fn usable(&self) -> Option<(Layout, DateTime<Utc>)> {
        match self.content {
            Content::Usable { layout, vintage } => Some((layout, vintage)),
            Content::NotUsed { .. } | Content::Damaged { .. } => None,
        }
    }

    /// Keeps what went wrong, for the status; the first problem stays.
    pub(crate) fn note_problem(&self, reason: &str) {
        self.problem.get_or_init(|| reason.to_owned());
    }

    /// How the file is.
    pub(crate) fn status(&self) -> SourceStatus {
        let state = match (&self.content, self.problem.get()) {
            (Content::Damaged { reason }, _) | (Content::Usable { .. }, Some(reason)) => {
                SourceState::Problem { reason: reason.clone() }
            }
            (Content::Usable { vintage, .. }, None) => SourceState::Ok { vintage: Some(*vintage) },
            (Content::NotUsed { database_type }, _) => {
                SourceState::NotUsed { reason: format!("not used: {}", one_line(database_type)) }
            }
        };
        SourceStatus { name: self.path.display().to_string(), state }
    }
}

impl Layout {
    /// The layout of a database type, such as `GeoLite2-City`, `DBIP-ASN-Lite` or `ipinfo ...`.
    fn of_type(database_type: &str) -> Option<Self> {
        let has = |word| database_type.contains(word);
        match () {
            () if database_type.to_ascii_lowercase().starts_with("ipinfo") => Some(Self::IpInfo),
            () if has("City") => Some(Self::City),
            () if has("Country") => Some(Self::Country),
            () if has("ASN") => Some(Self::Asn),
            () if has("ISP") => Some(Self::Isp),
            () => None,
        }
    }

    /// Whether files of this layout can be asked for it.
    pub(crate) fn serves(self, role: Role) -> bool {
        match self {
            Self::City | Self::Country => role == Role::Place,
            Self::Asn | Self::Isp => role == Role::Network,
            Self::IpInfo => true,
        }
    }
}

/// Reads a file into memory, and its metadata anew, since it may have been replaced.
pub(crate) fn open(path: &Path) -> Result<OpenDatabase, OpenDatabaseError> {
    let reader = read(path)?;
    match content_of(reader.metadata())? {
        Content::Usable { layout, vintage } => Ok(OpenDatabase { reader, layout, vintage }),
        Content::NotUsed { .. } | Content::Damaged { .. } => {
            let database_type = reader.metadata().database_type.clone();
            Err(OpenDatabaseError::Replaced { database_type })
        }
    }
}

fn read(path: &Path) -> Result<Reader<Vec<u8>>, OpenDatabaseError> {
    Reader::open_readfile(path).map_err(|source| OpenDatabaseError::Open { source })
}

/// What the metadata say; a file of a type that is not used may claim any build time.
fn content_of(metadata: &Metadata) -> Result<Content, OpenDatabaseError> {
    let Some(layout) = Layout::of_type(&metadata.database_type) else {
        return Ok(Content::NotUsed { database_type: metadata.database_type.clone() });
    };
    let epoch = metadata.build_epoch;
    let seconds = i64::try_from(epoch).ok().filter(|_| epoch <= LAST_SECOND);
    let vintage = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let vintage = vintage.ok_or(OpenDatabaseError::BuildTime { epoch })?;
    Ok(Content::Usable { layout, vintage })
}

/// The words of an error and of what caused it, in one line.
pub(crate) fn with_cause(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", one_line(&cause.to_string())),
        None => error.to_string(),
    }
}

/// Text out of a file, fit for a terminal: no control characters, and not longer than 200.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(database_type: &str, expected: Option<Layout>) {
        assert_eq!(Layout::of_type(database_type), expected, "{database_type}");
    }

    #[test]
    fn the_type_says_the_layout() {
        check("GeoLite2-City", Some(Layout::City));
        check("GeoIP2-City-Europe", Some(Layout::City));
        check("DBIP-City-Lite", Some(Layout::City));
        check("GeoIP2-Country", Some(Layout::Country));
        check("GeoLite2-ASN", Some(Layout::Asn));
        check("DBIP-ASN-Lite (compat=GeoLite2-ASN)", Some(Layout::Asn));
        check("GeoIP2-ISP", Some(Layout::Isp));
        check("ipinfo lite.mmdb", Some(Layout::IpInfo));
        check("GeoIP2-Anonymous-IP", None);
        check("Test", None);
        check("", None);
    }
}

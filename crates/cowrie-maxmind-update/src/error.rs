//! Why a database was not replaced.

use std::io;
use std::path::{Path, PathBuf};

use cowrie_client::{BadEndpoint, LookupError};
use cowrie_enrichment::Remedy;
use maxminddb::MaxMindDbError;
use reqwest::StatusCode;
use tokio::task::JoinError;

/// A database was not replaced; the folder is as it was.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The base URL cannot be asked, or no client can be made.
    #[error(transparent)]
    Endpoint(#[from] BadEndpoint),
    /// The service gave nothing: a wrong key, a limit, a failure of its own, no connection.
    #[error(transparent)]
    Service(#[from] LookupError),
    /// The service sends us where we do not go.
    #[error("the service sends us on {why}")]
    Redirect {
        /// Where, or how.
        why: &'static str,
    },
    /// Longer than the options allow.
    #[error("the {what} has more than {max} bytes")]
    TooBig {
        /// The archive, or the database in it.
        what: &'static str,
        /// What was allowed.
        max: u64,
    },
    /// What should be the checksum of the archive is something else.
    #[error("what the service sent as a checksum is not a SHA-256")]
    NotAChecksum,
    /// The archive is not the one that the checksum is of.
    #[error("the SHA-256 of the archive is {found} instead of {expected}")]
    Checksum {
        /// What the service says, in hexadecimal digits.
        expected: String,
        /// What came.
        found: String,
    },
    /// The archive cannot be unpacked.
    #[error("the archive is damaged")]
    Damaged(#[source] io::Error),
    /// The archive can be unpacked, and should not be.
    #[error("the archive {what}")]
    Archive {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The database in the archive is damaged, or empty.
    #[error("the database is damaged")]
    Database(#[source] MaxMindDbError),
    /// The database in the archive is another one.
    #[error("the database is of the type `{found}`")]
    WrongType {
        /// What it is, without control characters and not longer than 200 characters.
        found: String,
    },
    /// The database claims to be built at no time at which it can have been built.
    #[error("the database claims to be built {epoch} seconds after 1970")]
    BuildTime {
        /// The claim.
        epoch: u64,
    },
    /// The disk is full, or not ours to write on.
    #[error("failed to {doing} `{}`", .path.display())]
    Disk {
        /// What was tried.
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The program ends.
    #[error("the work on the files was broken off")]
    Ended(#[from] JoinError),
}

impl UpdateError {
    /// What to do next; the item is the edition, the source is the service.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Service(error) => error.remedy(),
            Self::Checksum { .. } => Remedy::TryAgain,
            Self::Endpoint(_) | Self::Disk { .. } | Self::Ended(_) => Remedy::DropSource,
            Self::Redirect { .. }
            | Self::TooBig { .. }
            | Self::NotAChecksum
            | Self::Damaged(_)
            | Self::Archive { .. }
            | Self::Database(_)
            | Self::WrongType { .. }
            | Self::BuildTime { .. } => Remedy::SkipItem,
        }
    }

    /// The same failure for another edition, where that one would meet it too: a wrong key and
    /// the limit of the account. MaxMind shuts out who goes on asking.
    pub(crate) fn for_the_next(&self) -> Option<Self> {
        match self {
            Self::Service(LookupError::Throttled { wait }) => {
                Some(LookupError::Throttled { wait: *wait }.into())
            }
            Self::Service(LookupError::Denied { status })
                if *status == StatusCode::UNAUTHORIZED =>
            {
                Some(LookupError::Denied { status: *status }.into())
            }
            _ => None,
        }
    }

    /// A failure of the disk at something.
    pub(crate) fn disk(doing: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Disk { doing, path: path.to_owned(), source }
    }
}

//! Which file it is, and how it stands.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

/// Which file it is, and how it stood when it was looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileStat {
    /// The device that it is on.
    pub device: u64,
    /// Its number there. A file that was removed may leave its number to another.
    pub inode: u64,
    /// Its size in bytes, compressed as it is.
    pub size: u64,
    /// When it was written last; unknown where the file system does not say.
    pub modified: Option<SystemTime>,
    /// The times of its last write and of its last change, renaming included, to the nanosecond.
    /// Equal stamps of one inode are of one content.
    pub stamp: String,
}

impl FileStat {
    /// Looks at the file that a path leads to.
    ///
    /// # Errors
    ///
    /// When there is none, or it may not be looked at.
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::from_metadata(&std::fs::metadata(path)?))
    }

    /// What the metadata of an open file say.
    pub fn from_metadata(metadata: &Metadata) -> Self {
        let (modified, changed) = (metadata.mtime(), metadata.ctime());
        let (modified_nsec, changed_nsec) = (metadata.mtime_nsec(), metadata.ctime_nsec());
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified: metadata.modified().ok(),
            stamp: format!("{modified}.{modified_nsec:09}/{changed}.{changed_nsec:09}"),
        }
    }
}

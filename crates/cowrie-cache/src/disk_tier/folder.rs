//! Files in a folder, without ever leaving it.
//!
//! A path is walked name by name from an open folder, and no link is followed on the way, so that
//! nobody can put a link in it in a moment when nobody looks.

use std::fs::{DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;

use super::layout::Place;

/// The end of the name of a file that is being written.
const UNFINISHED: &str = ".tmp";

/// How many names are tried for a file that is being written.
const NAMES: u32 = 1_000;

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

/// What is in a place.
#[derive(Debug)]
pub(super) enum Look {
    /// Nothing.
    Nothing,
    /// A link, a folder, a pipe, or a file that is too long.
    Odd,
    /// A file, and when it was written.
    File(Vec<u8>, SystemTime),
}

impl Folder {
    /// Opens the uppermost folder; `None` when it is not there.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        match rustix::fs::open(path, folder_flags(), Mode::empty()) {
            Ok(folder) => Ok(Some(Self(folder))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the uppermost folder, and makes it when it is not there, for this user alone.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Self::open(path)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Looks at a place, and reads no more than so many bytes there.
    pub(super) fn look(&self, place: &Place, max_bytes: usize) -> io::Result<Look> {
        match self.read(place, max_bytes) {
            Ok(found) => Ok(found),
            Err(Step::Open(Errno::NOENT)) => Ok(Look::Nothing),
            // A link is refused as `LOOP`, or as no folder; a socket as `NXIO`.
            Err(Step::Open(Errno::LOOP | Errno::NOTDIR | Errno::NXIO)) => Ok(Look::Odd),
            Err(Step::Open(error)) => Err(error.into()),
            Err(Step::Read(error)) => Err(error),
        }
    }

    fn read(&self, place: &Place, max_bytes: usize) -> Result<Look, Step> {
        let mut folder = None;
        for name in &place.folders {
            folder = Some(folder.as_ref().unwrap_or(self).enter(name).map_err(Step::Open)?);
        }
        let folder = folder.as_ref().unwrap_or(self);
        // Not blocking, since opening a pipe would wait for somebody to write into it.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&folder.0, &place.file, flags, Mode::empty()).map_err(Step::Open)?;
        let file = File::from(file);
        let metadata = file.metadata().map_err(Step::Read)?;
        if !metadata.is_file() {
            return Ok(Look::Odd);
        }
        let mut bytes = Vec::new();
        let limit = u64::try_from(max_bytes).unwrap_or(u64::MAX);
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(Step::Read)?;
        if bytes.len() > max_bytes {
            return Ok(Look::Odd);
        }
        Ok(Look::File(bytes, metadata.modified().map_err(Step::Read)?))
    }

    /// Writes a file for this user alone, whole or not at all, and makes the folders to it.
    pub(super) fn write(&self, place: &Place, bytes: &[u8]) -> io::Result<()> {
        let mut folder = None;
        for name in &place.folders {
            folder = Some(folder.as_ref().unwrap_or(self).make(name)?);
        }
        folder.as_ref().unwrap_or(self).replace(&place.file, bytes)
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (unfinished, mut file) = self.begin()?;
        // Without `sync_all` the new name may be on the disk before what it names, and after a
        // loss of power an empty file would stand in the place of the old answer.
        let written = file
            .write_all(bytes)
            .and_then(|()| file.sync_all())
            .and_then(|()| Ok(renameat(&self.0, &unfinished, &self.0, name)?));
        if written.is_err() {
            // If that fails too, `prune` removes it some day.
            let _best_effort = unlinkat(&self.0, &unfinished, AtFlags::empty());
        }
        written
    }

    /// Makes a file under a name that nobody has.
    fn begin(&self) -> io::Result<(String, File)> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        for _ in 0..NAMES {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!(".{}-{number}{UNFINISHED}", process::id());
            match openat(&self.0, &name, flags, Mode::RUSR | Mode::WUSR) {
                Ok(file) => return Ok((name, file.into())),
                // Left by a process that had our number and was killed.
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn enter(&self, name: &str) -> Result<Self, Errno> {
        let flags = folder_flags() | OFlags::NOFOLLOW;
        openat(&self.0, name, flags, Mode::empty()).map(Self)
    }

    fn make(&self, name: &str) -> Result<Self, Errno> {
        match self.enter(name) {
            Err(Errno::NOENT) => {}
            opened => return opened,
        }
        match mkdirat(&self.0, name, Mode::RWXU) {
            // Somebody else may have been quicker.
            Ok(()) | Err(Errno::EXIST) => self.enter(name),
            Err(error) => Err(error),
        }
    }
}

/// Which step of reading failed.
enum Step {
    Open(Errno),
    Read(io::Error),
}

/// Whether it is the name of a file that is being written, or was when its writer ended.
pub(super) fn is_unfinished(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(UNFINISHED)
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC
}

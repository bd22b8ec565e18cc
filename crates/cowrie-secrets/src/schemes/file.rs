//! `file:/path` and `systemd:NAME`: a file that not everybody may read.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::value::{MAX_SECRET_BYTES, secret_of, without_line_ending};
use crate::{Environment, Problem};

/// systemd takes credential names up to the length of a file name.
const MAX_CREDENTIAL_NAME: usize = 255;

/// Whether systemd takes this for the name of a credential: a file name in ASCII without control
/// characters and colons.
pub(crate) fn is_credential_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii() && !c.is_ascii_control() && c != '/' && c != ':';
    let is_name = !name.is_empty() && name != "." && name != ".." && name.chars().all(is_plain);
    is_name && name.len() <= MAX_CREDENTIAL_NAME
}

/// A file in the directory that systemd made for the unit.
pub(crate) fn read_credential(
    name: &str,
    environment: &dyn Environment,
) -> Result<SecretString, Problem> {
    match environment.variable("CREDENTIALS_DIRECTORY") {
        Some(directory) if !directory.is_empty() => read(&PathBuf::from(directory).join(name)),
        _ => Err(Problem::NoCredentials),
    }
}

/// The text of a file without one line ending at its end.
pub(crate) fn read(path: &Path) -> Result<SecretString, Problem> {
    // Asked before opening, because opening a pipe waits for its writer.
    if !fs::metadata(path).map_err(Problem::Read)?.is_file() {
        return Err(Problem::NotAFile);
    }
    let file = File::open(path).map_err(Problem::Read)?;
    // Asked of the open file, so that it cannot be another one than the one that is read.
    let mode = file.metadata().map_err(Problem::Read)?.mode() & 0o7777;
    if mode & 0o004 != 0 {
        return Err(Problem::WorldReadable { mode });
    }
    // Room for everything from the start: a growing buffer would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET_BYTES + 3));
    file.take(MAX_SECRET_BYTES as u64 + 3).read_to_end(&mut bytes).map_err(Problem::Read)?;
    secret_of(without_line_ending(&bytes))
}

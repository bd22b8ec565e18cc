//! PostgreSQL with the extension `vector`, from a Python wheel that holds both.
//!
//! The wheel is the one packaging of pgvector that every Linux machine can fetch without root.
//! Only its files are used; no Python of it runs.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::process;
use crate::services::account::Account;
use crate::services::python;

const WHEEL: &str = "pgserver-0.1.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
const PIP: &str = "download pgserver==0.1.4 --no-deps --only-binary=:all: --python-version 3.11 \
    --platform manylinux2014_x86_64 --implementation cp --dest";
const SHA_256: &str = "d595789b47624a3d963aa9aa6359da9be31beb7e61f1a45541953242068b8813";

/// Whether the wheel was made for this kind of machine.
pub(crate) fn has_wheel() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))
}

/// Unpack the wheel into a new folder and hand back where its programs are.
pub(crate) fn unpack(downloads: &Path, folder: &Path, account: &Account) -> Result<PathBuf> {
    let wheel = fetch(downloads)?;
    let mut unzip = Command::new("python3");
    process::read(unzip.args(["-m", "zipfile", "--extract"]).arg(&wheel).arg(folder))?;
    let binaries = folder.join("pgserver/pginstall/bin");
    make_executable(&binaries)
        .with_context(|| format!("failed to make `{}` executable", binaries.display()))?;
    account.own(folder)?;
    Ok(binaries)
}

/// The wheel in the folder of downloads; fetched when it is not there yet.
fn fetch(downloads: &Path) -> Result<PathBuf> {
    let pip: Vec<&str> = PIP.split(' ').collect();
    let wheel = python::fetch(downloads, WHEEL, &pip)?.join(WHEEL);
    verify(&wheel)?;
    Ok(wheel)
}

fn verify(wheel: &Path) -> Result<()> {
    let bytes = fs::read(wheel).with_context(|| format!("failed to read `{}`", wheel.display()))?;
    let found = hexadecimal(&Sha256::digest(bytes));
    if found != SHA_256 {
        bail!("`{}` has SHA-256 {found}, not {SHA_256}: remove it", wheel.display());
    }
    Ok(())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A zip file keeps no permissions.
fn make_executable(folder: &Path) -> io::Result<()> {
    for entry in folder.read_dir()? {
        fs::set_permissions(entry?.path(), fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_with_other_bytes_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(WHEEL)).unwrap();
        fs::write(folder.path().join(WHEEL).join(WHEEL), "something else").unwrap();
        let error = fetch(folder.path()).unwrap_err().to_string();
        assert!(error.contains("not d595789b"), "{error}");
    }
}

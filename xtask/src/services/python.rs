//! Counterparts of the tests that come as Python packages: `moto`, which plays AWS, and `sops`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{apt, process};

/// What is fetched; flask is what moto's server runs on, and sops needs an older YAML than the newest.
const REQUIREMENTS: [&str; 5] =
    ["moto==5.2.5", "flask==3.1.3", "flask-cors==6.0.5", "sops==1.18", "ruamel.yaml==0.17.40"];

/// The folder with the packages; they are fetched when they are not there yet.
pub(crate) fn packages(downloads: &Path) -> Result<PathBuf> {
    // The key that sops encrypts for.
    apt::require(Command::new("gpg").arg("--version"), &["gnupg"])?;
    // Another list makes another folder.
    let quietly = ["install", "--no-warn-conflicts", "--root-user-action=ignore"];
    let pip = [&quietly[..], &REQUIREMENTS, &["--target"]].concat();
    fetch(downloads, &REQUIREMENTS.join("+"), &pip)
}

/// The folder of that name, with what pip puts there when it is told so; it is asked when there is
/// none yet.
pub(crate) fn fetch(downloads: &Path, name: &str, pip: &[&str]) -> Result<PathBuf> {
    let folder = downloads.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    let failed = || format!("failed to make `{}`", folder.display());
    fs::create_dir_all(downloads).with_context(failed)?;
    eprintln!("fetching {name} from PyPI into `{}`", downloads.display());
    // A folder of its own first, so that half of it never has the final name.
    let half = tempfile::tempdir_in(downloads).with_context(failed)?;
    let python = || Command::new("python3");
    apt::require(python().args(["-m", "pip", "--version"]), &["python3", "python3-pip"])?;
    let quietly = ["-m", "pip", "--disable-pip-version-check", "--quiet"];
    process::run(python().args(quietly).args(pip).arg(half.path()))?;
    fs::rename(half.keep(), &folder).with_context(failed)?;
    Ok(folder)
}

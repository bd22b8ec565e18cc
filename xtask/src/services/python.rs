//! Counterparts of the tests that come as Python packages: `moto`, which plays AWS, and `sops`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{apt, process};

/// What is fetched; flask is what moto's server runs on, and sops needs an older YAML than the newest.
const REQUIREMENTS: [&str; 5] =
    ["moto==5.2.5", "flask==3.1.3", "flask-cors==6.0.5", "sops==1.18", "ruamel.yaml==0.17.40"];

/// The folder with the packages; they are fetched when they are not there yet.
pub(crate) fn packages(downloads: &Path) -> Result<PathBuf> {
    // Another list makes another folder.
    let folder = downloads.join(REQUIREMENTS.join("+").replace("==", "-"));
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(downloads)
        .with_context(|| format!("failed to make `{}`", downloads.display()))?;
    eprintln!("fetching {} from PyPI into `{}`", REQUIREMENTS.join(", "), downloads.display());
    // A folder of its own first, so that half of them never have the final name.
    let half = tempfile::tempdir_in(downloads).context("failed to make a download folder")?;
    let mut pip = with_pip()?;
    pip.args(["-m", "pip", "--disable-pip-version-check", "--quiet", "install"]);
    pip.args(["--no-warn-conflicts", "--root-user-action=ignore", "--target"]);
    process::run(pip.arg(half.path()).args(REQUIREMENTS))?;
    fs::rename(half.keep(), &folder)
        .with_context(|| format!("failed to make `{}`", folder.display()))?;
    Ok(folder)
}

/// Python with pip, installed where that is allowed.
pub(crate) fn with_pip() -> Result<Command> {
    let has_pip = || process::succeeds(python().args(["-m", "pip", "--version"]));
    if !has_pip() {
        apt::install(&["python3", "python3-pip"])?;
    }
    if !has_pip() {
        bail!("the tests fetch packages by pip: install python3 and python3-pip");
    }
    Ok(python())
}

/// GnuPG, whose key `sops` encrypts for.
pub(crate) fn require_gpg() -> Result<()> {
    let has_gpg = || process::succeeds(Command::new("gpg").arg("--version"));
    if !has_gpg() {
        apt::install(&["gnupg"])?;
    }
    if has_gpg() { Ok(()) } else { bail!("the tests encrypt by GnuPG: install gnupg") }
}

pub(crate) fn python() -> Command {
    Command::new("python3")
}

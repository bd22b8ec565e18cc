//! Installs Debian packages where that is ours to do.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::process;

/// Install the packages when we are root on a Debian-like system; says whether that was so.
pub(crate) fn install(packages: &[&str]) -> Result<bool> {
    if !is_ours() {
        return Ok(false);
    }
    eprintln!("installing {}", packages.join(", "));
    process::run(apt_get().args(["update", "--quiet"]))?;
    process::run(apt_get().args(["install", "--quiet", "--yes"]).args(packages))?;
    Ok(true)
}

/// Installs the packages unless the command works.
pub(crate) fn require(command: &mut Command, packages: &[&str]) -> Result<()> {
    if !process::succeeds(command) {
        install(packages)?;
        ensure!(process::succeeds(command), "the tests need {}", packages.join(", "));
    }
    Ok(())
}

/// The names of the packages that begin like this; none where there is no apt.
pub(crate) fn names(prefix: &str) -> Result<Vec<String>> {
    if !is_ours() {
        return Ok(Vec::new());
    }
    process::run(apt_get().args(["update", "--quiet"]))?;
    let names = process::read(Command::new("apt-cache").args(["pkgnames", prefix]))?;
    Ok(names.lines().map(str::to_owned).collect())
}

fn is_ours() -> bool {
    rustix::process::geteuid().is_root() && process::on_path("apt-get").is_some()
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

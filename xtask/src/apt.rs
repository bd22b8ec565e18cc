//! Installs Debian packages where that is ours to do.

use std::process::Command;

use anyhow::Result;

use crate::process;

/// Install the packages when we are root on a Debian-like system; says whether that was so.
pub(crate) fn install(packages: &[&str]) -> Result<bool> {
    let is_ours = rustix::process::geteuid().is_root() && process::on_path("apt-get").is_some();
    if !is_ours {
        return Ok(false);
    }
    eprintln!("installing {}", packages.join(", "));
    process::run(apt_get().args(["update", "--quiet"]))?;
    process::run(apt_get().args(["install", "--quiet", "--yes"]).args(packages))?;
    Ok(true)
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

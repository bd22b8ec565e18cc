//! Starting other programs and saying which of them failed.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// The cargo that started us, in the workspace's folder.
///
/// What `cargo run` tells us about our own package is taken away again, since build scripts
/// that look at it would believe that their input had changed.
pub(crate) fn cargo() -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(workspace::root());
    for (name, _) in env::vars_os().filter(|(name, _)| is_about_our_package(name)) {
        command.env_remove(name);
    }
    command
}

fn is_about_our_package(name: &OsStr) -> bool {
    const NAMES: &[&str] =
        &["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"];
    const PREFIXES: &[&str] = &["CARGO_BIN_EXE_", "CARGO_MANIFEST_", "CARGO_PKG_"];
    name.to_str().is_some_and(|name| {
        NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}

/// Run to the end, with our own terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` failed: {status}", shown(command));
    }
    Ok(())
}

/// Run to the end, with our own terminal, and hand back how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("could not start `{}`", shown(command)))
}

/// Run to the end and hand back what was printed; what it complained of goes into the error.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("could not start `{}`", shown(command)))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}\n{}", shown(command), output.status, complaint.trim_end());
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed something that is not UTF-8", shown(command)))
}

/// Whether the program runs and ends well; its output is nobody's business.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Make sure that `cargo <name>` is there; `version` is what is installed when it is not.
pub(crate) fn require_cargo_tool(name: &str, version: &str) -> Result<()> {
    if succeeds(cargo().args([name, "--version"])) {
        return Ok(());
    }
    eprintln!("installing {version}");
    run(cargo().args(["install", "--locked", version]))
        .with_context(|| format!("`cargo {name}` is needed"))
}

/// Where `$PATH` has this program.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Wait a little before looking again.
#[expect(clippy::disallowed_methods, reason = "there is no runtime where servers start and stop")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// The program and its arguments, as one would type them.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_of_our_own_package_is_told_apart() {
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO_BIN_NAME", "OUT_DIR"] {
            assert!(is_about_our_package(OsStr::new(name)), "{name}");
        }
        for name in ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_TERM_COLOR", "PATH"] {
            assert!(!is_about_our_package(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn a_failure_names_the_command_and_its_complaint() {
        let error = read(Command::new("sh").args(["-c", "echo bad luck >&2; exit 3"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("exit status: 3") && text.contains("bad luck"), "{text}");
        assert_eq!(read(Command::new("sh").args(["-c", "echo fine"])).unwrap(), "fine\n");
    }
}

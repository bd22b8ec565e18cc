//! What the rules look at, read once: the files of the project and what cargo says of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;
use crate::tidy::rust_file::RustFile;
use crate::workspace::{self, Metadata};

#[derive(Debug)]
pub(crate) struct Checkout {
    pub(crate) root: PathBuf,
    pub(crate) metadata: Metadata,
    /// Paths below the root of what is, or may become, part of the project.
    pub(crate) files: Vec<String>,
    /// Paths that git follows; without git, all of them.
    pub(crate) tracked: Vec<String>,
    pub(crate) rust_files: Vec<RustFile>,
}

impl Checkout {
    pub(crate) fn read() -> Result<Self> {
        let root = workspace::root();
        let (files, tracked) = list_files(&root)?;
        let rust_files = files
            .iter()
            .filter(|path| has_extension(path, "rs"))
            .map(|path| Ok(RustFile::new(path, &read_text(&root.join(path))?)))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { metadata: Metadata::read()?, root, files, tracked, rust_files })
    }

    /// The text of a file of the project; `None` when it is not there or not text.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    /// A path as the rules show it: below the root.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

/// All files of the project, and those that git follows.
fn list_files(root: &Path) -> Result<(Vec<String>, Vec<String>)> {
    if root.join(".git").exists() {
        let new = ["--others", "--exclude-standard"];
        let tracked = git_files(root, &["--cached"])?;
        let mut files = [tracked.clone(), git_files(root, &new)?].concat();
        // A file may be removed and still be in the index.
        files.retain(|path| root.join(path).is_file());
        files.sort();
        return Ok((files, tracked));
    }
    let mut files = Vec::new();
    walk(root, root, &mut files).context("failed to list the project's files")?;
    files.sort();
    Ok((files.clone(), files))
}

fn git_files(root: &Path, what: &[&str]) -> Result<Vec<String>> {
    let mut git = Command::new("git");
    // The checkout may belong to somebody else than the one who runs the gates.
    git.current_dir(root).args(["-c", "safe.directory=*", "ls-files", "-z"]).args(what);
    let listed = process::read(&mut git)?;
    Ok(listed.split_terminator('\0').map(str::to_owned).collect())
}

/// Unpacked from an archive there is no git: everything counts but build output.
fn walk(root: &Path, folder: &Path, files: &mut Vec<String>) -> std::io::Result<()> {
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                walk(root, &path, files)?;
            }
        } else if let Ok(path) = path.strip_prefix(root) {
            files.push(path.display().to_string());
        }
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_git_all_files_but_build_output_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["src/lib.rs", "target/debug/x", "README.md"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let (files, tracked) = list_files(folder.path()).unwrap();
        assert_eq!(files, ["README.md", "src/lib.rs"]);
        assert_eq!(tracked, files);
    }
}

//! Where results go: standard output, or a file that is there only when it is whole.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use tempfile::NamedTempFile;

use crate::args::OutputArgs;
use crate::{Exit, ExitWith as _, Failure};

/// There is one standard output, so there is one place that results go to.
static RESULTS: Mutex<Results> = Mutex::new(Results::Stdout);

#[derive(Debug)]
enum Results {
    Stdout,
    /// What is no file, as `/dev/null` or a named pipe, is written to as it is.
    Device(File),
    /// Written beside the file that it becomes.
    Beside(Beside),
}

#[derive(Debug)]
struct Beside {
    file: NamedTempFile,
    path: PathBuf,
    may_replace: bool,
    is_empty: bool,
}

/// Decides where results go. A file that could not be written at the end is refused now.
pub(crate) fn begin(args: &OutputArgs) -> anyhow::Result<()> {
    let path = match &args.output {
        Some(path) if path.as_os_str() != "-" => path,
        _ if args.overwrite => {
            return Err(Failure::usage("`--overwrite` says nothing without `--output FILE`").into());
        }
        _ => return Ok(()),
    };
    *results() = open(path, args.overwrite)?;
    Ok(())
}

fn open(path: &Path, may_replace: bool) -> anyhow::Result<Results> {
    let shown = path.display();
    // A link stays, and the file behind it is replaced.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.is_dir() {
        return Err(Failure::usage(format!("`--output {shown}` is a folder: name a file")).into());
    }
    if path.exists() && !path.is_file() {
        let file = OpenOptions::new().write(true).open(&path);
        let file = file.with_context(|| format!("failed to open `--output {shown}`"));
        return Ok(Results::Device(file.exit_with(Exit::Usage)?));
    }
    if path.exists() && !may_replace {
        let text = format!("`--output {shown}` exists: name another file, or add `--overwrite`");
        return Err(Failure::usage(text).into());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cowrie-").suffix(".new").permissions(Permissions::from_mode(0o666));
    let file = builder.tempfile_in(folder.unwrap_or_else(|| Path::new(".")));
    let file = file.with_context(|| format!("failed to write beside `--output {shown}`"));
    let file = file.exit_with(Exit::Usage)?;
    Ok(Results::Beside(Beside { file, path, may_replace, is_empty: true }))
}

/// Writes results; a reader that went away is no failure.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    match &mut *results() {
        Results::Stdout => {
            let mut output = io::stdout().lock();
            passed_on(output.write_all(bytes).and_then(|()| output.flush()))
        }
        Results::Device(file) => passed_on(file.write_all(bytes)),
        Results::Beside(beside) => {
            beside.is_empty &= bytes.is_empty();
            beside.file.write_all(bytes)
        }
    }
}

fn passed_on(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Gives the file its name, if anything was written into it.
pub(crate) fn keep() -> anyhow::Result<()> {
    let taken = std::mem::replace(&mut *results(), Results::Stdout);
    let Results::Beside(beside) = taken else { return Ok(()) };
    let path = beside.path.clone();
    let kept = beside.keep().with_context(|| format!("failed to write `{}`", path.display()));
    // The work is done, and only what it says is lost.
    kept.exit_with(Exit::Partial)
}

impl Beside {
    fn keep(self) -> io::Result<()> {
        if self.is_empty {
            return self.file.close();
        }
        // What takes the place of a file is for the same eyes.
        if let Ok(before) = std::fs::metadata(&self.path) {
            self.file.as_file().set_permissions(before.permissions())?;
        }
        self.file.as_file().sync_all()?;
        let kept = if self.may_replace {
            self.file.persist(&self.path)
        } else {
            self.file.persist_noclobber(&self.path)
        };
        kept.map(drop).map_err(|error| error.error)
    }
}

/// Takes back what was written and has no name yet.
pub(crate) fn discard() {
    *results() = Results::Stdout;
}

/// Takes it back at its own end, however that comes.
pub(crate) struct Discard;

impl Drop for Discard {
    fn drop(&mut self) {
        discard();
    }
}

fn results() -> MutexGuard<'static, Results> {
    RESULTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    fn beside(path: &Path, may_replace: bool) -> Beside {
        match open(path, may_replace).unwrap() {
            Results::Beside(beside) => beside,
            other => panic!("{other:?}"),
        }
    }

    fn fill(mut beside: Beside, text: &str) -> io::Result<()> {
        beside.file.write_all(text.as_bytes())?;
        beside.is_empty = text.is_empty();
        beside.keep()
    }

    fn names(folder: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_when_it_is_whole() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.csv");
        drop(beside(&path, false));
        fill(beside(&path, false), "").unwrap();
        assert_eq!(names(&folder), [""; 0]);
        let open = beside(&path, false);
        assert!(!path.exists());
        fill(open, "one").unwrap();
        assert_eq!(names(&folder), ["a.csv"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        assert_eq!(mode, fs::metadata(plain).unwrap().permissions().mode(), "as any other file");
    }

    #[test]
    fn a_file_that_exists_is_replaced_only_when_that_is_meant() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.csv");
        let early = beside(&path, false);
        fs::write(&path, "old").unwrap();
        let error = open(&path, false).unwrap_err();
        assert!(error.to_string().contains("add `--overwrite`"), "{error}");
        fill(early, "lost").unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old", "it came meanwhile");
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        fill(beside(&link, true), "new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(&folder), ["a.csv", "link"]);
    }

    #[test]
    fn what_is_no_file_is_written_to_or_refused() {
        let folder = TempDir::new().unwrap();
        assert!(matches!(open(Path::new("/dev/null"), false), Ok(Results::Device(_))));
        let error = open(folder.path(), true).unwrap_err();
        assert!(error.to_string().ends_with("is a folder: name a file"), "{error}");
        let error = open(&folder.path().join("none/a"), false).unwrap_err();
        assert!(error.to_string().starts_with("failed to write beside"), "{error}");
        assert_eq!(crate::exit::exit_of(&error), Exit::Usage);
    }
}

//! Finds the logs that the caller named.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use glob::{GlobResult, MatchOptions, glob_with};
use walkdir::{DirEntry, WalkDir};

/// What one log is read from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// A file, or something else with a path that cannot be read as a file.
    File {
        /// As named, or as found below a named directory.
        path: PathBuf,
        /// Its size in bytes when it was found, compressed as it is.
        size: u64,
    },
    /// Standard input.
    Stdin,
}

/// How to find logs.
#[derive(Clone, Copy, Debug)]
pub struct FindOptions {
    /// A path that does not exist is a [`Problem`] instead of an error.
    pub ignore_missing: bool,
}

/// The logs that were named, and what stood in the way.
#[derive(Debug)]
pub struct Found {
    /// In the order in which they were named; below one directory or pattern sorted by name.
    pub sources: Vec<Source>,
    /// What could not be looked at, and what was missing but may be.
    pub problems: Vec<Problem>,
}

/// Something that was named or met but is not among the [`Found::sources`].
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The path does not exist, and [`FindOptions::ignore_missing`] says that it may not.
    #[error("`{path}` does not exist")]
    Missing {
        /// As named.
        path: PathBuf,
    },
    /// A directory or an entry of one could not be read.
    #[error("failed to look at `{path}`")]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// Why the system refused.
        source: io::Error,
    },
    /// A symbolic link leads back to a directory above it.
    #[error("`{path}` leads back to `{ancestor}`")]
    Loop {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        ancestor: PathBuf,
    },
}

/// Why nothing is read at all.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// Paths that do not exist, all of them.
    #[error("no such file or directory: {}", quoted(.paths))]
    Missing {
        /// As named.
        paths: Vec<PathBuf>,
    },
    /// A named path may exist but cannot be looked at.
    #[error("failed to look at `{path}`")]
    Unreadable {
        /// As named.
        path: PathBuf,
        /// Why the system refused.
        source: io::Error,
    },
}

/// Finds what `inputs` name, before anything is read.
///
/// * `-` is standard input.
/// * A file is taken whatever it is called.
/// * A directory is walked, its entries sorted by the bytes of their names, links followed. Taken
///   are regular files that are not hidden and whose name contains `json`, and compressed ones
///   whose name does not contain `.log`: Cowrie writes its messages for people to `cowrie.log`,
///   beside its events in `cowrie.json`. Hidden directories below it are left alone.
/// * A pattern with `*`, `?` or `[`, when no file has that very name, is expanded as a shell
///   would.
///
/// What is named twice, under whatever path, is taken once.
pub fn find(inputs: &[String], options: FindOptions) -> Result<Found, FindError> {
    let mut search = Search::default();
    for input in inputs {
        search.add(input)?;
    }
    let Search { sources, mut problems, missing, .. } = search;
    if options.ignore_missing {
        problems.extend(missing.into_iter().map(|path| Problem::Missing { path }));
    } else if !missing.is_empty() {
        return Err(FindError::Missing { paths: missing });
    }
    Ok(Found { sources, problems })
}

impl Source {
    /// The path, and `-` for standard input.
    pub fn path(&self) -> &Path {
        match self {
            Self::File { path, .. } => path,
            Self::Stdin => Path::new("-"),
        }
    }

    /// The size of the file in bytes; nobody knows that of standard input.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::File { size, .. } => Some(*size),
            Self::Stdin => None,
        }
    }
}

/// What has been found so far.
#[derive(Default)]
struct Search {
    sources: Vec<Source>,
    problems: Vec<Problem>,
    missing: Vec<PathBuf>,
    seen: HashSet<PathBuf>,
}

impl Search {
    fn add(&mut self, input: &str) -> Result<(), FindError> {
        if input == "-" {
            if !self.sources.contains(&Source::Stdin) {
                self.sources.push(Source::Stdin);
            }
            return Ok(());
        }
        let path = Path::new(input);
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.walk(path),
            Ok(metadata) => self.take(path, metadata.len()),
            Err(source) if is_missing(&source) => self.expand(input),
            Err(source) => {
                return Err(FindError::Unreadable { path: path.to_owned(), source });
            }
        }
        Ok(())
    }

    /// Expands a pattern; one that matches nothing is missing, as is a path that is no pattern.
    fn expand(&mut self, input: &str) {
        // As in a shell, `*` matches no slash. That it does not match the dot of a hidden file is
        // seen to here: the library panics over names that are not UTF-8 when it is asked to.
        let options = MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        let is_pattern = input.contains(['*', '?', '[']);
        let matches = is_pattern.then(|| glob_with(input, options).ok()).flatten();
        let mut matched = false;
        let is_meant = |entry: &GlobResult| match entry {
            Ok(path) => path
                .iter()
                .zip(Path::new(input))
                .all(|(name, part)| !is_hidden(name) || is_hidden(part)),
            Err(_) => true,
        };
        for entry in matches.into_iter().flatten().filter(is_meant) {
            matched = true;
            match entry {
                Ok(path) => match fs::metadata(&path) {
                    Ok(metadata) if metadata.is_dir() => self.walk(&path),
                    Ok(metadata) => self.take(&path, metadata.len()),
                    Err(source) => self.problems.push(Problem::Unreadable { path, source }),
                },
                Err(error) => {
                    let path = error.path().to_owned();
                    let source = error.into();
                    self.problems.push(Problem::Unreadable { path, source });
                }
            }
        }
        if !matched {
            self.missing.push(PathBuf::from(input));
        }
    }

    fn walk(&mut self, root: &Path) {
        let entries = WalkDir::new(root)
            .follow_links(true)
            .sort_by(|one, other| one.file_name().cmp(other.file_name()))
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name()));
        for entry in entries {
            match entry {
                Ok(entry) => self.meet(&entry),
                Err(error) => self.problems.push(problem(root, error)),
            }
        }
    }

    /// Takes an entry of a directory if it looks like a log.
    fn meet(&mut self, entry: &DirEntry) {
        if !entry.file_type().is_file() || !is_named_like_a_log(entry.file_name()) {
            return;
        }
        match entry.metadata() {
            Ok(metadata) => self.take(entry.path(), metadata.len()),
            Err(error) => self.problems.push(problem(entry.path(), error)),
        }
    }

    fn take(&mut self, path: &Path, size: u64) {
        // A path that cannot be resolved is its own name; opening it will tell the rest.
        let name = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if self.seen.insert(name) {
            self.sources.push(Source::File { path: path.to_owned(), size });
        }
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn is_named_like_a_log(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    let is_compressed =
        [".gz", ".bz2", ".xz", ".zst", ".zstd"].iter().any(|suffix| name.ends_with(suffix));
    name.contains("json") || (is_compressed && !name.contains(".log"))
}

fn problem(met_at: &Path, error: walkdir::Error) -> Problem {
    let path = error.path().unwrap_or(met_at).to_owned();
    if let Some(ancestor) = error.loop_ancestor() {
        return Problem::Loop { path, ancestor: ancestor.to_owned() };
    }
    Problem::Unreadable { path, source: error.into() }
}

fn quoted(paths: &[PathBuf]) -> String {
    let quoted: Vec<_> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    quoted.join(", ")
}

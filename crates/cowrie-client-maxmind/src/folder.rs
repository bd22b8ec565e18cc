//! Which database files a folder holds.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use walkdir::{DirEntry, WalkDir};

/// What lies in a folder and its direct sub-folders, in the order of the paths.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Listing {
    pub(crate) files: Vec<FoundFile>,
    /// Paths that could not be read, each with the reason.
    pub(crate) problems: Vec<(PathBuf, String)>,
}

/// A file as it was when the folder was read; a replaced file differs in size or time.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct FoundFile {
    pub(crate) path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
}

/// Reads the folder; what cannot be read is a problem in the listing.
pub(crate) fn list(folder: &Path) -> Listing {
    let mut listing = Listing::default();
    for entry in WalkDir::new(folder).max_depth(2).follow_links(true).sort_by_file_name() {
        match entry.and_then(|entry| found_file(&entry)) {
            Ok(found) => listing.files.extend(found),
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                let cause = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                listing.problems.push((path, format!("failed to read it: {cause}")));
            }
        }
    }
    listing
}

fn found_file(entry: &DirEntry) -> Result<Option<FoundFile>, walkdir::Error> {
    let is_named_so =
        entry.path().extension().is_some_and(|extension| extension.eq_ignore_ascii_case("mmdb"));
    if !is_named_so || !entry.file_type().is_file() {
        return Ok(None);
    }
    let metadata = entry.metadata()?;
    let path = entry.path().to_owned();
    Ok(Some(FoundFile { path, bytes: metadata.len(), modified: metadata.modified().ok() }))
}

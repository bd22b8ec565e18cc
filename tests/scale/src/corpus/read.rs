//! The logs of a corpus read back, by nothing that is under test.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;

/// How much of a file is read at a time, in bytes.
const PIECE: usize = 1 << 18;

/// Every file below a folder, in the order of their paths.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder)
        .with_context(|| format!("failed to look into `{}`", folder.display()))?;
    for entry in entries {
        let path = entry.context("failed to look into a folder")?.path();
        if path.is_dir() {
            found.append(&mut files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A log, inflated as its name says.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let file = File::open(path).with_context(|| format!("failed to open `{}`", path.display()))?;
    let file = BufReader::with_capacity(PIECE, file);
    Ok(match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => Box::new(BufReader::with_capacity(PIECE, MultiGzDecoder::new(file))),
        Some("bz2") => Box::new(BufReader::with_capacity(PIECE, MultiBzDecoder::new(file))),
        _ => Box::new(file),
    })
}

//! Which database files are in memory.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use crate::database_file::{DatabaseFile, OpenDatabase, OpenDatabaseError, open};

/// The files used last, and no more of them than allowed.
///
/// A file is read while the list is locked: whoever waits is waiting for a file too, and two
/// threads never read the same one twice.
#[derive(Debug)]
pub(crate) struct OpenFiles {
    keep: NonZeroUsize,
    /// Position of each file and what it holds, the one used last at the front.
    readings: Mutex<Vec<(usize, Reading)>>,
}

/// An open file, or the reason why there is none, so that a damaged one is not read every time.
type Reading = Result<Arc<OpenDatabase>, Arc<OpenDatabaseError>>;

impl OpenFiles {
    pub(crate) fn new(keep: NonZeroUsize) -> Self {
        Self { keep, readings: Mutex::default() }
    }

    /// The file at this position, read into memory when it is not there.
    pub(crate) fn database(&self, position: usize, file: &DatabaseFile) -> Reading {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = readings.iter().position(|(of, _)| *of == position) {
            let entry = readings.remove(at);
            let reading = entry.1.clone();
            readings.insert(0, entry);
            return reading;
        }
        // What is used least goes first, so that memory never holds one file more than allowed.
        readings.truncate(self.keep.get() - 1);
        let reading = open(&file.path).map(Arc::new).map_err(Arc::new);
        readings.insert(0, (position, reading.clone()));
        reading
    }
}

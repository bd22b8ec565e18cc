//! Results.

use std::io;

use crate::output;

/// Writes results to standard output, or to the file of `--output`; a reader that went away is no
/// failure.
///
/// # Errors
///
/// When no more can be written, as on a full disk.
pub fn print(text: &str) -> io::Result<()> {
    print_bytes(text.as_bytes())
}

/// The same for bytes that need not be text, and that are nobody's to make harmless.
///
/// # Errors
///
/// When no more can be written, as on a full disk.
pub fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    output::write(bytes)
}

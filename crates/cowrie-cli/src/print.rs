//! Results.

use std::io::{self, Write as _};

/// Writes results to standard output; a reader that went away is no failure.
///
/// # Errors
///
/// When standard output takes no more, as on a full disk.
pub fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

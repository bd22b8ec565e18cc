//! Errors as people read them in a report.

use std::error::Error;
use std::fmt::Write as _;

/// Characters of a reason that are kept: it may quote what a server sent.
const MAX_REASON: usize = 300;

/// The error and its causes in one line without control characters.
pub(crate) fn reason(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string does not fail.
        write!(said, ": {error}").unwrap_or_default();
        cause = error.source();
    }
    let clean = said.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(MAX_REASON).collect()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::kept::KeptError;

    #[test]
    fn a_reason_is_one_short_line_with_its_causes() {
        let error = KeptError::Read(io::Error::other(format!("\u{1b}[31m\n{}", "x".repeat(1_000))));
        let reason = reason(&error);
        assert!(reason.starts_with("failed to read it:  [31m xxx"), "{reason}");
        assert_eq!(reason.chars().count(), MAX_REASON);
    }
}

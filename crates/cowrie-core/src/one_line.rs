//! Errors as people read them in a report.

use std::error::Error;

/// Characters that are kept: an error may quote what a server sent.
const MAX_CHARS: usize = 300;

/// The error and its causes in one line: without control characters, and cut after 300 characters.
///
/// A cause that the error before it repeats is left out.
pub fn one_line(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !said.ends_with(&text) {
            said.push_str(": ");
            said.push_str(&text);
        }
        cause = error.source();
    }
    let clean = said.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{says}")]
    struct Failure {
        says: String,
        source: Option<Box<Failure>>,
    }

    #[track_caller]
    fn check(says: &[&str], expected: &str) {
        let failure = says.iter().rev().fold(None, |source, text| {
            Some(Box::new(Failure { says: (*text).to_owned(), source }))
        });
        assert_eq!(one_line(&failure.unwrap()), expected);
    }

    #[test]
    fn causes_follow_their_errors() {
        check(&["failed to ask"], "failed to ask");
        check(&["failed to ask", "no answer", "timed out"], "failed to ask: no answer: timed out");
        check(&["failed: timed out", "timed out"], "failed: timed out");
        check(&["a\u{1b}[31m\n", "b\0"], "a [31m : b ");
        check(&["x", &"é".repeat(400)], &format!("x: {}", "é".repeat(297)));
    }
}

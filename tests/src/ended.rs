//! A run that ended, with everything that it said.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Output;

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The exit code; `None` when a signal ended the run.
    pub code: Option<i32>,
    /// The signal that ended the run.
    pub signal: Option<i32>,
    /// Its results.
    pub stdout: String,
    /// Its messages.
    pub stderr: String,
}

#[expect(clippy::return_self_not_must_use, reason = "the last check of a run has no next one")]
impl Ended {
    /// Both outputs must be UTF-8, whatever was read.
    #[track_caller]
    pub(crate) fn new(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("programs write UTF-8");
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Ends the test unless the run ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self.assert_harmless();
        self
    }

    /// Ends the test unless the messages contain all of these.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in the messages of {self:#?}");
        }
        self
    }

    /// Ends the test unless the results contain all of these.
    #[track_caller]
    pub fn prints(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stdout.contains(part), "`{part}` is not in the results of {self:#?}");
        }
        self
    }

    /// No result and no message makes a terminal do or hide anything, whatever was loaded.
    #[track_caller]
    fn assert_harmless(&self) {
        // Right-to-left marks and the like, by their blocks; the programs have their own list.
        let hides = |c: char| matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        let is_unsafe = |c: char| (c.is_control() && c != '\n') || hides(c);
        assert!(!self.stdout.contains(is_unsafe), "a character obeyed by terminals in {self:#?}");
        // A bar is drawn with control sequences, and only when a test asks for it.
        let has_bar = self.stderr.contains("\x1b[2K");
        assert!(
            has_bar || !self.stderr.contains(is_unsafe),
            "a character obeyed by terminals in {self:#?}"
        );
    }
}

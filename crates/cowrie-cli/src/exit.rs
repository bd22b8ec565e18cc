//! How a run ended, as a number for scripts and as words for people.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use crate::safe;

/// How a run ended. The numbers are documented in `docs/exit-codes.md`, and never change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// Done.
    Done,
    /// Done, and a threshold or check was not met.
    Unmet,
    /// Wrong usage or configuration; nothing was done.
    Usage,
    /// Done in part; what was done is committed.
    Partial,
    /// Nothing could be done.
    Nothing,
    /// Stopped by SIGINT after a clean commit.
    Interrupted,
    /// Stopped by SIGTERM after a clean commit.
    Terminated,
}

impl Exit {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Done,
        Self::Unmet,
        Self::Usage,
        Self::Partial,
        Self::Nothing,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number that scripts see.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unmet => 1,
            Self::Usage => 2,
            Self::Partial => 3,
            Self::Nothing => 4,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl Exit {
    /// What it says, for the manual.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "Done.",
            Self::Unmet => "Done, and a threshold or check was not met.",
            Self::Usage => "Wrong usage or configuration; nothing was done.",
            Self::Partial => {
                "Done in part: some inputs or sources failed, and the rest is committed."
            }
            Self::Nothing => "Nothing could be done.",
            Self::Interrupted => "Stopped by SIGINT after a clean commit.",
            Self::Terminated => "Stopped by SIGTERM after a clean commit.",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error that knows how the run ends because of it. It reads exactly as its cause.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    cause: anyhow::Error,
}

impl Failure {
    /// Ends the run with `exit` because of `cause`.
    pub fn new(exit: Exit, cause: impl Into<anyhow::Error>) -> Self {
        Self { exit, cause: cause.into() }
    }

    /// Wrong usage, in words.
    pub fn usage(problem: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, anyhow::anyhow!("{problem}"))
    }

    /// How the run ends.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

/// Says of a result how the run ends when it is an error.
pub trait ExitWith<T> {
    /// Ends the run with `exit` when this is an error.
    fn exit_with(self, exit: Exit) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> ExitWith<T> for Result<T, E> {
    fn exit_with(self, exit: Exit) -> anyhow::Result<T> {
        self.map_err(|cause| Failure::new(exit, cause).into())
    }
}

/// Ends a program: prints the error, if there is one, and gives the number.
///
/// An error that no [`Failure`] is part of ends the run with [`Exit::Nothing`].
#[expect(clippy::print_stderr, reason = "the one place where a program says why it failed")]
pub fn finish(result: anyhow::Result<Exit>) -> ExitCode {
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("{}", error_line(&error));
            exit_of(&error).into()
        }
    }
}

/// How the run ends because of the error.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    let failure = error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
    failure.map_or(Exit::Nothing, Failure::exit)
}

/// The error and its causes in one line, harmless for a terminal. A cause that was said before, as
/// libraries do that repeat what is behind them, is not said again.
fn error_line(error: &anyhow::Error) -> String {
    let mut line = "error".to_owned();
    for cause in error.chain().map(ToString::to_string) {
        if !line.ends_with(&cause) {
            line.push_str(": ");
            line.push_str(&cause);
        }
    }
    safe::terminal(&safe::without_passwords(&line)).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use anyhow::{Context, anyhow};

    use super::*;

    #[track_caller]
    fn check(error: &anyhow::Error, line: &str, exit: Exit) {
        assert_eq!((error_line(error).as_str(), exit_of(error)), (line, exit));
    }

    #[test]
    fn errors_carry_their_exit_through_contexts() {
        check(&anyhow!("no route"), "error: no route", Exit::Nothing);
        check(&Failure::usage("bad flag").into(), "error: bad flag", Exit::Usage);
        let cause = Err::<(), _>(std::io::Error::other("broken"));
        let error = cause.context("failed to load `a`").exit_with(Exit::Partial).unwrap_err();
        check(&error, "error: failed to load `a`: broken", Exit::Partial);
        let outer = error.context("failed to load some files");
        check(
            &outer,
            "error: failed to load some files: failed to load `a`: broken",
            Exit::Partial,
        );
        let cause = Err::<(), _>(std::io::Error::other("x")).exit_with(Exit::Usage).unwrap_err();
        check(&cause, "error: x", Exit::Usage);
        let again = Err::<(), _>(cause).exit_with(Exit::Nothing).unwrap_err();
        check(&again, "error: x", Exit::Nothing);
    }

    #[test]
    fn nothing_is_said_twice() {
        let cause = Err::<(), _>(std::io::Error::other("no room"));
        let error = cause.context("the disk says: no room").context("failed").unwrap_err();
        check(&error, "error: failed: the disk says: no room", Exit::Nothing);
    }

    #[test]
    fn attackers_do_not_speak_to_the_terminal() {
        let error = anyhow!("bad name `\x1b[2Jx\n\u{202e}`");
        check(&error, "error: bad name `\\u{1b}[2Jx\\u{a}\\u{202e}`", Exit::Nothing);
    }

    #[test]
    fn finish_gives_the_number() {
        for exit in Exit::ALL {
            let expected = format!("{:?}", ExitCode::from(exit.code()));
            assert_eq!(format!("{:?}", finish(Ok(exit))), expected);
            let failed = finish(Err(Failure::new(exit, anyhow!("on purpose")).into()));
            assert_eq!(format!("{failed:?}"), expected);
        }
    }

    #[test]
    fn every_number_is_documented() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/exit-codes.md");
        let document = fs::read_to_string(path).unwrap();
        let numbers: Vec<_> = document
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.split_once(" |"))
            .filter_map(|(number, _)| number.trim_matches('`').parse::<u8>().ok())
            .collect();
        assert_eq!(numbers, Exit::ALL.map(Exit::code));
    }
}

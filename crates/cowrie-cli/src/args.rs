//! Flags that mean the same in every program, in groups to flatten.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use crate::Failure;
use crate::generate::Generated;

/// What the flags stand under in the help of every command.
const SHARED: &str = "Shared options";

/// Which database.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = SHARED)]
pub struct DatabaseArgs {
    /// Database: a SQLite file, or a PostgreSQL URL without a password
    ///
    /// A password is never written here. Write where it is kept: `env:DATABASE_URL` for the whole
    /// URL, or `postgresql://loader:{file:/run/secrets/db}@host/db`.
    #[arg(long, value_name = "URL", global = true)]
    #[arg(aliases = ["database", "db-url", "db-path"])]
    pub db: Option<String>,
}

/// Which configuration.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = SHARED)]
pub struct ConfigArgs {
    /// Configuration file [default: config/sensors.toml, then sensors.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// Where monitoring looks.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = SHARED)]
pub struct StatusArgs {
    /// Folder for status files
    #[arg(long, value_name = "DIR", global = true)]
    pub status_dir: Option<PathBuf>,
}

/// How the program speaks.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = SHARED)]
pub struct OutputArgs {
    /// How results are written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Human, global = true)]
    pub format: Format,
    /// File that results are written to, or `-` for standard output
    ///
    /// It is there when it is whole, and not before: results are written beside it and renamed at
    /// the end. After an error it is as it was.
    #[arg(short, long, value_name = "FILE|-", global = true)]
    pub output: Option<PathBuf>,
    /// Let `--output` take the place of a file that exists
    #[arg(long, global = true)]
    pub overwrite: bool,
    /// When progress is shown; `--progress` alone means always
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto, global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "always")]
    progress: When,
    /// When messages are coloured
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto, global = true)]
    pub color: When,
    /// How messages are written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Human)]
    #[arg(global = true)]
    pub log_format: LogFormat,
    /// Say more; repeat for still more
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose", global = true)]
    pub quiet: bool,
    /// What `RUST_LOG` says; it beats `-v` and `-q`.
    #[arg(long, env = "RUST_LOG", hide = true, global = true)]
    pub log_filter: Option<String>,
    /// What `NO_COLOR` says: no colours when it is not empty (<https://no-color.org>).
    #[arg(long, env = "NO_COLOR", hide = true, global = true)]
    pub no_color: Option<OsString>,
    /// What `CLICOLOR_FORCE` says: colours without a terminal when it is neither empty nor `0`.
    #[arg(long, env = "CLICOLOR_FORCE", hide = true, global = true)]
    pub clicolor_force: Option<OsString>,
    /// What `TERM` says: neither colours nor bars on a terminal that is `dumb`.
    #[arg(long, env = "TERM", hide = true, global = true)]
    pub term: Option<OsString>,
    /// Print the manual page or the completions of a shell, and end
    #[arg(long, value_name = "WHAT", value_enum)]
    pub generate: Option<Generated>,
}

/// How results are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// For programs
    Json,
    /// For spreadsheets, where the answer is a table
    Csv,
}

/// How messages are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Human,
    /// For programs
    Json,
}

/// When something is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum When {
    /// When standard error is a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl OutputArgs {
    /// When progress is shown: not when only errors are wished, unless it was asked for.
    pub fn progress(&self) -> When {
        if self.quiet && self.progress == When::Auto { When::Never } else { self.progress }
    }

    /// Refuses `--format csv` for a command whose answer is no table, before it does anything.
    pub fn refuse_csv(&self) -> Result<(), Failure> {
        if self.format == Format::Csv {
            return Err(no_table());
        }
        Ok(())
    }

    /// Whether the terminal obeys nothing but line breaks.
    pub(crate) fn is_dumb(&self) -> bool {
        self.term.as_ref().is_some_and(|term| term == "dumb")
    }
}

/// The answer was asked for as a table, and is none.
pub(crate) fn no_table() -> Failure {
    Failure::usage("`--format csv` is for tables, and this gives none: write `--format json`")
}

/// The command line, in which `--progress never` is joined to `--progress=never`.
///
/// Since `--progress` may stand alone, a word after it is taken for its value only when it is
/// one; otherwise `--progress logs/` would lose the folder.
pub fn command_line<Word: Into<OsString>>(words: impl IntoIterator<Item = Word>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    let mut flags_have_ended = false;
    for word in words {
        let word = word.into();
        flags_have_ended |= word == "--";
        let is_value = ["auto", "always", "never"].iter().any(|value| word == *value);
        match joined.last_mut() {
            Some(last) if *last == "--progress" && is_value && !flags_have_ended => {
                last.push("=");
                last.push(word);
            }
            _ => joined.push(word),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser, Subcommand};

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        config: ConfigArgs,
        #[command(flatten)]
        status: StatusArgs,
        #[command(flatten)]
        output: OutputArgs,
        #[command(subcommand)]
        work: Option<Work>,
    }

    #[derive(Debug, Subcommand)]
    enum Work {
        Bulk { paths: Vec<PathBuf> },
    }

    fn parse(words: &str) -> Program {
        let words = ["program"].into_iter().chain(words.split_whitespace());
        Program::try_parse_from(command_line(words)).unwrap()
    }

    #[test]
    fn quiet_programs_show_progress_only_when_asked() {
        for (words, progress) in [
            ("bulk a", When::Auto),
            ("bulk a -q", When::Never),
            ("bulk a -q --progress", When::Always),
        ] {
            assert_eq!(parse(words).output.progress(), progress, "{words}");
        }
    }

    fn paths(program: &Program) -> Vec<&str> {
        match &program.work {
            Some(Work::Bulk { paths }) => paths.iter().filter_map(|path| path.to_str()).collect(),
            None => Vec::new(),
        }
    }

    #[test]
    fn the_definitions_are_sound() {
        Program::command().debug_assert();
    }

    #[test]
    fn the_database_has_its_legacy_names_before_and_after_the_subcommand() {
        for flag in ["--db", "--database", "--db-url", "--db-path"] {
            for words in [format!("{flag} x bulk a"), format!("bulk {flag} x a")] {
                assert_eq!(parse(&words).database.db.as_deref(), Some("x"), "{words}");
            }
        }
        let help = Program::command().render_long_help().to_string();
        assert!(help.contains("--db <URL>") && !help.contains("--db-url"), "{help}");
    }

    #[test]
    fn progress_may_stand_alone() {
        for (words, expected, files) in [
            ("bulk logs", When::Auto, &["logs"][..]),
            ("bulk --progress logs", When::Always, &["logs"]),
            ("bulk logs --progress", When::Always, &["logs"]),
            ("bulk --progress never logs", When::Never, &["logs"]),
            ("bulk --progress=never logs", When::Never, &["logs"]),
            ("bulk --progress auto", When::Auto, &[]),
            ("bulk --progress --verbose logs", When::Always, &["logs"]),
            ("bulk -- --progress never", When::Auto, &["--progress", "never"]),
        ] {
            let program = parse(words);
            assert_eq!((program.output.progress, paths(&program).as_slice()), (expected, files));
        }
    }

    #[test]
    fn talk_is_chosen() {
        let output = parse("--format json --color never --log-format json -vv").output;
        assert_eq!((output.format, output.log_format), (Format::Json, LogFormat::Json));
        assert_eq!((output.color, output.verbose, output.quiet), (When::Never, 2, false));
        assert!(parse("-q").output.quiet);
        assert_eq!(parse("--verbose --verbose").output.verbose, 2);
        assert!(Program::try_parse_from(["program", "-q", "-v"]).is_err());
    }

    #[test]
    fn files_and_folders_are_paths() {
        let program = parse("--config a.toml --status-dir b");
        assert_eq!(program.config.config, Some(PathBuf::from("a.toml")));
        assert_eq!(program.status.status_dir, Some(PathBuf::from("b")));
    }
}

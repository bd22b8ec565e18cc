//! What is made of the definitions of the command line: a manual page, and completions.

use std::ffi::OsString;

use clap::{Command, ValueEnum};
use clap_complete::Shell;

use crate::man;

/// What `--generate` prints.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Generated {
    /// Manual page, for `man -l -`
    Man,
    /// Completions for bash
    CompleteBash,
    /// Completions for zsh
    CompleteZsh,
    /// Completions for fish
    CompleteFish,
    /// Completions for PowerShell
    #[value(name = "complete-powershell")]
    CompletePowerShell,
}

/// What the command line asks to generate, also where a subcommand would be needed for anything
/// else. A command line that is wrong asks for nothing.
pub(crate) fn wanted(command: &Command, words: &[OsString]) -> Option<Generated> {
    let command = command.clone().subcommand_required(false).arg_required_else_help(false);
    let matches = command.try_get_matches_from(words).ok()?;
    matches.try_get_one("generate").ok()?.copied()
}

/// Makes it of the definitions, without what they hide.
pub(crate) fn generate(command: &Command, wanted: Generated) -> std::io::Result<Vec<u8>> {
    let mut shown = shown(command);
    let shell = match wanted {
        Generated::Man => return man::page(&shown, command),
        Generated::CompleteBash => Shell::Bash,
        Generated::CompleteZsh => Shell::Zsh,
        Generated::CompleteFish => Shell::Fish,
        Generated::CompletePowerShell => Shell::PowerShell,
    };
    let mut script = Vec::new();
    let name = shown.get_name().to_owned();
    clap_complete::generate(shell, &mut shown, &name, &mut script);
    Ok(if shell == Shell::Bash { mended(&script, &name) } else { script })
}

/// The script for bash with one spelling of a program that has a hyphen: `clap_complete` 4.6.11
/// looks for `a__b` under `a__subcmd__b`, and completes nothing behind a subcommand.
fn mended(script: &[u8], name: &str) -> Vec<u8> {
    let script = String::from_utf8_lossy(script);
    script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__")).into_bytes()
}

/// The command without hidden flags and subcommands, of which the generators know nothing.
fn shown(command: &Command) -> Command {
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
    let subcommands = command.get_subcommands().filter(|command| !command.is_hide_set());
    let mut copy = Command::new(command.get_name().to_owned())
        .args(arguments.cloned())
        .subcommands(subcommands.map(shown))
        .subcommand_required(command.is_subcommand_required_set());
    if let Some(about) = command.get_about() {
        copy = copy.about(about.clone());
    }
    if let Some(about) = command.get_long_about() {
        copy = copy.long_about(about.clone());
    }
    if let Some(text) = command.get_after_help() {
        copy = copy.after_help(text.clone());
    }
    if let Some(version) = command.get_version() {
        copy = copy.version(version.to_owned());
    }
    copy
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser, Subcommand};

    use super::*;
    use crate::args::OutputArgs;

    /// Tries things out.
    #[derive(Debug, Parser)]
    #[command(version, about, after_help = "Examples:\n  try work a\n\nExit codes: 0 done.")]
    struct Program {
        #[command(flatten)]
        output: OutputArgs,
        #[command(subcommand)]
        work: Work,
    }

    #[derive(Debug, Subcommand)]
    enum Work {
        /// Work on files
        ///
        /// One after the other.
        #[command(after_help = "Examples:\n  try work .hidden \\ 'b'\n\nThat is all.")]
        Work {
            /// Files to work on
            paths: Vec<String>,
            /// Work hard
            #[arg(long, alias = "harder")]
            hard: bool,
        },
    }

    fn text(wanted: Generated) -> String {
        let command = Program::command().name("try");
        String::from_utf8(generate(&command, wanted).unwrap()).unwrap()
    }

    fn asked(words: &str) -> Option<Generated> {
        let words: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
        wanted(&Program::command(), &words)
    }

    #[test]
    fn it_is_asked_for_in_front_of_any_subcommand() {
        assert_eq!(asked("try --generate man"), Some(Generated::Man));
        let fish = asked("try -v --generate=complete-fish work");
        assert_eq!(fish, Some(Generated::CompleteFish));
        for words in ["try", "try work", "try --generate", "try --generate no", "try --help"] {
            assert_eq!(asked(words), None, "{words}");
        }
    }

    #[test]
    fn shells_complete_what_help_shows() {
        for wanted in [
            Generated::CompleteBash,
            Generated::CompleteZsh,
            Generated::CompleteFish,
            Generated::CompletePowerShell,
        ] {
            let script = text(wanted);
            for part in ["try", "work", "hard", "format", "quiet", "overwrite"] {
                assert!(script.contains(part), "{wanted:?}: {part}");
            }
            for part in ["log-filter", "no-color", "clicolor", "harder"] {
                assert!(!script.contains(part), "{wanted:?}: {part}");
            }
        }
    }

    #[test]
    fn the_manual_has_all_in_one_page() {
        let page = text(Generated::Man);
        let sections: Vec<_> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        assert_eq!(
            sections,
            [
                "NAME",
                "SYNOPSIS",
                "DESCRIPTION",
                "OPTIONS",
                "COMMANDS",
                "ENVIRONMENT",
                "\"EXIT STATUS\"",
                "EXAMPLES"
            ]
        );
        assert!(page.contains(".SS \"try work\""), "{page}");
        for part in ["\\-\\-hard", "One after the other.", "That is all.", "\\fBRUST_LOG\\fR"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(page.matches("\\fB\\-\\-overwrite\\fR").count(), 1, "once: {page}");
        assert!(page.contains("try work .hidden \\\\ \\*(Aqb\\*(Aq"), "{page}");
        assert!(!page.contains("\n\n"), "{page}");
    }
}

//! Command lines in the documents are understood by the program they name.
//!
//! Only `cargo xtask` is looked at here; the tests of whole commands do the same for the
//! programs, whose definitions this package does not know.

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::Arguments;
use crate::tidy::checkout::{Checkout, has_extension};

const PROGRAM: &str = "cargo xtask";

pub(crate) fn check(checkout: &Checkout) -> Vec<String> {
    let documents = checkout.files.iter().filter(|path| {
        *path == "README.md" || (path.starts_with("docs/") && has_extension(path, "md"))
    });
    let findings = documents.flat_map(|path| {
        let text = checkout.text(path).unwrap_or_default();
        let found = findings(&text).into_iter();
        found.map(move |(line, finding)| format!("{path}:{line}: {finding}")).collect::<Vec<_>>()
    });
    findings.collect()
}

fn findings(document: &str) -> Vec<(usize, String)> {
    let commands = commands(document).into_iter();
    commands.filter_map(|(line, command)| Some((line, complaint(&command)?))).collect()
}

/// Every command in a block marked `sh`, with the number of its first line.
fn commands(document: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut is_inside, mut is_continued) = (false, false);
    for (number, line) in (1..).zip(document.lines()) {
        if line.trim_start().starts_with("```") {
            is_inside = line.trim() == "```sh";
            continue;
        }
        if !is_inside {
            continue;
        }
        let (text, goes_on) = line.strip_suffix('\\').map_or((line, false), |text| (text, true));
        match found.last_mut().filter(|_| is_continued) {
            Some((_, command)) => command.push_str(text),
            None => found.push((number, text.to_owned())),
        }
        is_continued = goes_on;
    }
    found
}

/// What the program itself says against the command.
fn complaint(command: &str) -> Option<String> {
    let arguments = command.trim().strip_prefix(PROGRAM)?;
    let Some(words) = words(arguments) else { return Some("a quote is not closed".to_owned()) };
    let error =
        Arguments::try_parse_from(std::iter::once(PROGRAM.to_owned()).chain(words)).err()?;
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    (!is_help).then(|| error.to_string().lines().next().unwrap_or_default().to_owned())
}

/// The words of the first simple command, as a shell would cut them; `None` when a quote is open.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '&' | ';' | '>' | '<') => break,
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            (None | Some(_), _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(commands: &str, expected: &[(usize, &str)]) {
        let found = findings(&format!("Text.\n```sh\n{commands}\n```\ncargo xtask nonsense\n"));
        let found: Vec<_> = found.iter().map(|(line, text)| (*line, text.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn commands_that_exist_are_fine() {
        check("cargo xtask test", &[]);
        check("cargo xtask test -- -p cowrie-store 'a name'  # one test", &[]);
        check("cargo xtask ci --keep-going | tee log", &[]);
        check("cargo xtask ci \\\n  --keep-going", &[]);
        check("cargo xtask --help", &[]);
        check("ls --nonsense", &[]);
    }

    #[test]
    fn commands_that_do_not_exist_are_found() {
        check("ls\ncargo xtask nonsense", &[(4, "error: unrecognized subcommand 'nonsense'")]);
        check("cargo xtask ci --nonsense", &[(3, "error: unexpected argument '--nonsense' found")]);
        check("cargo xtask test 'open", &[(3, "a quote is not closed")]);
    }
}

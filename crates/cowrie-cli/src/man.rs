//! One manual page for a program and all its subcommands.

use std::io;

use clap::{Arg, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::Exit;

/// The page of `shown`, which is `all` without what is hidden; the hidden flags of `all` stand for
/// variables of the environment.
pub(crate) fn page(shown: &Command, all: &Command) -> io::Result<Vec<u8>> {
    let name = shown.get_name();
    let source = format!("{name} {}", shown.get_version().unwrap_or_default());
    let about = shown.get_about().map(ToString::to_string).unwrap_or_default();
    let (examples, notes) = parted(shown);
    let mut roff = Roff::new();
    // A release has no date of its own.
    let date = "\"\"";
    roff.control("TH", [name.to_uppercase().as_str(), "1", date, &source, "Cowrie Processor"]);
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("{name} - {}", about.trim_end_matches('.')))]);
    roff.control("SH", ["SYNOPSIS"]);
    synopsis(&mut roff, shown, name);
    roff.control("SH", ["DESCRIPTION"]);
    description(&mut roff, shown);
    roff.control("SH", ["OPTIONS"]);
    roff.text([roman(
        "They stand in front of a command or behind it; --generate and --version in front.",
    )]);
    let mut page = roff.render();
    page.push_str(&options(shown)?);
    if shown.has_subcommands() {
        page.push_str(".SH COMMANDS\n");
        commands(&mut page, shown, name)?;
    }
    let mut roff = Roff::new();
    environment(&mut roff, all);
    exit_status(&mut roff, &notes);
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
        literal(&mut roff, &examples);
    }
    page.push_str(&roff.render());
    Ok(tidied(&page).into_bytes())
}

/// How each command is written, one below the other.
fn synopsis(roff: &mut Roff, command: &Command, path: &str) {
    let usage = command.clone().bin_name(path).render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    roff.text([bold(path), roman(usage.strip_prefix(path).unwrap_or(usage))]);
    for subcommand in command.get_subcommands() {
        roff.control("br", []);
        synopsis(roff, subcommand, &format!("{path} {}", subcommand.get_name()));
    }
}

fn description(roff: &mut Roff, command: &Command) {
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    for paragraph in about.split("\n\n") {
        roff.text([roman(paragraph)]);
        roff.control("PP", []);
    }
}

/// The options of one command, without a heading.
fn options(command: &Command) -> io::Result<String> {
    let command = command.clone().disable_help_subcommand(true);
    let mut section = Vec::new();
    Man::new(command).render_options_section(&mut section)?;
    let section = String::from_utf8_lossy(&section);
    let lines = section.lines().filter(|line| !line.starts_with(".SH "));
    Ok(lines.flat_map(|line| [line, "\n"]).collect())
}

/// Each subcommand with its options and examples, and those below it.
fn commands(page: &mut String, command: &Command, path: &str) -> io::Result<()> {
    for subcommand in command.get_subcommands() {
        let path = format!("{path} {}", subcommand.get_name());
        let mut roff = Roff::new();
        roff.control("SS", [path.as_str()]);
        description(&mut roff, subcommand);
        page.push_str(&roff.render());
        // That it can be helped stands in front already.
        page.push_str(&options(&subcommand.clone().disable_help_flag(true))?);
        let (examples, notes) = parted(subcommand);
        let mut roff = Roff::new();
        roff.control("PP", []);
        for note in notes {
            roff.text([roman(note)]);
            roff.control("PP", []);
        }
        literal(&mut roff, &examples);
        page.push_str(&roff.render());
        commands(page, subcommand, &path)?;
    }
    Ok(())
}

/// What follows the help of a command: its examples, and every other paragraph.
fn parted(command: &Command) -> (String, Vec<String>) {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (mut examples, mut notes) = (String::new(), Vec::new());
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        match paragraph.strip_prefix("Examples:\n") {
            Some(lines) => examples.push_str(lines),
            None => notes.push(paragraph.to_owned()),
        }
    }
    (examples, notes)
}

/// Lines as they are, one below the other.
fn literal(roff: &mut Roff, lines: &str) {
    if lines.is_empty() {
        return;
    }
    roff.control("PP", []);
    roff.control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// The variables that hidden flags stand for.
fn environment(roff: &mut Roff, command: &Command) {
    roff.control("SH", ["ENVIRONMENT"]);
    for argument in command.get_arguments().filter(|argument| argument.is_hide_set()) {
        let Some(variable) = argument.get_env() else { continue };
        roff.control("TP", []);
        roff.text([bold(variable.to_string_lossy())]);
        roff.text([roman(help(argument))]);
    }
}

fn help(argument: &Arg) -> String {
    argument.get_help().map(ToString::to_string).unwrap_or_default()
}

fn exit_status(roff: &mut Roff, notes: &[String]) {
    roff.control("SH", ["EXIT STATUS"]);
    for exit in Exit::ALL {
        roff.control("TP", []);
        roff.text([bold(exit.code().to_string())]);
        roff.text([roman(exit.meaning())]);
    }
    for note in notes {
        roff.control("PP", []);
        roff.text([roman(note)]);
    }
}

/// The page with its preamble once, and without what formatters complain about: empty lines, and
/// requests for a break where there is one.
fn tidied(page: &str) -> String {
    let is_preamble = |line: &str| line.starts_with(".ie ") || line.starts_with(".el ");
    let preamble: String = page.lines().take(2).flat_map(|line| [line, "\n"]).collect();
    let rest = page.lines().skip(2).filter(|line| !is_preamble(line));
    let mut lines = rest.map(|line| if line.is_empty() { ".sp" } else { line }).peekable();
    let (mut text, mut before) = (preamble, "");
    while let Some(line) = lines.next() {
        let after = lines.peek().copied().unwrap_or(".SH");
        if !is_idle(before, line, after) {
            text.push_str(line);
            text.push('\n');
            before = line;
        }
    }
    text
}

/// Whether a break is made by what stands around it.
fn is_idle(before: &str, line: &str, after: &str) -> bool {
    let breaks = |line: &str| [".PP", ".TP", ".SH", ".SS"].iter().any(|r| line.starts_with(r));
    match line {
        ".PP" => before.is_empty() || before.starts_with(".S") || breaks(after),
        ".br" => before == ".sp" || after == ".sp",
        _ => false,
    }
}

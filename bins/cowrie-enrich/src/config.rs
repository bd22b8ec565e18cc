//! `cowrie-enrich config`: the values in force, and what is wrong with them.

use std::path::Path;
use std::sync::Arc;

use anyhow::Chain;
use cowrie_cli::table::{Align, Table};
use cowrie_cli::{Exit, ExitWith as _, print_answer, print_table, rows_at, safe};
use cowrie_config::{ConfigError, Flags, Origin, Review, Settings, Shown};
use cowrie_secrets::{ProcessEnvironment, Resolver};
use serde_json::{Value, json};
use tracing::warn;

use crate::args::Program;

/// Prints every value in force and where it comes from.
pub(crate) fn show(program: &Program) -> anyhow::Result<Exit> {
    let settings = settings(program)?;
    let format = program.output.format;
    let rows = |document: &Value| rows_at(document, "values");
    let text = || settings_table(&settings);
    print_table(format, || settings_document(&settings), text, "key,value,origin,layer", rows)?;
    Ok(Exit::Done)
}

/// Loads the settings, and says what of them the user should read once.
pub(crate) fn settings(program: &Program) -> anyhow::Result<Settings> {
    let settings = cowrie_config::load(&flags(program), Path::new(""), &ProcessEnvironment)
        .exit_with(Exit::Usage)?;
    for warning in &settings.warnings {
        warn!("{warning}");
    }
    Ok(settings)
}

/// What resolves the secrets of the settings.
pub(crate) fn resolver() -> Resolver {
    Resolver::new(env!("CARGO_BIN_NAME"), Arc::new(ProcessEnvironment))
}

/// Prints all that is wrong; whether something is makes the exit code.
pub(crate) fn check(program: &Program) -> anyhow::Result<Exit> {
    program.output.refuse_csv()?;
    let review = cowrie_config::review(&flags(program), Path::new(""), &ProcessEnvironment);
    let format = program.output.format;
    print_answer(format, || review_document(&review), || review_text(&review))?;
    Ok(if review.problems.is_empty() { Exit::Done } else { Exit::Usage })
}

fn flags(program: &Program) -> Flags {
    Flags {
        config: program.config.config.clone(),
        db: program.database.db.clone(),
        cache_dir: program.cache_dir.clone(),
        status_dir: program.status.status_dir.clone(),
    }
}

fn settings_document(settings: &Settings) -> Value {
    let value = |shown: &Shown| {
        json!({
            "key": shown.key,
            "value": shown.value,
            "origin": shown.origin.to_string(),
            "layer": layer(&shown.origin),
        })
    };
    json!({
        "schema": "cowrie-enrich.config/1",
        "file": shown_path(settings.file.as_deref()),
        "values": settings.shown().iter().map(value).collect::<Vec<_>>(),
        "warnings": settings.warnings,
    })
}

fn settings_table(settings: &Settings) -> String {
    let columns = [("KEY", Align::Left), ("VALUE", Align::Left), ("FROM", Align::Left)];
    let mut table = Table::new(&columns);
    for shown in settings.shown() {
        let nothing = || format!("({})", shown.fallback.unwrap_or("none").replace('`', ""));
        let value = shown.value.unwrap_or_else(nothing);
        table.row([shown.key, value, shown.origin.to_string()]);
    }
    table.to_string()
}

fn review_document(review: &Review) -> Value {
    json!({
        "schema": "cowrie-enrich.config-check/1",
        "file": shown_path(review.file.as_deref()),
        "problems": review.problems.iter().map(in_full).collect::<Vec<_>>(),
        "warnings": review.warnings,
    })
}

fn review_text(review: &Review) -> String {
    let problems = review.problems.iter().map(|problem| format!("problem: {}", in_full(problem)));
    let warnings = review.warnings.iter().map(|warning| format!("warning: {warning}"));
    let end = match (review.problems.len(), &review.file) {
        (0, Some(path)) => format!("The configuration in {} can be used.", path.display()),
        (0, None) => {
            "There is no configuration file; what holds without one can be used.".to_owned()
        }
        (1, _) => "The configuration cannot be used: 1 problem.".to_owned(),
        (n, _) => format!("The configuration cannot be used: {n} problems."),
    };
    let lines = problems.chain(warnings).chain([end]);
    lines.map(|line| safe::terminal(&line).into_owned() + "\n").collect()
}

/// The problem and its causes in one line.
fn in_full(problem: &ConfigError) -> String {
    let chain = Chain::new(problem);
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The kind of an origin, in one word.
fn layer(origin: &Origin) -> &'static str {
    match origin {
        Origin::Default => "default",
        Origin::File(_) => "file",
        Origin::Environment(_) => "environment",
        Origin::Flag(_) => "flag",
    }
}

fn shown_path(path: Option<&Path>) -> Option<String> {
    path.map(|path| path.display().to_string())
}

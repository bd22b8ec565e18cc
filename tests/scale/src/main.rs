//! A year of logs from a seed, and what the programs make of it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool talks to its terminal")]

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use cowrie_scale::corpus::Corpus;
use cowrie_scale::{Home, Workload, ask_again, run};

/// Loads a corpus with the released programs and says what that took.
#[derive(Debug, Parser)]
struct Arguments {
    /// What is loaded, and what it may cost
    workload: PathBuf,
    /// Where corpora, databases and reports are kept
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// Where the programs are
    #[arg(long, value_name = "DIR")]
    programs: PathBuf,
    /// A PostgreSQL server; without it only SQLite is loaded
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Sessions, instead of the workload's
    #[arg(long, value_name = "N")]
    sessions: Option<u32>,
    /// Distinct addresses, instead of the workload's
    #[arg(long, value_name = "N")]
    addresses: Option<u32>,
    /// Days that the logs span, instead of the workload's
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    /// A Python that has DuckDB, to be measured on the same logs
    #[arg(long, value_name = "PYTHON")]
    duckdb: Option<PathBuf>,
    /// Load nothing, and ask the questions once more of the databases that a run before left
    #[arg(long)]
    ask_only: bool,
    /// Write the logs and stop
    #[arg(long)]
    corpus_only: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut workload = Workload::read(&arguments.workload)?;
    let size = &mut workload.corpus;
    size.sessions = arguments.sessions.unwrap_or(size.sessions);
    size.addresses = arguments.addresses.unwrap_or(size.addresses);
    size.days = arguments.days.unwrap_or(size.days);
    let folder = arguments.folder.join(&workload.name);
    fs::create_dir_all(&folder)
        .with_context(|| format!("failed to make `{}`", folder.display()))?;
    let corpus = Corpus::in_folder(&folder, &workload.corpus)?;
    eprintln!("{} events of {} sessions", corpus.truth.events, corpus.truth.sessions);
    if arguments.corpus_only {
        return Ok(ExitCode::SUCCESS);
    }
    let Arguments { server, programs, duckdb, ask_only, .. } = arguments;
    let home = Home { folder: folder.clone(), server, programs, duckdb };
    let report = if ask_only {
        ask_again(&home, &workload, &corpus).await?
    } else {
        let report = run(&home, &workload, &corpus).await?;
        println!("report: {}", home.report().display());
        report
    };
    print!("{}", report.table());
    let failures = report.failures();
    for failure in &failures {
        eprintln!("error: {failure}");
    }
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

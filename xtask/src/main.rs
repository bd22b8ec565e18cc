//! Runs the gates, the tests with their servers, and the schema steps.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool talks to its terminal")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod apt;
mod ci;
mod coverage;
mod db;
mod imports;
mod process;
mod scale;
mod services;
mod test;
mod tidy;
mod workspace;

/// Tasks of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run every gate: formatting, secrets, lints, documentation, rules, licences, imports, tests
    Ci(ci::Arguments),
    /// Change or read the schema of a database, or check that the steps go both ways
    #[command(subcommand)]
    Db(db::Task),
    /// Import and package each published crate as a stranger would
    Imports,
    /// Load a corpus with the released programs, and hold what that takes to a budget
    ScaleTest(scale::Arguments),
    /// Run the tests with servers of their own
    Test(test::Arguments),
    /// Check the rules that the compiler does not know
    Tidy,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Ci(arguments) => ci::run(&arguments),
        Task::Db(task) => db::run(&task),
        Task::Imports => imports::run().map(|()| ExitCode::SUCCESS),
        Task::ScaleTest(arguments) => scale::run(&arguments),
        Task::Test(arguments) => test::run(&arguments),
        Task::Tidy => tidy::run().map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

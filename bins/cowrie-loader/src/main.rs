//! Loads Cowrie log files into sessions, events, files, inventories and snapshots.

mod answer;
mod args;
mod database;
mod dead_letters;
mod explain;
mod gaps;
mod inputs;
mod load;
mod observe;
mod reading;
mod report;
mod run_row;
mod settings;
mod source;
mod verify;

use std::process::ExitCode;

use cowrie_cli::signals::Stop;
use cowrie_cli::{Exit, run, start};

use crate::args::{Program, Work};
use crate::load::Mode;

fn main() -> ExitCode {
    match start(|program: &Program| &program.output) {
        Ok(program) => run(async move |stop| work(&program, stop).await),
        Err(code) => code,
    }
}

async fn work(program: &Program, stop: &Stop) -> anyhow::Result<Exit> {
    if !program.work.has_table() {
        program.output.refuse_csv()?;
    }
    match &program.work {
        Work::Bulk(args) => load::run(program, args, Mode::Whole, stop).await,
        Work::Delta(args) => load::run(program, &args.load, Mode::New(args), stop).await,
        Work::Verify(args) => verify::run(program, args, stop).await,
        Work::DeadLetters(args) => dead_letters::run(program, args, stop).await,
        Work::Gaps(args) => gaps::run(program, args).await,
        Work::Explain(args) => explain::run(program, args, stop).await,
    }
}

//! Loads Cowrie log files into sessions, events, files, inventories and snapshots.

mod args;
mod bulk;
mod database;
mod observe;
mod report;
mod source;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use cowrie_cli::args::command_line;
use cowrie_cli::{Exit, finish, logging, run};

use crate::args::{Program, Work};

fn main() -> ExitCode {
    let program = Program::parse_from(command_line(std::env::args_os()));
    if let Err(error) = logging::init(&program.output).context("failed to set up messages") {
        return finish(Err::<Exit, _>(error));
    }
    run(async move |stop| match &program.work {
        Work::Bulk(args) => bulk::run(&program, args, &stop).await,
    })
}

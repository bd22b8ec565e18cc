//! Loads Cowrie log files into sessions, events, files, inventories and snapshots.

mod args;
mod bulk;
mod database;
mod observe;
mod report;
mod source;

use std::process::ExitCode;

use cowrie_cli::{run, start};

use crate::args::{Program, Work};

fn main() -> ExitCode {
    match start(|program: &Program| &program.output) {
        Ok(program) => run(async move |stop| match &program.work {
            Work::Bulk(args) => bulk::run(&program, args, stop).await,
        }),
        Err(code) => code,
    }
}

//! Asks sources of enrichment, and looks after what they need: keys, databases, lists and the cache.

mod args;
mod cache;
mod config;
mod credentials;
mod databases;
mod lookup;
mod place;
mod probe;

use std::process::ExitCode;

use cowrie_cli::{run, start};

use crate::args::{ConfigWork, Program, Work};

fn main() -> ExitCode {
    match start(|program: &Program| &program.output) {
        Ok(program) => run(async move |_stop| match &program.work {
            Work::Lookup(args) => Box::pin(lookup::run(&program, args)).await,
            Work::Databases { work } => Box::pin(databases::run(&program, work)).await,
            Work::Cache { work } => Box::pin(cache::run(&program, work)).await,
            Work::Config { work: ConfigWork::Show } => config::show(&program),
            Work::Config { work: ConfigWork::Check } => config::check(&program),
            Work::Credentials(args) => Box::pin(credentials::run(&program, args)).await,
        }),
        Err(code) => code,
    }
}

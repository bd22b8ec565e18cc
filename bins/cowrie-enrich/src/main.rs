//! Shows and checks the settings under which sources are asked.

mod args;
mod config;
mod credentials;

use std::process::ExitCode;

use cowrie_cli::{run, start};

use crate::args::{ConfigWork, Program, Work};

fn main() -> ExitCode {
    match start(|program: &Program| &program.output) {
        Ok(program) => run(async move |_stop| match &program.work {
            Work::Config { work: ConfigWork::Show } => config::show(&program),
            Work::Config { work: ConfigWork::Check } => config::check(&program),
            Work::Credentials(args) => credentials::run(&program, args).await,
        }),
        Err(code) => code,
    }
}

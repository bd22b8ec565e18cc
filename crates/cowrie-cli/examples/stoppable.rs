//! A program that works until it is stopped, and needs a moment to stop.
//!
//! It prints `working` when signals are watched, and `committed` when it stopped in good order.
//! The number of milliseconds that stopping takes is its only argument.

#![expect(clippy::print_stdout, reason = "what is printed is what the example is about")]

use std::process::ExitCode;
use std::time::Duration;

use cowrie_cli::{Exit, run};

fn main() -> ExitCode {
    let argument = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let moment = Duration::from_millis(argument.unwrap_or(0));
    run(async |stop| {
        println!("working");
        stop.token().cancelled().await;
        println!("stopping");
        tokio::time::sleep(moment).await;
        println!("committed");
        Ok(Exit::Done)
    })
}

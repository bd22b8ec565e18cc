//! `cargo xtask db`: the schema's steps, by hand or checked both ways.
//!
//! The work is done by a program that links the steps. This one does not, so that every other
//! task starts without compiling a database.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::{process, test};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Task {
    /// Apply the missing steps
    Up {
        #[command(flatten)]
        place: Place,
        /// The last step to apply; all when not given
        #[arg(long)]
        to: Option<u32>,
    },
    /// Roll steps back; what their tables hold is lost
    Down {
        #[command(flatten)]
        place: Place,
        /// The newest step that stays; 0 leaves no tables
        #[arg(long)]
        to: u32,
    },
    /// Roll everything back and apply it anew; all data is lost
    Fresh {
        #[command(flatten)]
        place: Place,
    },
    /// Say which steps the database has
    Status {
        #[command(flatten)]
        place: Place,
    },
    /// Go up, down and up on new databases of every kind, and compare
    Check,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// The database, for example `sqlite://cowrie.sqlite?mode=rwc`
    #[arg(long)]
    url: String,
}

pub(crate) fn run(task: &Task) -> Result<ExitCode> {
    match task {
        Task::Up { place, to } => step("up", place, *to),
        Task::Down { place, to } => step("down", place, Some(*to)),
        Task::Fresh { place } => {
            let down = step("down", place, Some(0))?;
            if down == ExitCode::SUCCESS { step("up", place, None) } else { Ok(down) }
        }
        Task::Status { place } => step("status", place, None),
        Task::Check => {
            let arguments = ["-p", "cowrie-testdb", "--test", "both_ways"].map(OsString::from);
            test::run(&test::Arguments::for_cargo(arguments))
        }
    }
}

fn step(verb: &str, place: &Place, to: Option<u32>) -> Result<ExitCode> {
    let mut command = process::cargo();
    command.args(["run", "--quiet", "--locked", "--package", "cowrie-testdb"]);
    command.args(["--example", "schema", "--", verb, "--url", &place.url]);
    if let Some(to) = to {
        command.args(["--to", &to.to_string()]);
    }
    // What it printed says enough.
    let status = process::status(&mut command)?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

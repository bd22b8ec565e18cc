//! The command line.

use clap::{Parser, Subcommand};
use cowrie_cli::args::{ConfigArgs, DatabaseArgs, OutputArgs};

/// Makes and checks the schema of a Cowrie Processor database.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub(crate) struct Program {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(subcommand)]
    pub(crate) work: Work,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Work {
    /// Bring the schema up to date, step by step; running it again does nothing
    Migrate {
        /// Print what would be done, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Stop after this version
        #[arg(long, value_name = "N")]
        to: Option<u32>,
    },
    /// Show which steps the database has
    Status,
    /// Compare the database with what this program expects
    Check,
    /// Take steps back; what only their tables held is lost
    ///
    /// Below version 18 the events go and the summaries made of them stay: load into a new
    /// database afterwards, not into this one.
    Rollback {
        /// The version to go back to; 0 leaves no table
        #[arg(long, value_name = "N")]
        to: u32,
    },
}

const EXAMPLES: &str = "\
Examples:
  cowrie-db migrate --db env:DATABASE_URL
  cowrie-db status --db cowrie.sqlite
  cowrie-db check --db cowrie.sqlite --format json

Exit codes: 0 done, 1 `check` found a difference, 2 wrong usage, 4 nothing could be done.";

//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use cowrie_cli::args::{ConfigArgs, DatabaseArgs, OutputArgs, StatusArgs};

/// Loads Cowrie honeypot logs into SQLite or PostgreSQL.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub(crate) struct Program {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) status: StatusArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(subcommand)]
    pub(crate) work: Work,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Work {
    /// Load whole files; what is already there stays as it is
    Bulk(BulkArgs),
    /// List, show or purge what could not be read
    DeadLetters(crate::dead_letters::DeadLettersArgs),
    /// Tell when events may be missing: gaps in files, and sensors without a session
    Gaps(crate::gaps::GapsArgs),
    /// Tell how a line of a log is read, without a database
    Explain(crate::explain::ExplainArgs),
}

#[derive(Args, Debug)]
#[command(after_help = BULK_EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct BulkArgs {
    /// Files, folders, patterns, or `-` for standard input
    ///
    /// Plain, gzip, bzip2, xz and zstd, told apart by their content. A folder is walked, sorted
    /// by name. Without any, the sensor's `logpath` is read.
    #[arg(value_name = "PATH", required_unless_present = "sensor")]
    pub(crate) paths: Vec<String>,
    /// Section of the configuration that applies [default: the one named as the events' sensor]
    #[arg(long, value_name = "NAME")]
    pub(crate) sensor: Option<String>,
    /// Folder with GeoLite2 or GeoIP2 databases (*.mmdb)
    #[arg(long, value_name = "DIR")]
    pub(crate) mmdb_dir: Option<PathBuf>,
    /// Look up networks and countries even where the configuration says not to
    #[arg(long, overrides_with = "no_enable_asn_inventory")]
    pub(crate) enable_asn_inventory: bool,
    /// Look nothing up: sessions get no snapshot
    #[arg(long)]
    pub(crate) no_enable_asn_inventory: bool,
    /// Go on when a path does not exist
    #[arg(long)]
    pub(crate) ignore_missing: bool,
    /// Do everything but write, and print the same summary
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Events per transaction, at most
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) batch_size: u32,
    /// Longest event that is read, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20)]
    #[arg(value_parser = clap::value_parser!(u32).range(1024..=1 << 30))]
    pub(crate) max_record_bytes: u32,
    /// Most bytes that one compressed file may inflate to
    ///
    /// Without it, a file may inflate to a thousand times its size.
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_inflated_bytes: Option<u64>,
    /// Name of the run in the rows it writes [default: its time and process]
    #[arg(long, value_name = "NAME")]
    pub(crate) ingest_id: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  cowrie-loader bulk /var/log/cowrie --db cowrie.sqlite
  cowrie-loader bulk --db env:DATABASE_URL --mmdb-dir /usr/share/GeoIP logs/
  cowrie-loader dead-letters list --db cowrie.sqlite
  cowrie-loader gaps --silence 12h --db cowrie.sqlite

Exit codes: 0 done, 2 wrong usage, 3 done in part, 4 nothing could be done,
130 and 143 stopped by a signal after the batch at hand was committed.";

const BULK_EXAMPLES: &str = "\
Examples:
  cowrie-loader bulk logs/cowrie.json.2026-04-2*
  zcat old.gz | cowrie-loader bulk - --db cowrie.sqlite
  cowrie-loader bulk logs/ --mmdb-dir /usr/share/GeoIP --format json
  cowrie-loader bulk logs/ --dry-run

Loading the same content again, under whatever name, changes nothing.";

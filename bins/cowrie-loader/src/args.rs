//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use cowrie_cli::args::{ConfigArgs, DatabaseArgs, OutputArgs, StatusArgs};
use cowrie_cli::span::Span;
use cowrie_config::Settings;
use cowrie_ingest::TRANSACTION_EVENTS;
use cowrie_logfile::Limits;
use cowrie_store::Store;

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
    #[command(after_help = BULK_EXAMPLES)]
    Bulk(LoadArgs),
    /// Load what is new in files: those that did not change are not opened
    #[command(after_help = DELTA_EXAMPLES)]
    Delta(DeltaArgs),
    /// Prove that what stands in files is in the database
    #[command(after_help = crate::verify::EXAMPLES)]
    Verify(crate::verify::VerifyArgs),
    /// List, show, replay or purge what could not be read
    DeadLetters(crate::dead_letters::DeadLettersArgs),
    /// Tell when events may be missing: gaps in files, and sensors without a session
    Gaps(crate::gaps::GapsArgs),
    /// Tell how a line of a log is read, without a database
    Explain(crate::explain::ExplainArgs),
}

impl Work {
    /// Whether its answer is a table.
    pub(crate) fn has_table(&self) -> bool {
        matches!(self, Self::Gaps(_)) || matches!(self, Self::DeadLetters(args) if args.has_table())
    }
}

/// What is read.
#[derive(Args, Debug)]
pub(crate) struct InputArgs {
    /// Files, folders, patterns, or `-` for standard input
    ///
    /// Plain, gzip, bzip2, xz and zstd, told apart by their content. A folder is walked, sorted
    /// by name. Without any, the sensor's `logpath` is read.
    #[arg(value_name = "PATH", required_unless_present_any = ["sensor", "all_sensors"])]
    pub(crate) paths: Vec<String>,
    /// Section of the configuration that applies [default: the one named as the events' sensor]
    #[arg(long, value_name = "NAME")]
    pub(crate) sensor: Option<String>,
    /// Read the logs of every sensor that has a `logpath`, one after the other
    #[arg(long, conflicts_with_all = ["sensor", "paths"])]
    pub(crate) all_sensors: bool,
    /// Go on when a path does not exist
    #[arg(long)]
    pub(crate) ignore_missing: bool,
}

/// Bounds on what is read.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct LimitArgs {
    /// Longest event that is read, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20)]
    #[arg(value_parser = clap::value_parser!(u32).range(1024..=1 << 30))]
    max_record_bytes: u32,
    /// Most bytes that one compressed file may inflate to
    ///
    /// Without it, a file may inflate to a thousand times its size.
    #[arg(long, value_name = "BYTES")]
    max_inflated_bytes: Option<u64>,
}

impl LimitArgs {
    pub(crate) fn limits(self) -> Limits {
        Limits {
            max_record_bytes: usize::try_from(self.max_record_bytes).unwrap_or(usize::MAX),
            max_inflated_bytes: self.max_inflated_bytes,
            ..Limits::STANDARD
        }
    }
}

/// How events are written.
#[derive(Args, Debug)]
pub(crate) struct WriteArgs {
    /// Folder with GeoLite2 or GeoIP2 databases (*.mmdb)
    #[arg(long, value_name = "DIR")]
    pub(crate) mmdb_dir: Option<PathBuf>,
    /// Look up networks and countries even where the configuration says not to
    #[arg(long, overrides_with = "no_enable_asn_inventory")]
    enable_asn_inventory: bool,
    /// Look nothing up: sessions get no snapshot
    #[arg(long, alias = "skip-enrich")]
    no_enable_asn_inventory: bool,
    /// Do everything but write, and print the same summary
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Seconds to wait for another program that is writing into the database
    #[arg(long, value_name = "SECONDS", default_value_t = Store::STANDARD_WAIT.as_secs())]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    lock_wait: u64,
}

impl WriteArgs {
    /// How long to wait for another program that is writing.
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_secs(self.lock_wait)
    }

    /// Whether the addresses of a sensor are looked up: a flag for the run, else its
    /// configuration.
    pub(crate) fn is_wanted(&self, settings: &Settings, sensor: Option<&str>) -> bool {
        match (self.enable_asn_inventory, self.no_enable_asn_inventory) {
            (true, _) => true,
            (_, true) => false,
            _ => sensor.is_none_or(|name| settings.sensor_enabled(name)),
        }
    }
}

/// What both ways of loading take.
#[derive(Args, Debug)]
pub(crate) struct LoadArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
    /// Events per transaction, about; they are merged up to 15,000 at a time
    #[arg(long, value_name = "N", default_value_t = TRANSACTION_EVENTS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) batch_size: u32,
    /// Name of the run in the rows it writes [default: its time and process]
    #[arg(long, value_name = "NAME", conflicts_with = "all_sensors")]
    pub(crate) ingest_id: Option<String>,
}

/// What `delta` takes.
#[derive(Args, Debug)]
pub(crate) struct DeltaArgs {
    #[command(flatten)]
    pub(crate) load: LoadArgs,
    /// Go on looking for what is new until a signal stops it
    #[arg(long, conflicts_with_all = ["all_sensors", "dry_run"])]
    pub(crate) follow: bool,
    /// Between two looks at the files with `--follow`
    #[arg(long, value_name = "SPAN", default_value = "2s")]
    pub(crate) interval: Span,
    /// How long after the last write to a file its end is final
    ///
    /// Until then a last line without an end waits for its rest, and so does an archive that is
    /// cut short; after that it is a dead letter.
    #[arg(long, value_name = "SPAN", default_value = "1h")]
    pub(crate) settle: Span,
}

const EXAMPLES: &str = "\
Examples:
  cowrie-loader bulk /var/log/cowrie --db cowrie.sqlite
  cowrie-loader delta /var/log/cowrie --db cowrie.sqlite --follow
  cowrie-loader bulk --db env:DATABASE_URL --mmdb-dir /usr/share/GeoIP logs/
  cowrie-loader verify /var/log/cowrie --db cowrie.sqlite
  cowrie-loader dead-letters list --db cowrie.sqlite
  cowrie-loader gaps --silence 12h --db cowrie.sqlite

Exit codes: 0 done, 1 not verified, 2 wrong usage, 3 done in part, 4 nothing could be done,
130 and 143 stopped by a signal after the batch at hand was committed.";

const BULK_EXAMPLES: &str = "\
Examples:
  cowrie-loader bulk logs/cowrie.json.2026-04-2*
  zcat old.gz | cowrie-loader bulk - --db cowrie.sqlite
  cowrie-loader bulk logs/ --mmdb-dir /usr/share/GeoIP --format json
  cowrie-loader bulk logs/ --dry-run

Loading the same content again, under whatever name, changes nothing.";

const DELTA_EXAMPLES: &str = "\
Examples:
  cowrie-loader delta /var/log/cowrie --db cowrie.sqlite
  cowrie-loader delta --all-sensors --quiet
  cowrie-loader delta --sensor frankfurt --follow

How far each file was read is kept in the database, together with what was read.
Rotated, truncated, replaced and recreated files are known for what they are.";

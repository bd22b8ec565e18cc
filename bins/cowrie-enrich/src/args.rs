//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use cowrie_cli::args::{ConfigArgs, DatabaseArgs, OutputArgs, StatusArgs};

/// Asks sources of enrichment, and looks after what they need: keys, databases, lists and the cache.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
pub(crate) struct Program {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Folder in which answers of sources are kept
    #[arg(long, value_name = "DIR", global = true, help_heading = "Shared options")]
    pub(crate) cache_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) status: StatusArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(subcommand)]
    pub(crate) work: Work,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Work {
    /// Ask every source about one address, file or domain, and show who said what
    #[command(after_help = crate::lookup::EXAMPLES)]
    Lookup(crate::lookup::LookupArgs),
    /// Fetch MMDB files and lists, or say how those at hand are
    Databases {
        #[command(subcommand)]
        work: crate::databases::DatabasesWork,
    },
    /// Count, prune or clear the answers that are kept
    Cache {
        #[command(subcommand)]
        work: crate::cache::CacheWork,
    },
    /// Show or check the configuration, without network and without opening a secret
    Config {
        #[command(subcommand)]
        work: ConfigWork,
    },
    /// List the references to secrets, and say whether they resolve
    #[command(after_help = crate::credentials::EXAMPLES)]
    Credentials(crate::credentials::CredentialsArgs),
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigWork {
    /// Print every value in force and where it comes from; secrets as references
    #[command(after_help = SHOW_EXAMPLES)]
    Show,
    /// Say all that is wrong with the configuration
    #[command(after_help = CHECK_EXAMPLES)]
    Check,
}

const EXAMPLES: &str = "\
Examples:
  cowrie-enrich lookup 8.8.8.8
  cowrie-enrich databases update
  cowrie-enrich cache stats
  cowrie-enrich config check --config config/sensors.toml
  cowrie-enrich credentials --probe

Exit codes: 0 done, 1 a secret cannot be had or is refused, 2 wrong usage or configuration, 3 done in part, 4 nothing could be done.";

const SHOW_EXAMPLES: &str = "\
Examples:
  cowrie-enrich config show
  cowrie-enrich config show --db env:DATABASE_URL --format json

Exit codes: 0 done, 2 wrong usage or configuration.";

const CHECK_EXAMPLES: &str = "\
Examples:
  cowrie-enrich config check
  cowrie-enrich config check --config config/sensors.toml --format json

Exit codes: 0 the configuration can be used, warnings or not; 2 it cannot.";

//! The settings of a run: flags, environment and file.

use std::path::Path;

use cowrie_cli::{Exit, ExitWith};
use cowrie_config::{Flags, Settings};
use cowrie_secrets::ProcessEnvironment;
use tracing::warn;

use crate::args::Program;

/// Loads them, and says what of them the user should read once.
pub(crate) fn settings(program: &Program) -> anyhow::Result<Settings> {
    let flags = Flags {
        config: program.config.config.clone(),
        db: program.database.db.clone(),
        cache_dir: None,
        status_dir: program.status.status_dir.clone(),
    };
    let settings =
        cowrie_config::load(&flags, Path::new(""), &ProcessEnvironment).exit_with(Exit::Usage)?;
    for warning in &settings.warnings {
        warn!("{warning}");
    }
    Ok(settings)
}

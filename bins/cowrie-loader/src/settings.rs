//! The settings of a run: flags, environment and file, and what resolves the secrets in them.

use std::path::Path;
use std::sync::Arc;

use cowrie_cli::{Exit, ExitWith, Failure};
use cowrie_config::{DatabaseUrl, Flags, Settings};
use cowrie_secrets::{ProcessEnvironment, Resolver};
use cowrie_store::Target;
use tracing::warn;

use crate::args::Program;

/// The settings, and what they refer to.
pub(crate) struct Setup {
    pub(crate) settings: Settings,
    pub(crate) resolver: Resolver,
}

impl Setup {
    /// Loads the settings, and says what of them the user should read once.
    pub(crate) fn load(program: &Program) -> anyhow::Result<Self> {
        let flags = Flags {
            config: program.config.config.clone(),
            db: program.database.db.clone(),
            cache_dir: None,
            status_dir: program.status.status_dir.clone(),
        };
        let environment = ProcessEnvironment;
        let settings =
            cowrie_config::load(&flags, Path::new(""), &environment).exit_with(Exit::Usage)?;
        for warning in &settings.warnings {
            warn!("{warning}");
        }
        let resolver = Resolver::new(env!("CARGO_BIN_NAME"), Arc::new(environment));
        Ok(Self { settings, resolver })
    }

    /// Where the database of a sensor is, or that of runs that name none.
    pub(crate) async fn target(&self, sensor: Option<&str>) -> anyhow::Result<Target> {
        let settings = &self.settings;
        let setting = sensor.map_or(&settings.database, |name| settings.database_of(name));
        match setting.resolve(&self.resolver).await.exit_with(Exit::Usage)? {
            DatabaseUrl::SqliteMemory => {
                Err(Failure::usage("a database in memory would be gone at the end").into())
            }
            DatabaseUrl::Sqlite { path } => Ok(Target::Sqlite(path)),
            DatabaseUrl::Postgres { url, shown } => Ok(Target::Postgres { url, shown }),
        }
    }
}

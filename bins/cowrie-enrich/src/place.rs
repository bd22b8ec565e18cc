//! Where the program works: settings, secrets, database and sources.

use std::sync::Arc;
use std::time::Duration;

use cowrie_cli::{Exit, ExitWith as _, Failure};
use cowrie_config::{DatabaseUrl, Settings};
use cowrie_core::SystemClock;
use cowrie_secrets::Resolver;
use cowrie_sources::{Site, Sources};
use cowrie_store::{Store, Target};

use crate::args::Program;
use crate::config;

/// How long the cache and the quota wait for another writer of a SQLite file.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// What every command of sources needs.
pub(crate) struct Place {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) sources: Sources,
}

impl Place {
    /// Opens the database, which is made when it is a file, and builds the sources.
    ///
    /// Without a database nobody would know how much of a quota is left, so there is no way
    /// around one.
    pub(crate) async fn open(program: &Program, sensor: Option<&str>) -> anyhow::Result<Self> {
        let settings = config::settings(program)?;
        if let Some(name) = sensor
            && settings.sensor(name).is_none()
        {
            return Err(Failure::usage(format!("no section names the sensor `{name}`")).into());
        }
        let resolver = Arc::new(config::resolver());
        let target = target(&settings, sensor, &resolver).await?;
        let store = Store::open(&target, BUSY_WAIT).await?;
        let site = Site {
            settings: &settings,
            sensor,
            resolver,
            database: store.connection().clone(),
            clock: Arc::new(SystemClock),
        };
        let sources = Sources::open(site).await;
        Ok(Self { settings, store, sources })
    }

    /// Gives the database back.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        drop(self.sources);
        Ok(self.store.close().await?)
    }
}

async fn target(
    settings: &Settings,
    sensor: Option<&str>,
    resolver: &Resolver,
) -> anyhow::Result<Target> {
    let setting = sensor.map_or(&settings.database, |name| settings.database_of(name));
    match setting.resolve(resolver).await.exit_with(Exit::Usage)? {
        DatabaseUrl::SqliteMemory => {
            Err(Failure::usage("a database in memory would be gone at the end").into())
        }
        DatabaseUrl::Sqlite { path } => Ok(Target::Sqlite(path)),
        DatabaseUrl::Postgres { url, shown } => Ok(Target::Postgres { url, shown }),
    }
}

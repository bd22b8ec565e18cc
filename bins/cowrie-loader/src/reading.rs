//! A database that is there, for questions: it is neither made nor migrated.

use std::time::Duration;

use cowrie_cli::{Exit, ExitWith, Failure};
use cowrie_config::{DatabaseUrl, Settings};
use cowrie_secrets::ProcessEnvironment;
use cowrie_store::{Store, Target};

/// Opens the database of the settings, or that of a sensor; gives it with its name for people.
/// Whoever writes waits so long for others.
pub(crate) async fn open(
    settings: &Settings,
    sensor: Option<&str>,
    wait: Duration,
) -> anyhow::Result<(Store, String)> {
    let setting = sensor.map_or(&settings.database, |name| settings.database_of(name));
    let url = setting.resolve(&ProcessEnvironment).exit_with(Exit::Usage)?;
    let shown = url.to_string();
    let target = match url {
        DatabaseUrl::SqliteMemory => {
            return Err(Failure::usage("a database in memory would be gone at the end").into());
        }
        DatabaseUrl::Sqlite { path } if !path.exists() => {
            let text = format!("there is no database `{}`", path.display());
            return Err(Failure::usage(text).into());
        }
        DatabaseUrl::Sqlite { path } => Target::Sqlite(path),
        DatabaseUrl::Postgres { url, shown } => Target::Postgres { url, shown },
    };
    Ok((Store::open_unchanged(&target, wait).await?, shown))
}

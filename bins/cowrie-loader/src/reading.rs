//! A database that is there, for questions: it is neither made nor migrated.

use cowrie_cli::{Exit, ExitWith, Failure};
use cowrie_config::DatabaseUrl;
use cowrie_secrets::ProcessEnvironment;
use cowrie_store::{Store, Target};

use crate::args::Program;
use crate::settings::settings;

/// Opens the database of the settings, or that of a sensor.
pub(crate) async fn open(program: &Program, sensor: Option<&str>) -> anyhow::Result<Store> {
    let settings = settings(program)?;
    let setting = sensor.map_or(&settings.database, |name| settings.database_of(name));
    let target = match setting.resolve(&ProcessEnvironment).exit_with(Exit::Usage)? {
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
    Ok(Store::open_unchanged(&target, Store::STANDARD_WAIT).await?)
}

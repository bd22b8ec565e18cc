//! A database that is there, for questions: it is neither made nor migrated.

use std::time::Duration;

use cowrie_cli::Failure;
use cowrie_store::{Store, Target};

use crate::settings::Setup;

/// Opens the database of the settings, or that of a sensor; gives it with its name for people.
/// Whoever writes waits so long for others.
pub(crate) async fn open(
    setup: &Setup,
    sensor: Option<&str>,
    wait: Duration,
) -> anyhow::Result<(Store, String)> {
    let target = setup.target(sensor).await?;
    if matches!(&target, Target::Sqlite(path) if !path.exists()) {
        let advice = "load logs into it first, or name another with `--db`";
        return Err(Failure::usage(format!("there is no database `{target}`: {advice}")).into());
    }
    Ok((Store::open_unchanged(&target, wait).await?, target.to_string()))
}

//! Makes, upgrades, checks and rolls back the schema of a Cowrie Processor database.

mod args;
mod print;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use cowrie_cli::{Exit, ExitWith, Failure, run, start};
use cowrie_config::{DatabaseUrl, Flags};
use cowrie_migration::MigrateError;
use cowrie_secrets::{ProcessEnvironment, Resolver};
use cowrie_store::Target;
use sea_orm::DatabaseConnection;
use tracing::warn;

use crate::args::{Program, Work};

fn main() -> ExitCode {
    match start(|program: &Program| &program.output) {
        Ok(program) => run(async move |_stop| work(&program).await),
        Err(code) => code,
    }
}

async fn work(program: &Program) -> anyhow::Result<Exit> {
    let target = target(program).await?;
    if !exists(&target) && !matches!(program.work, Work::Migrate { dry_run: false, .. }) {
        let advice = "make it with `cowrie-db migrate`, or name another with `--db`";
        return Err(Failure::usage(format!("there is no database `{target}`: {advice}")).into());
    }
    let db = target.connect().await?;
    let exit = on(&db, &target, program).await;
    db.close().await.context("failed to close the database")?;
    exit
}

async fn on(db: &DatabaseConnection, target: &Target, program: &Program) -> anyhow::Result<Exit> {
    let format = program.output.format;
    let doing = || format!("failed on the schema of `{target}`");
    match program.work {
        Work::Migrate { dry_run: true, to } => {
            let steps =
                cowrie_migration::plan(db, to).await.map_err(failure).with_context(doing)?;
            print::plan(&steps, format)?;
        }
        Work::Migrate { dry_run: false, to } => {
            let done = cowrie_migration::up(db, to).await.map_err(failure).with_context(doing)?;
            print::steps("applied", &done, format)?;
        }
        Work::Rollback { to } => {
            let done = cowrie_migration::down(db, to).await.map_err(failure).with_context(doing)?;
            print::steps("rolled back", &done, format)?;
        }
        Work::Status => {
            let status = cowrie_migration::status(db).await.with_context(doing)?;
            print::status(target, &status, format)?;
        }
        Work::Check => {
            let status = cowrie_migration::status(db).await.with_context(doing)?;
            let mut differences = Vec::new();
            if status.is_current() {
                differences = cowrie_schema_check::differences(db).await.with_context(doing)?;
            } else {
                let (found, newest) = (status.version, status.newest);
                differences.push(format!("the schema is at version {found}, not {newest}"));
            }
            print::differences(target, &differences, format)?;
            return Ok(if differences.is_empty() { Exit::Done } else { Exit::Unmet });
        }
    }
    Ok(Exit::Done)
}

/// A version that there is not is a mistake on the command line.
fn failure(error: MigrateError) -> Failure {
    let is_usage = matches!(error, MigrateError::UnknownVersion { .. });
    Failure::new(if is_usage { Exit::Usage } else { Exit::Nothing }, error)
}

/// Whether there is anything to look at; a server is asked only by connecting.
fn exists(target: &Target) -> bool {
    match target {
        Target::Sqlite(path) => path.exists(),
        Target::Postgres { .. } => true,
    }
}

async fn target(program: &Program) -> anyhow::Result<Target> {
    let flags = Flags {
        config: program.config.config.clone(),
        db: program.database.db.clone(),
        cache_dir: None,
        status_dir: None,
    };
    let settings =
        cowrie_config::load(&flags, Path::new(""), &ProcessEnvironment).exit_with(Exit::Usage)?;
    for warning in &settings.warnings {
        warn!("{warning}");
    }
    let resolver = Resolver::new(env!("CARGO_BIN_NAME"), Arc::new(ProcessEnvironment));
    match settings.database.resolve(&resolver).await.exit_with(Exit::Usage)? {
        DatabaseUrl::SqliteMemory => {
            Err(Failure::usage("a database in memory would be gone at the end").into())
        }
        DatabaseUrl::Sqlite { path } => Ok(Target::Sqlite(path)),
        DatabaseUrl::Postgres { url, shown } => Ok(Target::Postgres { url, shown }),
    }
}

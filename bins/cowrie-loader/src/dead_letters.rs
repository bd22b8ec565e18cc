//! `cowrie-loader dead-letters`: what could not be read.

mod list;
mod purge;
mod show;

use clap::{Args, Subcommand};
use cowrie_cli::Exit;
use cowrie_store::Store;

use crate::args::Program;
use crate::reading;
use crate::settings::settings;

#[derive(Args, Debug)]
pub(crate) struct DeadLettersArgs {
    #[command(subcommand)]
    work: Work,
}

#[derive(Debug, Subcommand)]
enum Work {
    /// List dead letters, and count them by reason
    List(list::ListArgs),
    /// Show one dead letter with its bytes
    Show(show::ShowArgs),
    /// Remove old dead letters
    Purge(purge::PurgeArgs),
}

/// Does what the arguments say.
pub(crate) async fn run(program: &Program, args: &DeadLettersArgs) -> anyhow::Result<Exit> {
    let (store, _) = reading::open(&settings(program)?, None, Store::STANDARD_WAIT).await?;
    let (db, format) = (store.connection(), program.output.format);
    let done = match &args.work {
        Work::List(args) => list::run(db, args, format).await,
        Work::Show(args) => show::run(db, args, format).await,
        Work::Purge(args) => purge::run(db, args, format).await,
    };
    store.close().await?;
    done.map(|()| Exit::Done)
}

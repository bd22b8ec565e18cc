//! `cowrie-loader dead-letters`: what could not be read.

mod list;
mod purge;
mod replay;
mod show;

use clap::{Args, Subcommand};
use cowrie_cli::Exit;
use cowrie_cli::signals::Stop;
use cowrie_store::Store;

use crate::args::Program;
use crate::reading;
use crate::settings::Setup;

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
    /// Read dead letters again, and load those that are events by now
    #[command(after_help = replay::EXAMPLES)]
    Replay(replay::ReplayArgs),
    /// Remove old dead letters
    Purge(purge::PurgeArgs),
}

impl DeadLettersArgs {
    /// Whether its answer is a table.
    pub(crate) fn has_table(&self) -> bool {
        matches!(self.work, Work::List(_))
    }
}

/// Does what the arguments say.
pub(crate) async fn run(
    program: &Program,
    args: &DeadLettersArgs,
    stop: &Stop,
) -> anyhow::Result<Exit> {
    let setup = Setup::load(program)?;
    let wait = match &args.work {
        Work::Replay(args) => args.write.wait(),
        Work::List(_) | Work::Show(_) | Work::Purge(_) => Store::STANDARD_WAIT,
    };
    let (store, _) = reading::open(&setup, None, wait).await?;
    let (db, format) = (store.connection(), program.output.format);
    let done = match &args.work {
        Work::List(args) => list::run(db, args, format).await.map(|()| Exit::Done),
        Work::Show(args) => show::run(db, args, format).await.map(|()| Exit::Done),
        Work::Replay(args) => replay::run(&store, args, &setup.settings, format, stop).await,
        Work::Purge(args) => purge::run(db, args, format).await.map(|()| Exit::Done),
    };
    store.close().await?;
    done
}

//! `cowrie-loader explain`: how a line is read, without a database.

mod text;

use std::ffi::OsString;
use std::io::Cursor;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::Context as _;
use clap::Args;
use cowrie_cli::args::Format;
use cowrie_cli::signals::Stop;
use cowrie_cli::{Exit, Failure, print_answer};
use cowrie_logfile::{Limits, LogReader};
use cowrie_logfind::Source;

use crate::args::Program;

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// A line of a log, or `-` for lines on standard input
    #[arg(value_name = "LINE|-", allow_hyphen_values = true)]
    line: OsString,
}

/// Explains what the arguments name, piece by piece as a load would read it.
pub(crate) async fn run(
    program: &Program,
    args: &ExplainArgs,
    stop: &Stop,
) -> anyhow::Result<Exit> {
    let (line, format) = (args.line.clone(), program.output.format);
    // Standard input may be a terminal, at which a stop must be heard.
    let explained = tokio::task::spawn_blocking(move || explain(&line, format));
    tokio::select! {
        explained = explained => explained?.map(|()| Exit::Done),
        () = stop.token().cancelled() => Ok(Exit::Done),
    }
}

fn explain(line: &OsString, format: Format) -> anyhow::Result<()> {
    let mut log = open(line)?;
    let mut n_pieces = 0;
    while let Some(record) = log.next()? {
        n_pieces += 1;
        let explanation = cowrie_explain::explain(n_pieces, &record);
        print_answer(format, || explanation.document(), || text::text(&explanation))?;
    }
    if n_pieces == 0 {
        return Err(Failure::usage("there is no line to explain").into());
    }
    Ok(())
}

fn open(line: &OsString) -> anyhow::Result<LogReader> {
    if line == "-" {
        return cowrie_logfile::open(&Source::Stdin, Limits::STANDARD)
            .context("failed to read standard input");
    }
    // A line ends; without its end, what is no event would be called torn.
    let bytes = [line.as_bytes(), b"\n"].concat();
    let opened = LogReader::from_read("the line".into(), Cursor::new(bytes), Limits::STANDARD);
    opened.context("failed to read the line")
}

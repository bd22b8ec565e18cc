//! `cargo xtask scale-test`: the released programs under a corpus of any size.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::workspace::{self, Metadata};
use crate::{process, services};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Workload: a file of `tests/scale` without its ending
    #[arg(long, value_name = "NAME", default_value = "ci")]
    profile: String,
    /// Build without link-time optimisation, in half the time: enough for counts and ratios
    #[arg(long)]
    quick: bool,
    /// PostgreSQL server to make databases in [default: one of its own, on loopback]
    #[arg(long, value_name = "URL")]
    db: Option<String>,
    /// What the scale test is given, for example `--sessions 10000`
    #[arg(last = true)]
    rest: Vec<OsString>,
}

/// Build, start a server, and run; the exit code says whether the budget was kept.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let packages =
        ["cowrie-loader", "cowrie-db", "cowrie-scale"].iter().flat_map(|name| ["-p", name]);
    let profile = if arguments.quick { "quick" } else { "release" };
    process::run(
        process::cargo().args(["build", "--locked", "--profile", profile]).args(packages),
    )?;
    let target = Metadata::read()?.target_directory;
    let programs = target.join(profile);
    let server = arguments.db.is_none().then(services::start_for_measuring).transpose()?;
    let url = arguments.db.clone().or_else(|| Some(server.as_ref()?.0.url()));
    let workload = workspace::root().join(format!("tests/scale/{}.toml", arguments.profile));
    let mut command = Command::new(programs.join("cowrie-scale"));
    command.arg(workload).arg("--folder").arg(target.join("scale"));
    command.arg("--programs").arg(programs);
    command.args(url.iter().flat_map(|url| ["--server", url])).args(&arguments.rest);
    let status = process::status(&mut command)?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

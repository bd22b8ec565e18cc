//! Finds what is to be read.

use cowrie_cli::{Exit, ExitWith, Failure};
use cowrie_config::Settings;
use cowrie_ingest::FileProblem;
use cowrie_logfind::{FindOptions, Found, Problem, Source, find};
use tracing::warn;

use crate::args::InputArgs;

/// What is read, and what of it could not be looked at.
pub(crate) struct Inputs {
    pub(crate) sources: Vec<Source>,
    pub(crate) problems: Vec<FileProblem>,
}

impl Inputs {
    /// How much there is on disk; unknown for standard input.
    pub(crate) fn total_bytes(&self) -> Option<u64> {
        self.sources.iter().map(Source::size).sum()
    }
}

/// The sensors whose logs are read, one after the other: all that have a `logpath`, or the one
/// that is named, if any is.
pub(crate) fn sensors<'a>(
    args: &'a InputArgs,
    settings: &'a Settings,
) -> anyhow::Result<Vec<Option<&'a str>>> {
    if !args.all_sensors {
        return Ok(vec![args.sensor.as_deref()]);
    }
    let with_logs = settings.sensors.iter().filter(|sensor| sensor.logpath.is_some());
    let names: Vec<_> = with_logs.map(|sensor| Some(sensor.name.as_str())).collect();
    if names.is_empty() {
        return Err(Failure::usage(
            "no sensor with a `logpath` is configured: write one into `config/sensors.toml`",
        )
        .into());
    }
    Ok(names)
}

/// Finds what the arguments name, or the logs of the sensor; a file may be missing when it was
/// there before, as in the moment of its rotation.
pub(crate) async fn inputs(
    args: &InputArgs,
    settings: &Settings,
    sensor: Option<&str>,
    is_again: bool,
) -> anyhow::Result<Inputs> {
    let mut paths = args.paths.clone();
    if let Some(name) = sensor {
        let Some(sensor) = settings.sensor(name) else {
            return Err(Failure::usage(format!(
                "no sensor `{name}` is configured: write it into `config/sensors.toml`"
            ))
            .into());
        };
        if paths.is_empty() {
            let Some(logpath) = &sensor.logpath else {
                let text = format!("sensor `{name}` has no `logpath`: name the files to load");
                return Err(Failure::usage(text).into());
            };
            paths.push(logpath.to_string_lossy().into_owned());
        }
    }
    let options = FindOptions { ignore_missing: args.ignore_missing || is_again };
    // A large tree takes its time, in which a stop must be heard.
    let found = tokio::task::spawn_blocking(move || find(&paths, options)).await?;
    let Found { sources, problems } = found.exit_with(Exit::Usage)?;
    if sources.is_empty() && !is_again {
        warn!("there is no log to read");
    }
    Ok(Inputs { sources, problems: problems.into_iter().filter_map(noted).collect() })
}

/// Says that a path cannot be looked at; what may be missing is no problem of the load.
fn noted(problem: Problem) -> Option<FileProblem> {
    let (path, is_allowed) = match &problem {
        Problem::Missing { path } => (path, true),
        Problem::Unreadable { path, .. } | Problem::Loop { path, .. } => (path, false),
    };
    let file = path.to_string_lossy().into_owned();
    let problem = format!("{:#}", anyhow::Error::new(problem));
    warn!(file.path = file, "{problem}");
    (!is_allowed).then_some(FileProblem { file, problem })
}

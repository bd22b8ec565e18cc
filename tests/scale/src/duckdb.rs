//! What DuckDB makes of the same log files; nothing of it is in the budget.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::corpus::{Corpus, read};
use crate::database::Home;
use crate::measure::{self, MIB};
use crate::report::Report;
use crate::stages::figure;

/// What the program says at its end.
#[derive(Debug, Deserialize)]
struct Told {
    seconds: f64,
    events: u64,
    bytes: u64,
}

/// Counts the events of the logs by session and kind, and stores their lines in a table.
///
/// DuckDB inflates gzip itself; bzip2 it does not read, so that those files are inflated before,
/// which is not counted.
pub(crate) fn run(home: &Home, corpus: &Corpus, report: &mut Report) -> Result<()> {
    let Some(python) = &home.duckdb else { return Ok(()) };
    let folder = home.folder.join("duckdb");
    fs::create_dir_all(&folder)
        .with_context(|| format!("failed to make `{}`", folder.display()))?;
    let files = readable(corpus, &folder)?;
    let list = folder.join("files.json");
    fs::write(&list, serde_json::to_vec(&files)?).context("failed to write a list of files")?;
    for what in ["count", "store"] {
        let mut command = Command::new(python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/duckdb_baseline.py"));
        command.arg(what).arg(&list).arg(folder.join("lines.duckdb"));
        let ended = measure::run(&mut command)?;
        let told: Told = serde_json::from_str(&ended.stdout)
            .with_context(|| format!("failed to understand DuckDB: {}", ended.stdout))?;
        let truth = &corpus.truth;
        let name = |figure: &str| format!("baseline.duckdb_{what}.{figure}");
        report.equal(name("events"), &told.events, &(truth.events + truth.doubled));
        report.figure(name("seconds"), told.seconds);
        report.figure(name("events_per_second"), figure(told.events) / told.seconds);
        report.figure(name("peak_memory_mib"), figure(ended.peak_memory) / MIB);
        if told.bytes > 0 {
            let size = figure(told.bytes) / figure(truth.bytes);
            report.figure(name("size_per_log_byte"), size);
        }
    }
    fs::remove_dir_all(&folder).with_context(|| format!("failed to clear `{}`", folder.display()))
}

/// The logs, and in place of those that DuckDB cannot read what is in them.
fn readable(corpus: &Corpus, folder: &Path) -> Result<Vec<PathBuf>> {
    let inflated = |(at, log): (usize, PathBuf)| {
        if log.extension().is_none_or(|extension| extension != "bz2") {
            return Ok(log);
        }
        let plain = folder.join(format!("{at}.json"));
        let failed = || format!("failed to inflate `{}`", log.display());
        let mut file = File::create(&plain).with_context(failed)?;
        std::io::copy(&mut read::open(&log)?, &mut file).with_context(failed)?;
        Ok(plain)
    };
    read::files(&corpus.logs())?.into_iter().enumerate().map(inflated).collect()
}

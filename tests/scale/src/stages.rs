//! What is done with each engine, one stage after the other.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use cowrie_tests::{Digests, Engine};
use serde::Deserialize;

use crate::corpus::{Corpus, Truth};
use crate::database::{Home, Place};
use crate::measure::{self, Ended, MIB};
use crate::questions;
use crate::report::Report;
use crate::workload::Workload;
use crate::{baseline, duckdb, growth};

/// What the loader says at its end; it says more.
#[derive(Debug, Deserialize)]
struct Loaded {
    bytes: u64,
    new_events: u64,
    duplicate_events: u64,
    rejected: u64,
    unchanged_files: u64,
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "a figure is printed with three digits")]
pub(crate) fn figure(count: u64) -> f64 {
    count as f64
}

/// One engine under test.
pub(crate) struct Bench<'a> {
    pub(crate) home: &'a Home,
    pub(crate) workload: &'a Workload,
    pub(crate) corpus: &'a Corpus,
    pub(crate) engine: Engine,
}

/// Runs every stage on every engine.
///
/// # Errors
///
/// When a program fails, or a database does not answer. Figures out of their bounds are no
/// errors; they are in the report.
pub async fn run(home: &Home, workload: &Workload, corpus: &Corpus) -> Result<Report> {
    let mut report = Report::new(workload, corpus.truth.clone());
    // A stage that fails, hours later, leaves what was found before it.
    let file = home.report();
    for engine in home.engines() {
        let bench = Bench { home, workload, corpus, engine };
        let digests = bench.load(&mut report).await?;
        report.write(&file)?;
        bench.killed(&digests, &mut report).await?;
        report.write(&file)?;
        bench.without_foreign_keys(&digests, &mut report).await?;
        report.write(&file)?;
    }
    baseline::run(home, workload, corpus, &mut report).await?;
    report.write(&file)?;
    duckdb::run(home, corpus, &mut report)?;
    report.write(&file)?;
    growth::run(home, workload, &mut report).await?;
    report.write(&file)?;
    Ok(report)
}

/// Asks everything once more of the databases that a run before left.
///
/// # Errors
///
/// When a database does not answer.
pub async fn ask_again(home: &Home, workload: &Workload, corpus: &Corpus) -> Result<Report> {
    let mut workload = workload.clone();
    workload.budget.retain(|name, _| name.contains(".query.") || name.contains(".size."));
    let workload = &workload;
    let mut report = Report::new(workload, corpus.truth.clone());
    for engine in home.engines() {
        let bench = Bench { home, workload, corpus, engine };
        let place = home.place(engine, &bench.database())?;
        bench.ask(&place, &mut report).await?;
    }
    Ok(report)
}

impl Bench<'_> {
    pub(crate) fn name(&self, what: &str) -> String {
        format!("{}.{what}", self.engine.name())
    }

    pub(crate) fn loader(&self, workflow: &str, place: &Place) -> Command {
        let mut command = self.home.program("cowrie-loader");
        command.arg(workflow).arg(self.corpus.logs());
        command.arg("--mmdb-dir").arg(self.corpus.databases());
        command.args(["--db", &place.db, "--format", "json", "--progress", "never"]);
        command
    }

    /// Loads everything, then the same once more, then what is new; and asks how it is answered.
    async fn load(&self, report: &mut Report) -> Result<Digests> {
        let truth = &self.corpus.truth;
        let place = self.home.fresh(self.engine, &self.database()).await?;
        let ended = measure::run(&mut self.loader("bulk", &place))?;
        let loaded = said(&ended)?;
        self.cost(report, "load", &ended, truth.events);
        report.equal(self.name("load: new events"), &loaded.new_events, &truth.events);
        report.equal(self.name("load: known events"), &loaded.duplicate_events, &truth.doubled);
        report.equal(self.name("load: rejected"), &loaded.rejected, &truth.damaged);
        self.ask(&place, report).await?;
        let digests = place.tables().await.digests().await;

        let ended = measure::run(&mut self.loader("bulk", &place))?;
        let again = said(&ended)?;
        self.cost(report, "reload", &ended, truth.events);
        report.equal(self.name("reload: new events"), &again.new_events, &0);

        let ended = measure::run(&mut self.loader("delta", &place))?;
        let unchanged = said(&ended)?;
        report.figure(self.name("delta.seconds"), ended.elapsed.as_secs_f64());
        report.equal(self.name("delta: bytes read"), &unchanged.bytes, &0);
        report.equal(self.name("delta: unchanged files"), &unchanged.unchanged_files, &truth.files);
        let after = place.tables().await.digests().await;
        self.same("tables after a second load", &after, &digests, report);
        Ok(digests)
    }

    /// How large the database is, what it holds, and how quickly it answers.
    async fn ask(&self, place: &Place, report: &mut Report) -> Result<()> {
        let truth = &self.corpus.truth;
        let size = figure(place.size().await?);
        report.figure(self.name("size.bytes_per_event"), size / figure(truth.events));
        report.figure(self.name("size.per_log_byte"), size / figure(truth.bytes));
        self.count(place, report).await;
        questions::ask(place, report).await
    }

    /// The name of the database that everything is loaded into.
    fn database(&self) -> String {
        format!("scale_{}", self.workload.name)
    }

    pub(crate) fn cost(&self, report: &mut Report, stage: &str, ended: &Ended, events: u64) {
        let seconds = ended.elapsed.as_secs_f64();
        let name = |what: &str| self.name(&format!("{stage}.{what}"));
        report.figure(name("seconds"), seconds);
        report.figure(name("events_per_second"), figure(events) / seconds);
        report.figure(name("processor_seconds"), ended.processor_seconds);
        report.figure(name("peak_memory_mib"), figure(ended.peak_memory) / MIB);
    }

    /// Counts in the tables what the corpus is known to hold.
    async fn count(&self, place: &Place, report: &mut Report) {
        let Truth { sessions, events, addresses, commands, logins, files_brought, .. } =
            self.corpus.truth;
        let tables = place.tables().await;
        for (what, wanted, query) in [
            ("sessions", sessions, "SELECT count(*) FROM session_summaries"),
            ("addresses", addresses, "SELECT count(*) FROM ip_inventory"),
            ("documents", events, "SELECT CAST(sum(n_events) AS bigint) FROM session_events"),
            ("events", events, "SELECT CAST(sum(event_count) AS bigint) FROM session_summaries"),
            ("commands", commands, "SELECT CAST(sum(occurrences) AS bigint) FROM command_stats"),
            ("logins", logins, "SELECT CAST(sum(times_seen) AS bigint) FROM password_tracking"),
            (
                "files",
                files_brought,
                "SELECT CAST(sum(file_downloads + file_uploads) AS bigint) FROM session_summaries",
            ),
        ] {
            let seen = tables.number(query).await;
            report.equal(self.name(&format!("count of {what}")), &seen.cast_unsigned(), &wanted);
        }
    }

    /// Loads everything once more, killed on the way, and compares.
    async fn killed(&self, wanted: &Digests, report: &mut Report) -> Result<()> {
        if self.workload.kills == 0 {
            return Ok(());
        }
        let name = format!("scale_{}_killed", self.workload.name);
        let place = self.home.fresh(self.engine, &name).await?;
        let seconds = report.figures.get(&self.name("load.seconds")).copied().unwrap_or(1.0);
        let slice = Duration::from_secs_f64(seconds / f64::from(self.workload.kills + 1));
        let mut n_killed = 0;
        for _ in 0..self.workload.kills {
            let ended = measure::run_for(&mut self.loader("delta", &place), Some(slice))?;
            n_killed += u32::from(!ended.status.success());
        }
        report.figure(self.name("killed.times"), f64::from(n_killed));
        let begun = Instant::now();
        measure::run(&mut self.loader("delta", &place))?;
        report.figure(self.name("killed.rest_seconds"), begun.elapsed().as_secs_f64());
        report.holds(self.name("kills"), n_killed > 0, n_killed.to_string());
        let seen = place.tables().await.digests().await;
        self.same("tables after kills", &seen, wanted, report);
        self.home.remove(place).await
    }

    pub(crate) fn same(&self, what: &str, seen: &Digests, wanted: &Digests, report: &mut Report) {
        let is_other = |(table, digest): &(&&str, &_)| seen.get(*table) != Some(*digest);
        let differ: Vec<&str> = wanted.iter().filter(is_other).map(|(table, _)| *table).collect();
        let n_rows: u64 = seen.values().map(|(n_rows, _)| n_rows).sum();
        let shown = format!("{n_rows} rows, tables that differ: {differ:?}");
        report.holds(self.name(what), differ.is_empty() && seen.len() == wanted.len(), shown);
    }
}

fn said(ended: &Ended) -> Result<Loaded> {
    serde_json::from_str(&ended.stdout)
        .with_context(|| format!("failed to understand what the loader said: {}", ended.stdout))
}

//! What a scale test found: figures against their budget, and whether what must be equal is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::corpus::Truth;
use crate::workload::{Bound, Workload};

/// Everything that a scale test found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    workload: Workload,
    machine: Machine,
    /// What was written to be loaded.
    pub corpus: Truth,
    /// Figures by name.
    pub figures: BTreeMap<String, f64>,
    /// What must hold whatever the machine.
    pub checks: Vec<Check>,
}

/// Something that must hold.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What must hold.
    pub what: String,
    /// Whether it does.
    pub holds: bool,
    /// What was seen.
    pub seen: String,
}

/// Where it ran.
#[derive(Clone, Debug, Serialize)]
struct Machine {
    cores: usize,
    processor: String,
    memory_gib: u64,
    kernel: String,
}

impl Machine {
    fn this() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let after = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned()))
        };
        let memory = after(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let kilobytes: u64 = memory.trim_end_matches(" kB").parse().unwrap_or(0);
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: after(&read("/proc/cpuinfo"), "model name").unwrap_or_default(),
            memory_gib: kilobytes >> 20,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

impl Report {
    /// A report on a workload that has not run.
    pub fn new(workload: &Workload, corpus: Truth) -> Self {
        Self {
            workload: workload.clone(),
            machine: Machine::this(),
            corpus,
            figures: BTreeMap::new(),
            checks: Vec::new(),
        }
    }

    /// Keeps a figure, to three digits behind the point.
    pub fn figure(&mut self, name: impl Into<String>, figure: f64) {
        self.figures.insert(name.into(), (figure * 1e3).round() / 1e3);
    }

    /// Keeps whether two things are equal that must be.
    pub fn equal<T: PartialEq + std::fmt::Debug>(
        &mut self,
        what: impl Into<String>,
        seen: &T,
        wanted: &T,
    ) {
        let holds = seen == wanted;
        let seen = if holds { format!("{seen:?}") } else { format!("{seen:?}, not {wanted:?}") };
        self.checks.push(Check { what: what.into(), holds, seen });
    }

    /// Keeps whether something holds.
    pub fn holds(&mut self, what: impl Into<String>, holds: bool, seen: impl Into<String>) {
        self.checks.push(Check { what: what.into(), holds, seen: seen.into() });
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        fs::write(file, serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("failed to write `{}`", file.display()))
    }

    /// What is not as it must be.
    pub fn failures(&self) -> Vec<String> {
        let checks = self.checks.iter().filter(|check| !check.holds);
        let checks = checks.map(|check| format!("{}: {}", check.what, check.seen));
        let budget = self.workload.budget.iter();
        checks.chain(budget.flat_map(|(name, bound)| self.kept(name, *bound))).collect()
    }

    /// Which of the figures that a name means are out of bounds, or that there are none.
    fn kept(&self, name: &str, bound: Bound) -> Vec<String> {
        let meant = || self.figures.iter().filter(|(figure, _)| is_meant(name, figure));
        // An engine that was left out has no figures.
        if meant().next().is_none() && self.has_engine_of(name) {
            return vec![format!("{name}: was not measured")];
        }
        let failed = meant().filter(|(_, figure)| !bound.holds(**figure));
        failed.map(|(name, figure)| format!("{name}: {figure}, must be {bound}")).collect()
    }

    fn has_engine_of(&self, name: &str) -> bool {
        let engine = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        self.figures.keys().any(|known| is_meant(&engine(name), &engine(known)))
    }

    /// The figures with their bounds, for people.
    pub fn table(&self) -> String {
        let width = self.figures.keys().map(String::len).max().unwrap_or(0);
        let mut table = String::new();
        for (name, figure) in &self.figures {
            let bound = self.workload.budget.iter().find(|(pattern, _)| is_meant(pattern, name));
            let verdict = match bound.map(|(_, bound)| bound) {
                None => String::new(),
                Some(bound) if bound.holds(*figure) => format!("  ok, {bound}"),
                Some(bound) => format!("  FAILED, {bound}"),
            };
            // A `String` takes whatever is written.
            let _written = writeln!(table, "{name:<width$}  {figure:>14.3}{verdict}");
        }
        for Check { what, holds, seen } in &self.checks {
            let word = if *holds { "ok" } else { "FAILED" };
            let _written = writeln!(table, "{word:<6}  {what}: {seen}");
        }
        table
    }
}

/// Whether a name of the budget means a figure: `*` stands for any word between two points.
fn is_meant(pattern: &str, figure: &str) -> bool {
    let (words, others) = (pattern.split('.'), figure.split('.'));
    let same = |(word, other): (&str, &str)| word == "*" || word == other;
    words.clone().count() == others.clone().count() && words.zip(others).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(figure: f64, bound: Bound) -> Report {
        let mut workload: Workload = toml::from_str(include_str!("../ci.toml")).unwrap();
        workload.budget = [("sqlite.load.seconds".to_owned(), bound)].into();
        let mut report = Report::new(&workload, Truth::default());
        report.figure("sqlite.load.seconds", figure);
        report
    }

    #[test]
    fn a_figure_out_of_bounds_fails() {
        let most = Bound { at_most: Some(2.0), at_least: None };
        assert!(report(2.0, most).failures().is_empty());
        assert_eq!(report(2.1, most).failures(), ["sqlite.load.seconds: 2.1, must be at most 2"]);
    }

    #[test]
    fn a_figure_that_was_not_measured_fails() {
        let most = Bound { at_most: Some(2.0), at_least: None };
        let mut report = report(1.0, most);
        report.figures.remove("sqlite.load.seconds");
        report.figure("sqlite.load.events", 1.0);
        assert_eq!(report.failures(), ["sqlite.load.seconds: was not measured"]);
    }

    #[test]
    fn a_star_means_any_word() {
        assert!(is_meant("*.load.*.p95", "sqlite.load.10.p95"));
        assert!(!is_meant("*.load", "sqlite.load.seconds"));
        assert!(!is_meant("*.load.seconds", "sqlite.load"));
        assert!(!is_meant("*.load", "sqlite.reload"));
    }

    #[test]
    fn what_does_not_hold_fails() {
        let mut report = report(1.0, Bound::default());
        report.equal("events", &1, &2);
        assert_eq!(report.failures(), ["events: 1, not 2"]);
    }
}

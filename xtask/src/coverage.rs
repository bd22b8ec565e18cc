//! Which lines the tests reach, by `cargo llvm-cov`, and how many of them they must.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::workspace::{self, Metadata, Package};
use crate::{apt, process};

const VERSION: &str = "cargo-llvm-cov@0.9.1";

/// Of all lines, in percent.
const OF_ALL: f64 = 80.0;
/// Of the lines of each file that decides what is the same, what is kept and what is claimed.
const OF_DECIDING: f64 = 90.0;
const DECIDING: &str = include_str!("../deciding.txt");

/// The oldest LLVM whose tools read what the compilers of today write.
const OLDEST_LLVM: u32 = 19;

/// What has cargo build instrumented programs, in a folder of their own, and read what they leave.
#[derive(Debug)]
pub(crate) struct Coverage {
    environment: Vec<(String, String)>,
}

#[derive(Debug, PartialEq)]
struct Tools {
    cov: PathBuf,
    profdata: PathBuf,
}

impl Coverage {
    /// Find or install the tools, and forget what earlier runs left.
    pub(crate) fn prepare() -> Result<Self> {
        process::require_cargo_tool("llvm-cov", VERSION)?;
        let tools = Tools::find()?;
        let target = Metadata::read()?.target_directory.join("coverage");
        let own = [
            ("CARGO_TARGET_DIR", target),
            ("LLVM_COV", tools.cov),
            ("LLVM_PROFDATA", tools.profdata),
        ];
        let own = own.map(|(name, path)| (name.to_owned(), path.display().to_string()));
        let mut coverage = Self { environment: own.into() };
        let told = process::read(&mut coverage.llvm_cov(&["show-env"]))?;
        let variables = told.lines().filter_map(|line| line.split_once('='));
        let plain = |value: &str| value.trim_matches('\'').to_owned();
        coverage.environment.extend(variables.map(|(name, value)| (name.to_owned(), plain(value))));
        process::read(&mut coverage.llvm_cov(&["clean", "--workspace", "--profraw-only"]))?;
        Ok(coverage)
    }

    /// What cargo and the programs under test must be told: names and values of variables.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&String, &String)> {
        self.environment.iter().map(|(name, value)| (name, value))
    }

    /// Print the lines reached by each published crate; an error when too few are.
    pub(crate) fn report(&self) -> Result<()> {
        let text = process::read(&mut self.llvm_cov(&["report", "--json", "--summary-only"]))?;
        let report: Report = serde_json::from_str(&text).context("failed to read the report")?;
        let mut files = report.files(&workspace::root());
        // Tools and helpers of tests would make the figure better than the product is.
        let metadata = Metadata::read()?;
        let folders: Vec<PathBuf> = metadata.published().map(Package::folder).collect();
        files.retain(|path, _| folders.iter().any(|f| workspace::root().join(path).starts_with(f)));
        let all = files.values().fold(Lines::default(), |sum, lines| sum.and(*lines));
        println!("\nlines that the tests reach");
        for (name, lines) in by_crate(&files) {
            println!("{:>7.1} %  {name}", lines.percent());
        }
        println!("{:>7.1} %  of {} lines in all", all.percent(), all.count);
        let complaints = complaints(&files, all);
        if !complaints.is_empty() {
            bail!("the tests reach too little:\n{}", complaints.join("\n"));
        }
        Ok(())
    }

    fn llvm_cov(&self, arguments: &[&str]) -> Command {
        let mut command = process::cargo();
        command.arg("llvm-cov").args(arguments).envs(self.environment());
        command
    }
}

impl Tools {
    /// Those of the toolchain, else the newest of Debian's.
    fn find() -> Result<Self> {
        if let Some(found) = Self::of_toolchain()?.or_else(Self::of_system) {
            return Ok(found);
        }
        if let Some(package) = newest_package()? {
            apt::install(&[&package])?;
        }
        Self::of_system().context(
            "coverage needs LLVM's `llvm-cov` and `llvm-profdata`: \
             `rustup component add llvm-tools`, or Debian's newest `llvm-NN`",
        )
    }

    fn of_toolchain() -> Result<Option<Self>> {
        let folder = process::read(Command::new("rustc").args(["--print", "target-libdir"]))?;
        let folder = Path::new(folder.trim()).with_file_name("bin");
        Ok(Self::existing(folder.join("llvm-cov"), folder.join("llvm-profdata")))
    }

    fn of_system() -> Option<Self> {
        (OLDEST_LLVM..100).rev().find_map(|version| {
            let tool = |name: &str| process::on_path(&format!("{name}-{version}"));
            Self::existing(tool("llvm-cov")?, tool("llvm-profdata")?)
        })
    }

    fn existing(cov: PathBuf, profdata: PathBuf) -> Option<Self> {
        (cov.is_file() && profdata.is_file()).then_some(Self { cov, profdata })
    }
}

/// The newest of Debian's packages `llvm-NN`.
fn newest_package() -> Result<Option<String>> {
    let names = apt::names("llvm-")?;
    let versions = names.iter().filter_map(|name| name.strip_prefix("llvm-")?.parse::<u32>().ok());
    Ok(versions.max().filter(|version| *version >= OLDEST_LLVM).map(|v| format!("llvm-{v}")))
}

#[derive(Debug, Deserialize)]
struct Report {
    data: Vec<Export>,
}

#[derive(Debug, Deserialize)]
struct Export {
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    filename: PathBuf,
    summary: Summary,
}

#[derive(Debug, Deserialize)]
struct Summary {
    lines: Lines,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Lines {
    count: u32,
    covered: u32,
}

impl Report {
    /// By path below the root of the workspace.
    fn files(&self, root: &Path) -> BTreeMap<String, Lines> {
        let files = self.data.iter().flat_map(|export| &export.files);
        files
            .map(|file| {
                let path = file.filename.strip_prefix(root).unwrap_or(&file.filename);
                (path.display().to_string(), file.summary.lines)
            })
            .collect()
    }
}

impl Lines {
    fn and(self, other: Self) -> Self {
        Self { count: self.count + other.count, covered: self.covered + other.covered }
    }

    fn percent(self) -> f64 {
        if self.count == 0 {
            100.0
        } else {
            f64::from(self.covered) * 100.0 / f64::from(self.count)
        }
    }
}

/// The sums of the crates, by the folder that holds `src`.
fn by_crate(files: &BTreeMap<String, Lines>) -> BTreeMap<&str, Lines> {
    let mut crates = BTreeMap::new();
    for (path, lines) in files {
        let folder = path.split_once("/src/").map_or(path.as_str(), |(folder, _)| folder);
        let sum: &mut Lines = crates.entry(folder).or_default();
        *sum = sum.and(*lines);
    }
    crates
}

fn complaints(files: &BTreeMap<String, Lines>, all: Lines) -> Vec<String> {
    let deciding = DECIDING.lines().filter_map(|path| match files.get(path) {
        None => Some(format!("{path}: not in the report")),
        Some(lines) => complaint(path, *lines, OF_DECIDING),
    });
    complaint("all files", all, OF_ALL).into_iter().chain(deciding).collect()
}

fn complaint(what: &str, lines: Lines, at_least: f64) -> Option<String> {
    let percent = lines.percent();
    (percent < at_least).then(|| format!("{what}: {percent:.1} %, at least {at_least} %"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(covered: u32) -> BTreeMap<String, Lines> {
        let file = |path: &str| {
            format!(
                r#"{{"filename":"/w/{path}","summary":{{"lines":{{"count":100,"covered":{covered}}}}}}}"#
            )
        };
        let files: Vec<String> = DECIDING.lines().chain(["xtask/src/main.rs"]).map(file).collect();
        let text = format!(r#"{{"data":[{{"files":[{}]}}]}}"#, files.join(","));
        serde_json::from_str::<Report>(&text).unwrap().files(Path::new("/w"))
    }

    #[test]
    fn enough_is_enough() {
        assert!(complaints(&files(90), Lines { count: 10, covered: 8 }).is_empty());
    }

    #[test]
    fn too_little_is_named() {
        let all = Lines { count: 1000, covered: 799 };
        let found = complaints(&files(89), all);
        assert_eq!(found.len(), 1 + DECIDING.lines().count());
        assert_eq!(found[0], "all files: 79.9 %, at least 80 %");
        assert_eq!(found[1], "crates/cowrie-core/src/event_id.rs: 89.0 %, at least 90 %");
    }

    #[test]
    fn a_deciding_file_that_moved_is_missed() {
        let found = complaints(&BTreeMap::new(), Lines::default());
        assert_eq!(found.len(), DECIDING.lines().count());
    }

    #[test]
    fn crates_are_summed() {
        let files = files(50);
        let crates = by_crate(&files);
        assert_eq!(crates["crates/cowrie-session"].count, 300);
        assert_eq!(crates["xtask"].covered, 50);
    }
}

//! `cargo xtask ci`: the one list of gates.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::services::Services;
use crate::{imports, process, test, tidy, workspace};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only these gates; all of them when none is named
    gates: Vec<Gate>,
    /// Go on after a failure, to see every gate's verdict
    #[arg(long)]
    keep_going: bool,
}

impl Arguments {
    fn includes(&self, gate: Gate) -> bool {
        self.gates.is_empty() || self.gates.contains(&gate)
    }
}

/// In the order in which they run: what is quick, or fails most often, comes first.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Gate {
    /// The code is formatted
    Fmt,
    /// The rules that the compiler does not know
    Tidy,
    /// No secret, private key or private file is in the tree, or ever was
    Secrets,
    /// Clippy has nothing to say
    Clippy,
    /// Rustdoc has nothing to say
    Doc,
    /// Licences, sources and unwanted crates
    Deny,
    /// Each published crate can be imported alone, and packaged
    Imports,
    /// All tests, with their servers, reach enough lines
    Test,
}

impl Gate {
    fn run(self) -> Result<()> {
        match self {
            Self::Fmt => cargo(&["fmt", "--all", "--check"]),
            Self::Tidy => tidy::run(),
            Self::Secrets => secrets(),
            Self::Clippy => {
                let warnings_fail = ["--", "-D", "warnings"];
                let what = ["clippy", "--workspace", "--all-targets", "--locked", "--quiet"];
                cargo(&[&what[..], &warnings_fail[..]].concat())
            }
            Self::Doc => process::run(
                process::cargo()
                    .args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"])
                    .env("RUSTDOCFLAGS", "-D warnings"),
            ),
            Self::Deny => deny(),
            Self::Imports => imports::run(),
            Self::Test => match test::run(&test::Arguments::with_coverage())? {
                ExitCode::SUCCESS => Ok(()),
                _ => bail!("the tests failed"),
            },
        }
    }

    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// Run the gates, and say how each of them ended.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    // What is missing for the last gate should not be told after all the others.
    if arguments.includes(Gate::Test) {
        Services::require()?;
    }
    let mut verdicts = Vec::new();
    for gate in Gate::value_variants().iter().filter(|gate| arguments.includes(**gate)) {
        println!("\n=== {}", gate.name());
        let begun = Instant::now();
        let outcome = gate.run();
        if let Err(error) = &outcome {
            eprintln!("error: {error:#}");
        }
        verdicts.push(Verdict { gate: *gate, passed: outcome.is_ok(), took: begun.elapsed() });
        if outcome.is_err() && !arguments.keep_going {
            break;
        }
    }
    println!();
    for verdict in &verdicts {
        println!("{}", verdict.line());
    }
    let is_good = verdicts.iter().all(|verdict| verdict.passed);
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Verdict {
    gate: Gate,
    passed: bool,
    took: Duration,
}

impl Verdict {
    fn line(&self) -> String {
        let word = if self.passed { "ok" } else { "FAILED" };
        format!("{:<8} {word:<6} {:>6.1} s", self.gate.name(), self.took.as_secs_f64())
    }
}

/// The part of cargo-deny that needs no advisory database.
fn deny() -> Result<()> {
    process::require_cargo_tool("deny", "cargo-deny@0.20.2")?;
    // Warnings are for those who tend the tree: `cargo deny check bans`.
    cargo(&["deny", "--locked", "--log-level=error", "check", "bans", "licenses", "sources"])
}

/// The hooks of `.pre-commit-config.yaml`, over the tree and over all that the history keeps.
fn secrets() -> Result<()> {
    let kept = workspace::Metadata::read()?.target_directory.join("hooks");
    process::run(Command::new("python3").arg(workspace::root().join(".ci/hooks.py")).arg(kept))
}

fn cargo(arguments: &[&str]) -> Result<()> {
    process::run(process::cargo().args(arguments))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const LAY_OUT: &str = "import sys; sys.path.insert(0, sys.argv[1]); import pathlib, hooks; \
        hooks.look_for_history(sys.argv[2]); \
        print(hooks.lay_out_history(sys.argv[2], pathlib.Path(sys.argv[3])))";

    fn lay_out(project: &Path, history: &Path) -> Result<String> {
        let mut python = Command::new("python3");
        python.args(["-B", "-c", LAY_OUT]).arg(workspace::root().join(".ci"));
        process::read(python.arg(project).arg(history))
    }

    fn git(folder: &Path, arguments: &[&str]) {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        process::run(Command::new("git").current_dir(folder).args(who).args(arguments)).unwrap();
    }

    fn commit(folder: &Path, path: &str, content: &str) {
        fs::write(folder.join(path), content).unwrap();
        git(folder, &["add", "--all", "--force"]);
        git(folder, &["commit", "--quiet", "-m", "said"]);
    }

    fn files(folder: &Path) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for blob in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
            for file in blob.read_dir().into_iter().flatten().map(|file| file.unwrap().path()) {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                found.extend(fs::read_to_string(&file).map(|text| (name, text)));
            }
        }
        found.retain(|(name, _)| name == "a b" || name == "sensors.toml");
        found.sort();
        found
    }

    #[test]
    fn what_was_removed_is_laid_out() {
        let (project, history) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        git(project.path(), &["init", "--quiet"]);
        commit(project.path(), "sensors.toml", "1\n");
        commit(project.path(), "a b", "1\n");
        commit(project.path(), "sensors.toml", "2\n");
        commit(project.path(), "a b", "3\n");
        git(project.path(), &["rm", "--quiet", "--cached", "sensors.toml"]);
        git(project.path(), &["commit", "--quiet", "-m", "said"]);
        assert_eq!(lay_out(project.path(), history.path()).unwrap(), "3\n");
        let found = files(history.path());
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let expected =
            [file("a b", "1\n"), file("sensors.toml", "1\n"), file("sensors.toml", "2\n")];
        assert_eq!(found, expected);
        let messages = fs::read_to_string(history.path().join("messages")).unwrap();
        assert_eq!(messages.matches("said").count(), 5);
    }

    #[test]
    fn a_history_that_is_not_there_is_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let (project, history) = (folder.path().join("project"), folder.path().join("history"));
        fs::create_dir(&project).unwrap();
        let error = lay_out(&project, &history).unwrap_err().to_string();
        assert!(error.contains("needs a clone made by git"), "{error}");
        git(&project, &["init", "--quiet"]);
        commit(&project, "a", "1");
        commit(&project, "a", "2");
        let url = format!("file://{}", project.display());
        git(folder.path(), &["clone", "--quiet", "--depth=1", &url, "cut"]);
        fs::create_dir(&history).unwrap();
        let said = lay_out(&folder.path().join("cut"), &history).unwrap();
        assert!(said.starts_with("WARNING: this clone lacks a part of the history"), "{said}");
    }
}

//! `cargo xtask ci`: the one list of gates.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::services::Services;
use crate::{imports, process, test, tidy};

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

fn cargo(arguments: &[&str]) -> Result<()> {
    process::run(process::cargo().args(arguments))
}

//! `cowrie-enrich credentials`: which secrets can be had, from where, and whether they are good.

use clap::Args;
use cowrie_cli::table::{Align, Table};
use cowrie_cli::{Exit, print_table, rows_at};
use cowrie_config::Credential;
use serde_json::{Value, json};

use crate::args::Program;
use crate::config;
use crate::probe::{Probed, in_full, probe};

#[derive(Args, Debug)]
pub(crate) struct CredentialsArgs {
    /// Ask the services whether they accept what was found
    ///
    /// PostgreSQL servers and Redis are connected to. Each source is asked one harmless thing, which
    /// counts against its quota; MaxMind is asked what its newest file is called.
    #[arg(long)]
    probe: bool,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  cowrie-enrich credentials
  cowrie-enrich credentials --probe --format json

Exit codes: 0 every reference resolves and is accepted; 1 some do not; 2 wrong configuration; 3 a service gave no answer, which says nothing of its key.";

/// What came of one reference.
struct Tried {
    credential: Credential,
    problem: Option<String>,
    /// Whether the service accepts it, in a word, and why not.
    probed: Option<Probed>,
}

/// Resolves every reference of the settings, and prints what came of it; never a value.
pub(crate) async fn run(program: &Program, args: &CredentialsArgs) -> anyhow::Result<Exit> {
    let settings = config::settings(program)?;
    let resolver = config::resolver();
    let mut all = Vec::new();
    for credential in settings.credentials() {
        let resolved = resolver.resolve(&credential.reference, &credential.key).await;
        let problem = resolved.err().map(|error| in_full(&error));
        let probed = match (&problem, args.probe) {
            (None, true) => Some(probe(program, &settings, &credential, &resolver).await),
            _ => None,
        };
        all.push(Tried { credential, problem, probed });
    }
    let header = "key,reference,origin,resolves,problem,probe,refusal";
    let rows = |document: &Value| rows_at(document, "credentials");
    print_table(program.output.format, || document(&all), || text(&all), header, rows)?;
    Ok(if !all.iter().all(Tried::is_good) {
        Exit::Unmet
    } else if all.iter().any(|tried| matches!(tried.probed, Some(Probed::NoAnswer(_)))) {
        Exit::Partial
    } else {
        Exit::Done
    })
}

impl Tried {
    fn is_good(&self) -> bool {
        self.problem.is_none() && !matches!(self.probed, Some(Probed::Refused(_)))
    }

    fn probe(&self) -> Option<&'static str> {
        Some(match self.probed.as_ref()? {
            Probed::Accepted => "accepted",
            Probed::Refused(_) => "refused",
            Probed::NoAnswer(_) => "no answer",
            Probed::NotAsked => "not asked",
        })
    }

    fn refusal(&self) -> Option<&str> {
        match &self.probed {
            Some(Probed::Refused(why) | Probed::NoAnswer(why)) => Some(why),
            _ => None,
        }
    }

    /// In a cell of the table.
    fn outcome(&self) -> String {
        match (&self.problem, self.probe(), self.refusal()) {
            (Some(problem), _, _) => problem.clone(),
            (None, Some(probe), Some(why)) => format!("resolves; {probe}: {why}"),
            (None, Some(probe), None) => format!("resolves; {probe}"),
            (None, None, _) => "resolves".to_owned(),
        }
    }
}

fn document(all: &[Tried]) -> Value {
    let one = |tried: &Tried| {
        json!({
            "key": tried.credential.key,
            "reference": tried.credential.reference.to_string(),
            "origin": tried.credential.origin.to_string(),
            "resolves": tried.problem.is_none(),
            "problem": tried.problem,
            "probe": tried.probe(),
            "refusal": tried.refusal(),
        })
    };
    json!({
        "schema": "cowrie-enrich.credentials/1",
        "credentials": all.iter().map(one).collect::<Vec<_>>(),
    })
}

fn text(all: &[Tried]) -> String {
    if all.is_empty() {
        return "No setting refers to a secret.\n".to_owned();
    }
    let columns = ["KEY", "REFERENCE", "FROM", "OUTCOME"].map(|title| (title, Align::Left));
    let mut table = Table::new(&columns);
    for tried in all {
        let Credential { key, reference, origin } = &tried.credential;
        table.row([key, &reference.to_string(), &origin.to_string(), &tried.outcome()]);
    }
    table.to_string()
}

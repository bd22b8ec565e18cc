//! `cowrie-enrich lookup`: everything that is known of one address, file or domain.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use clap::Args;
use cowrie_cli::table::{Align, Table};
use cowrie_cli::{Exit, Failure, print_table, rows_at, safe, span, times};
use cowrie_core::{Clock as _, SystemClock, parse_address};
use cowrie_enrichment::{
    Answer, Data, Outcome, PublicAddress, Question, SourceName, Teller, Told, validation,
};
use cowrie_limits::BreakerState;
use cowrie_sources::{Online, Sources};
use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use crate::args::Program;
use crate::place::Place;

#[derive(Args, Debug)]
pub(crate) struct LookupArgs {
    /// An address, the SHA-256 of a file, or a domain
    #[arg(value_name = "ADDRESS|SHA256|DOMAIN")]
    subject: String,
    /// Ask with the keys of this sensor [default: the first key that there is]
    #[arg(long, value_name = "NAME")]
    sensor: Option<String>,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  cowrie-enrich lookup 8.8.8.8
  cowrie-enrich lookup 2001:4860:4860::8888 --format json
  cowrie-enrich lookup 275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f

Answers that are kept are shown with their age; others are asked for, within the rate and the
quota of each service. An address that is not public is not asked about.

Exit codes: 0 every source in use has answered; 2 wrong usage or configuration; 3 some gave no answer; 4 nothing could be done.";

/// How many characters are repeated of what is no question.
const MAX_SHOWN: usize = 100;

/// What was asked about.
enum Subject {
    /// An address that nobody outside can know.
    Bogon(IpAddr),
    Question(Question),
}

/// What one source says.
struct Said {
    source: SourceName,
    told: Told,
    is_local: bool,
}

/// Asks all sources at once, and prints what they say.
pub(crate) async fn run(program: &Program, args: &LookupArgs) -> anyhow::Result<Exit> {
    let subject = read(&args.subject)?;
    let place = Place::open(program, args.sensor.as_deref()).await?;
    let said = ask(&place, &subject).await;
    let summary = summary(&place.sources);
    let now = SystemClock.now();
    let header = "source,status,by,at,expires_at,vintage,reason,data";
    let rows = |document: &Value| rows_at(document, "answers");
    print_table(
        program.output.format,
        || document(&subject, &said, &summary),
        || text(&subject, &said, now),
        header,
        rows,
    )?;
    place.close().await?;
    let is_missing = |said: &Said| {
        matches!(said.told.answer.outcome, Outcome::Failed { .. } | Outcome::Quota { .. })
    };
    Ok(if said.iter().any(is_missing) { Exit::Partial } else { Exit::Done })
}

fn read(text: &str) -> anyhow::Result<Subject> {
    let text = text.trim();
    if let Some(address) = parse_address(text) {
        let public = PublicAddress::try_from(address);
        return Ok(match public {
            Ok(public) => Subject::Question(Question::Address(public)),
            Err(bogon) => Subject::Bogon(bogon.address),
        });
    }
    if let Ok(hash) = text.parse() {
        return Ok(Subject::Question(Question::File(hash)));
    }
    match text.parse() {
        Ok(domain) => Ok(Subject::Question(Question::Domain(domain))),
        Err(_no_domain) => {
            let start: String = text.chars().take(MAX_SHOWN).collect();
            let shown = safe::terminal(&start);
            let text = format!("`{shown}` is no address, SHA-256 or public domain");
            Err(Failure::usage(text).into())
        }
    }
}

/// The sources of this machine come first: what they say of the AS helps to read its name.
async fn ask(place: &Place, subject: &Subject) -> Vec<Said> {
    let local = |source, answer| Said {
        source,
        told: Told { answer, at: None, by: Teller::Nobody },
        is_local: true,
    };
    let question = match subject {
        Subject::Bogon(address) => {
            return vec![local(SourceName::Validation, validation(*address))];
        }
        Subject::Question(question) => question,
    };
    let now = SystemClock.now();
    let mut said = Vec::new();
    if let Question::Address(address) = question {
        let maxmind = cowrie_sources::maxmind(None, &place.settings);
        said.push(local(SourceName::Validation, validation(address.get())));
        said.push(local(SourceName::MaxMind, maxmind.lookup(address.get(), now)));
    }
    let asked = place.sources.online_for(question).map(async |online| {
        let told = online.source.ask(std::slice::from_ref(question)).await;
        told.into_iter().next().map(|told| Said { source: online.name, told, is_local: false })
    });
    said.extend(join_all(asked).await.into_iter().flatten());
    if let Question::Address(address) = question {
        let answer = match cowrie_sources::lists(&place.settings, now) {
            Some(lists) => lists.classify(address.get(), as_name(&said).as_deref()),
            None => {
                Outcome::skipped("switched off by `providers.ip_classification.enabled`").into()
            }
        };
        said.push(local(SourceName::IpClassification, answer));
    }
    said.sort_by_key(|one| one.source);
    said
}

/// The name of the AS, from the first source that knows it.
fn as_name(said: &[Said]) -> Option<String> {
    let names = [
        (SourceName::MaxMind, "asn_org"),
        (SourceName::Cymru, "asn_org"),
        (SourceName::DShield, "as_name"),
    ];
    names.into_iter().find_map(|(source, field)| {
        let one = said.iter().find(|one| one.source == source)?;
        one.data()?.get(field)?.as_str().map(str::to_owned)
    })
}

impl Said {
    fn data(&self) -> Option<&Data> {
        match &self.told.answer.outcome {
            Outcome::Found(data) => Some(data),
            _ => None,
        }
    }

    fn status(&self) -> &'static str {
        match self.told.answer.outcome {
            Outcome::Found(_) => "ok",
            Outcome::NotFound => "not_found",
            Outcome::Skipped { .. } => "skipped",
            Outcome::Failed { .. } => "failed",
            Outcome::Quota { .. } => "quota",
        }
    }

    /// Who said it: the service, a tier of the cache, this machine, or nobody.
    fn by(&self) -> &'static str {
        match self.told.by {
            Teller::Service => "service",
            Teller::Cache(tier) => tier.name(),
            Teller::Nobody if self.is_local => "machine",
            Teller::Nobody => "nobody",
        }
    }

    fn reason(&self) -> Option<String> {
        match &self.told.answer.outcome {
            Outcome::Skipped { reason } => Some(reason.clone().into_owned()),
            Outcome::Failed { reason, .. } => Some(reason.clone()),
            Outcome::Quota { until: Some(until) } => {
                Some(format!("may be asked again at {}", times::shown(*until)))
            }
            Outcome::Quota { until: None } => Some("its quota is used up".to_owned()),
            Outcome::Found(_) | Outcome::NotFound => None,
        }
    }
}

/// What the cache and the services had to do for it.
fn summary(sources: &Sources) -> Value {
    let service = |online: &Online| {
        let report = online.report()?;
        let breaker = match report.breaker {
            BreakerState::Closed { .. } => "closed",
            BreakerState::Open { .. } => "open",
            BreakerState::HalfOpen => "half_open",
        };
        let counts = json!({
            "requests": report.requests,
            "retries": report.retries,
            "throttled": report.throttled,
            "failures": report.failures,
            "refused": report.refused,
            "breaker": breaker,
            "dropped": report.dropped,
        });
        Some((online.name.name().to_owned(), counts))
    };
    let services: Map<String, Value> = sources.online().iter().filter_map(service).collect();
    json!({ "cache": sources.cache().statistics(), "services": services })
}

fn document(subject: &Subject, said: &[Said], summary: &Value) -> Value {
    let one = |said: &Said| {
        let Answer { expires_at, vintage, .. } = &said.told.answer;
        json!({
            "source": said.source.name(),
            "status": said.status(),
            "by": said.by(),
            "at": said.told.at,
            "expires_at": expires_at,
            "vintage": vintage,
            "reason": said.reason(),
            "data": said.data().map(Data::as_map),
        })
    };
    json!({
        "schema": "cowrie-enrich.lookup/1",
        "subject": subject.to_string(),
        "kind": subject.kind(),
        "answers": said.iter().map(one).collect::<Vec<_>>(),
        "summary": summary,
    })
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bogon(address) => address.fmt(f),
            Self::Question(question) => question.fmt(f),
        }
    }
}

impl Subject {
    fn kind(&self) -> &'static str {
        match self {
            Self::Bogon(_) | Self::Question(Question::Address(_)) => "address",
            Self::Question(Question::File(_)) => "file",
            Self::Question(Question::Domain(_)) => "domain",
            Self::Question(Question::Passwords(_)) => "passwords",
        }
    }
}

fn text(subject: &Subject, said: &[Said], now: DateTime<Utc>) -> String {
    let columns = ["SOURCE", "STATUS", "BY", "AGE", "FACTS OR REASON"];
    let mut table = Table::new(&columns.map(|title| (title, Align::Left)));
    for one in said {
        let age = one.told.at.map(|at| span::shown(now - at)).unwrap_or_default();
        let facts = one.data().map(facts);
        let what = facts.or_else(|| one.reason()).unwrap_or_default();
        table.row([one.source.name(), one.status(), one.by(), &age, &safe::terminal(&what)]);
    }
    let note = match subject {
        Subject::Bogon(_) => "\nNobody outside can know this address, and nobody was asked.\n",
        Subject::Question(_) => "",
    };
    format!("{subject}\n\n{table}{note}")
}

/// The facts in one line: names and values, the way people read them.
fn facts(data: &Data) -> String {
    let fact = |(name, value): (&String, &Value)| match value {
        Value::String(text) => format!("{name} {text}"),
        other => format!("{name} {other}"),
    };
    data.as_map().iter().map(fact).collect::<Vec<_>>().join(", ")
}

//! What researchers ask (`docs/queries.md`), timed on the loaded tables.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use cowrie_tests::{Asked, Engine, QUERIES, Question, Tables, questions, scans_sessions};

use crate::database::Place;
use crate::report::Report;

/// How often a question is asked that must be answered quickly.
const TIMES: usize = 100;

/// Campaigns that are asked about: their name in the report, and how many sessions they should
/// have; the last is the largest that there is.
const CAMPAIGNS: [(&str, u64); 3] = [("10", 10), ("1000", 1_000), ("most", u64::MAX)];

/// The index over key, country and address.
const INDEX: &str = "ix_session_summaries_ssh_key_fingerprint_country_source_ip";

/// Asks every question of the document.
///
/// The loader leaves statistics and the map of visible pages to the server, so in PostgreSQL both
/// are made first; what that takes is a figure of its own.
pub(crate) async fn ask(place: &Place, report: &mut Report) -> Result<()> {
    let tables = place.tables().await;
    let engine = place.engine.name();
    if place.engine == Engine::Postgres {
        let begun = Instant::now();
        tables.execute("VACUUM (ANALYZE)").await;
        report.figure(format!("{engine}.vacuum_analyze.seconds"), begun.elapsed().as_secs_f64());
    }
    let questions = questions(QUERIES).context("failed to read docs/queries.md")?;
    let (shapes, others): (Vec<_>, Vec<_>) = questions
        .iter()
        .filter(|question| question.sql(place.engine).is_some())
        .partition(|question| question.is_shape());
    for (size, n_wanted) in CAMPAIGNS {
        let values = Values::of_campaign(&tables, n_wanted).await?;
        report.figure(format!("{engine}.query.campaign.{size}.sessions"), values.n_sessions);
        for shape in &shapes {
            let asked = values.given_to(shape, &tables)?;
            time(&tables, shape, size, &asked, report).await;
        }
    }
    let values = Values::of_campaign(&tables, CAMPAIGNS[1].1).await?.with_the_rest(&tables).await;
    for question in others {
        let asked = values.given_to(question, &tables)?;
        // The first time warms up.
        tables.ask(&asked).await;
        let begun = Instant::now();
        tables.ask(&asked).await;
        let name = format!("{engine}.query.{}.ms", question.name());
        report.figure(name, milliseconds(begun));
    }
    Ok(())
}

/// Asks one of the usual questions again and again, and looks at how it is answered.
async fn time(tables: &Tables, shape: &Question, size: &str, asked: &Asked, report: &mut Report) {
    let name = format!("{}.query.{}.{size}", tables.engine().name(), shape.name());
    let plan = tables.plan(asked).await;
    let is_by_index = plan.contains(INDEX) && !scans_sessions(tables.engine(), &plan);
    let shown = if is_by_index { "by index".to_owned() } else { plan };
    report.holds(format!("{name}: plan"), is_by_index, shown);
    let n_rows = tables.ask(asked).await.len();
    report.holds(format!("{name}: rows"), n_rows > 0, n_rows.to_string());
    let mut taken = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begun = Instant::now();
        tables.ask(asked).await;
        taken.push(milliseconds(begun));
    }
    taken.sort_by(f64::total_cmp);
    for (percent, what) in [(50, "p50_ms"), (95, "p95_ms")] {
        let rank = (TIMES * percent).div_ceil(100);
        let taken = taken.get(rank.saturating_sub(1)).copied().unwrap_or_default();
        report.figure(format!("{name}.{what}"), taken);
    }
}

fn milliseconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e3
}

/// What questions are asked about, by the names of their parameters.
struct Values {
    n_sessions: f64,
    by_name: BTreeMap<&'static str, String>,
}

impl Values {
    /// The campaign whose size is nearest, in the country that most of its sessions come from.
    async fn of_campaign(tables: &Tables, n_wanted: u64) -> Result<Self> {
        let keys = "SELECT key_fingerprint || ' ' || unique_sessions FROM ssh_key_intelligence \
             ORDER BY unique_sessions, key_fingerprint";
        let keys = tables.lines(keys).await;
        let sized = keys.iter().filter_map(|line| {
            let (key, n_sessions) = line.rsplit_once(' ')?;
            Some((key, n_sessions.parse::<u64>().ok()?))
        });
        let nearest = sized.min_by_key(|(_, n_sessions)| n_sessions.abs_diff(n_wanted));
        let (key, n_sessions) = nearest.context("the corpus plants no key")?;
        ensure!(!key.contains('\''), "`{key}` is no fingerprint");
        let country = "SELECT snapshot_country FROM session_summaries WHERE ssh_key_fingerprint = \
             'KEY' AND snapshot_country IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1";
        let country = tables.lines(&country.replace("KEY", key)).await;
        let country = country.into_iter().next().context("the campaign has no country")?;
        let by_name = BTreeMap::from([
            ("fingerprint", key.to_owned()),
            ("country", country),
            ("after_address", String::new()),
            ("after_session", String::new()),
        ]);
        Ok(Self { n_sessions: u32::try_from(n_sessions).map_or(f64::MAX, f64::from), by_name })
    }

    /// Values for everything else: what comes most often, and all the time that there is.
    async fn with_the_rest(mut self, tables: &Tables) -> Self {
        for (name, query) in [
            ("session", "SELECT session_id FROM command_stats LIMIT 1"),
            ("command", "SELECT command_normalized FROM command_stats LIMIT 1"),
            ("shasum", "SELECT shasum FROM files LIMIT 1"),
            ("address", "SELECT ip_address FROM ip_inventory ORDER BY session_count DESC LIMIT 1"),
            (
                "asn",
                "SELECT CAST(asn_number AS text) FROM asn_inventory \
                 ORDER BY total_session_count DESC LIMIT 1",
            ),
            (
                "password_hash",
                "SELECT password_hash FROM password_tracking ORDER BY times_seen DESC LIMIT 1",
            ),
        ] {
            self.by_name.extend(tables.lines(query).await.into_iter().next().map(|v| (name, v)));
        }
        let fixed = [
            ("since", "2000-01-01T00:00:00Z"),
            ("until", "2100-01-01T00:00:00Z"),
            ("at_least", "10"),
            ("kind", "datacenter"),
            ("analysis", "1"),
        ];
        self.by_name.extend(fixed.map(|(name, value)| (name, value.to_owned())));
        self
    }

    fn given_to(&self, question: &Question, tables: &Tables) -> Result<Asked> {
        let is_known = |name: &str| self.by_name.contains_key(name);
        let unknown = question.parameters.iter().find(|parameter| !is_known(&parameter.name));
        if let Some(parameter) = unknown {
            bail!("no value is known for `{}` of `{}`", parameter.name, question.title);
        }
        let value = |name: &str| self.by_name.get(name).cloned().unwrap_or_default();
        Ok(question.asked(tables, value))
    }
}

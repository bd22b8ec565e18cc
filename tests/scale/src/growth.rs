//! How what a load costs grows with the corpus.

use anyhow::Result;

use crate::corpus::{Corpus, Size};
use crate::database::Home;
use crate::measure::{self, MIB};
use crate::report::Report;
use crate::stages::{Bench, figure};
use crate::workload::Workload;

/// Loads corpora of other sizes into every engine.
pub(crate) async fn run(home: &Home, workload: &Workload, report: &mut Report) -> Result<()> {
    for sessions in &workload.compare.growth {
        let size = scaled(&workload.corpus, *sessions);
        let folder = home.folder.join("growth").join(sessions.to_string());
        let corpus = Corpus::in_folder(&folder, &size)?;
        for engine in home.engines() {
            let bench = Bench { home, workload, corpus: &corpus, engine };
            bench.grown(report).await?;
        }
    }
    Ok(())
}

impl Bench<'_> {
    async fn grown(&self, report: &mut Report) -> Result<()> {
        let truth = &self.corpus.truth;
        let place = self.home.fresh(self.engine, "scale_growth").await?;
        let ended = measure::run(&mut self.loader("bulk", &place))?;
        let size = figure(place.size().await?);
        self.home.remove(place).await?;
        let seconds = ended.elapsed.as_secs_f64();
        for (what, value) in [
            ("seconds", seconds),
            ("events_per_second", figure(truth.events) / seconds),
            ("peak_memory_mib", figure(ended.peak_memory) / MIB),
            ("bytes_per_event", size / figure(truth.events)),
        ] {
            let engine = self.engine.name();
            report.figure(format!("growth.{}.{engine}.{what}", truth.sessions), value);
        }
        Ok(())
    }
}

/// The corpus with so many sessions, and of everything that comes with them as much less or more.
fn scaled(whole: &Size, sessions: u32) -> Size {
    let share = |of: u32| {
        let part = u64::from(of) * u64::from(sessions) / u64::from(whole.sessions.max(1));
        u32::try_from(part).unwrap_or(u32::MAX).max(1)
    };
    let (addresses, days) = (share(whole.addresses), share(whole.days));
    Size { sessions, addresses, days, ..whole.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_days_grow_with_sessions() {
        let whole: Workload = toml::from_str(include_str!("../ci.toml")).unwrap();
        let Size { sessions, addresses, days, sensors, .. } = scaled(&whole.corpus, 10_000);
        assert_eq!((sessions, addresses, days, sensors), (10_000, 2_000, 2, 2));
        assert_eq!(scaled(&whole.corpus, 1).days, 1);
        assert_eq!(scaled(&whole.corpus, 100_000), whole.corpus);
    }
}

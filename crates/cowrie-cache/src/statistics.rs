//! How often the cache helped.

use std::collections::BTreeMap;
use std::time::Duration;

use cowrie_enrichment::{SourceName, Tier};
use serde::{Serialize, Serializer};

/// What was asked, found and kept, since the cache was made.
///
/// As JSON both maps are objects, with the names of services and tiers.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct CacheStatistics {
    /// By service, whichever tier answered.
    #[serde(serialize_with = "named_services")]
    pub services: BTreeMap<SourceName, ServiceCounts>,
    /// By tier and service.
    #[serde(serialize_with = "named_tiers")]
    pub tiers: BTreeMap<Tier, BTreeMap<SourceName, TierCounts>>,
}

/// Questions about one service.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct ServiceCounts {
    /// Questions that were asked.
    pub questions: u64,
    /// Those that some tier answered.
    pub hits: u64,
}

/// What one tier did for one service.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct TierCounts {
    /// Questions it answered.
    pub hits: u64,
    /// Questions it did not answer.
    pub misses: u64,
    /// Answers it was given to keep, also from slower tiers.
    pub stores: u64,
    /// Requests that failed, and answers that could not be read.
    pub errors: u64,
    /// How long all requests took together, in microseconds.
    pub latency_micros: u64,
}

impl CacheStatistics {
    /// The share of all questions that the cache answered; `None` before the first question.
    pub fn hit_rate(&self) -> Option<f64> {
        let sum = |of: fn(&ServiceCounts) -> u64| self.services.values().map(of).sum();
        share(sum(|counts| counts.hits), sum(|counts| counts.questions))
    }

    /// The share that one tier answered of the questions that came to it; `None` before the first.
    pub fn tier_hit_rate(&self, tier: Tier) -> Option<f64> {
        let of_tier = || self.tiers.get(&tier).into_iter().flat_map(BTreeMap::values);
        let hits = of_tier().map(|counts| counts.hits).sum();
        share(hits, of_tier().map(|counts| counts.hits + counts.misses).sum())
    }

    pub(crate) fn tier(&mut self, tier: Tier, service: SourceName) -> &mut TierCounts {
        self.tiers.entry(tier).or_default().entry(service).or_default()
    }
}

impl TierCounts {
    pub(crate) fn took(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.latency_micros = self.latency_micros.saturating_add(micros);
    }
}

/// A share, to the millionth.
fn share(part: u64, whole: u64) -> Option<f64> {
    let millionths = (u128::from(part) * 1_000_000).checked_div(u128::from(whole))?;
    u32::try_from(millionths).ok().map(|millionths| f64::from(millionths) / 1e6)
}

fn named_services<S: Serializer, T: Serialize>(
    services: &BTreeMap<SourceName, T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(services.iter().map(|(service, counts)| (service.name(), counts)))
}

fn named_tiers<S: Serializer>(
    tiers: &BTreeMap<Tier, BTreeMap<SourceName, TierCounts>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let named = |services: &BTreeMap<SourceName, TierCounts>| {
        let named = services.iter().map(|(service, counts)| (service.name(), *counts));
        named.collect::<BTreeMap<_, _>>()
    };
    serializer.collect_map(tiers.iter().map(|(tier, services)| (tier.name(), named(services))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rates_and_json_are_as_documented() {
        let mut statistics = CacheStatistics::default();
        assert_eq!(statistics.hit_rate(), None);
        assert_eq!(statistics.tier_hit_rate(Tier::Redis), None);
        let counts = ServiceCounts { questions: 4, hits: 3 };
        statistics.services.insert(SourceName::Spur, counts);
        *statistics.tier(Tier::Redis, SourceName::Spur) =
            TierCounts { hits: 1, misses: 3, stores: 2, errors: 1, latency_micros: 7 };
        assert_eq!(statistics.hit_rate(), Some(0.75));
        assert_eq!(statistics.tier_hit_rate(Tier::Redis), Some(0.25));
        let expected = json!({
            "services": {"spur": {"questions": 4, "hits": 3}},
            "tiers": {"redis": {"spur": {
                "hits": 1, "misses": 3, "stores": 2, "errors": 1, "latency_micros": 7,
            }}},
        });
        assert_eq!(serde_json::to_value(&statistics).unwrap(), expected);
    }
}

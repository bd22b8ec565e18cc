//! How each source is asked: its own defaults, and what the settings change of them.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use cowrie_cache::Keep;
use cowrie_config::{Provider, Settings};
use cowrie_enrichment::SourceName;
use cowrie_limits::{BreakerLimits, Limits, spacing};

/// The sources that are asked over a network, in the order of the cascade.
pub(crate) const ONLINE: [SourceName; 7] = [
    SourceName::Cymru,
    SourceName::GreyNoise,
    SourceName::DShield,
    SourceName::Spur,
    SourceName::UrlHaus,
    SourceName::VirusTotal,
    SourceName::Hibp,
];

/// How long a question may wait for its turn.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often a question is sent that fails for reasons that may pass.
const TRIES: u32 = 3;

/// When a service that keeps failing is left alone, and for how long.
const BREAKER: BreakerLimits = BreakerLimits {
    failures: NonZeroU32::MIN.saturating_add(4),
    first_pause: Duration::from_secs(30),
    max_pause: Duration::from_mins(10),
};

/// How one source is asked.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) is_enabled: bool,
    pub(crate) base_url: Option<String>,
    pub(crate) timeout: Duration,
    pub(crate) keep: Keep,
    pub(crate) limits: Limits,
}

/// What holds of a source when nobody says anything.
struct Defaults {
    /// Questions in a second.
    rate: f64,
    burst: u32,
    daily_quota: Option<u64>,
    in_flight: usize,
    keep_days: f64,
    keep_not_found_days: f64,
}

impl Plan {
    /// The plan for a source.
    pub(crate) fn of(name: SourceName, settings: &Settings) -> Self {
        let defaults = defaults(name);
        let set = settings.providers.get(name.name());
        let number =
            |of: fn(&Provider) -> Option<f64>, default| set.and_then(of).unwrap_or(default);
        let rate = number(|one| one.rate_per_second, defaults.rate);
        Self {
            is_enabled: set.and_then(|one| one.enabled).unwrap_or(true),
            base_url: set.and_then(|one| one.base_url.clone()),
            timeout: seconds(number(|one| one.timeout_seconds, 10.0)),
            keep: Keep {
                found: days(number(|one| one.ttl_days, defaults.keep_days)),
                not_found: days(number(|one| one.negative_ttl_days, defaults.keep_not_found_days)),
            },
            limits: Limits {
                spacing: spacing(rate),
                // A slower rate than the usual one is there for a reason.
                burst: if rate < defaults.rate { 1 } else { defaults.burst },
                daily_quota: set.and_then(|one| one.daily_quota).or(defaults.daily_quota),
                in_flight: NonZeroUsize::new(defaults.in_flight).unwrap_or(NonZeroUsize::MIN),
                patience: PATIENCE,
                tries: TRIES,
                breaker: BREAKER,
            },
        }
    }
}

/// The rules of the services, and how long what they say stays true.
fn defaults(name: SourceName) -> Defaults {
    let (rate, burst, daily_quota, in_flight, keep_days, keep_not_found_days) = match name {
        SourceName::Cymru => (100.0, 10, None, 4, 90.0, 7.0),
        SourceName::GreyNoise => (10.0, 10, Some(10_000), 8, 7.0, 7.0),
        SourceName::DShield => (1.0, 1, None, 2, 7.0, 3.0),
        SourceName::Spur => (1.0, 1, None, 2, 14.0, 1.0),
        SourceName::UrlHaus => (2.0, 1, None, 2, 3.0, 3.0),
        SourceName::VirusTotal => (4.0 / 60.0, 1, Some(500), 1, 30.0, 0.5),
        SourceName::Hibp => (10.0, 1, None, 8, 60.0, 1.0),
        // They answer from this machine.
        SourceName::Validation | SourceName::MaxMind | SourceName::IpClassification => {
            (100.0, 1, None, 1, 7.0, 7.0)
        }
    };
    Defaults { rate, burst, daily_quota, in_flight, keep_days, keep_not_found_days }
}

/// The settings allow only numbers above zero; what is too large for a duration is for ever.
fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number).unwrap_or(Duration::MAX)
}

fn days(number: f64) -> Duration {
    seconds(number * 86_400.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn plan(name: SourceName, file: &str) -> Plan {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sensors.toml");
        std::fs::write(&path, file).unwrap();
        let flags = cowrie_config::Flags {
            config: Some(path),
            db: None,
            cache_dir: None,
            status_dir: None,
        };
        let environment = std::collections::BTreeMap::<String, String>::new();
        Plan::of(name, &cowrie_config::load(&flags, folder.path(), &environment).unwrap())
    }

    #[test]
    fn a_source_has_its_own_defaults() {
        let virustotal = plan(SourceName::VirusTotal, "");
        assert_eq!(virustotal.limits.spacing, Duration::from_secs(15));
        assert_eq!(virustotal.limits.daily_quota, Some(500));
        assert_eq!(virustotal.keep.not_found, Duration::from_hours(12));
        assert!(virustotal.is_enabled);
    }

    #[test]
    fn settings_change_them_one_by_one() {
        let file = "[providers.greynoise]\nrate_per_second = 0.5\ndaily_quota = 50\n\
                    ttl_days = 1e300\nenabled = false\nbase_url = 'http://127.0.0.1:1'\n";
        let greynoise = plan(SourceName::GreyNoise, file);
        assert_eq!(greynoise.limits.spacing, Duration::from_secs(2));
        assert_eq!(greynoise.limits.burst, 1);
        assert_eq!(greynoise.limits.daily_quota, Some(50));
        assert_eq!(greynoise.keep.found, Duration::MAX);
        assert_eq!(greynoise.keep.not_found, Duration::from_hours(24 * 7));
        assert!(!greynoise.is_enabled);
        assert_eq!(greynoise.base_url.as_deref(), Some("http://127.0.0.1:1"));
        let untouched = plan(SourceName::Spur, file);
        assert!(untouched.is_enabled && untouched.base_url.is_none());
    }
}

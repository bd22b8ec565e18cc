//! All sources of a program.

use std::fmt;
use std::sync::Arc;

use cowrie_cache::{Cache, Cached};
use cowrie_config::Settings;
use cowrie_core::Clock;
use cowrie_enrichment::{Disabled, OnlineSource, Question, Service, SourceName};
use cowrie_limits::{Ledger, LimitReport, Limited};
use cowrie_quota::DatabaseLedger;
use cowrie_secrets::Resolver;
use sea_orm::DatabaseConnection;

use crate::cache::cache;
use crate::clients::service;
use crate::plan::{ONLINE, Plan};

/// What sources are built from.
pub struct Site<'a> {
    /// What the user has set.
    pub settings: &'a Settings,
    /// The sensor whose keys and folders hold; `None` takes the first key that there is.
    pub sensor: Option<&'a str>,
    /// What resolves the keys.
    pub resolver: Arc<Resolver>,
    /// Where the quotas and one tier of the cache are; its schema is the newest.
    pub database: DatabaseConnection,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Site<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("sensor", &self.sensor).finish_non_exhaustive()
    }
}

/// Every source that is asked over a network, and what they share.
pub struct Sources {
    online: Vec<Online>,
    cache: Arc<Cache>,
    ledger: Arc<dyn Ledger>,
}

/// One source that is asked over a network.
#[derive(Clone)]
pub struct Online {
    /// Which one.
    pub name: SourceName,
    /// What is asked: the cache, and behind it the service within its limits, or a source that
    /// says why it is not in use.
    pub source: Arc<dyn OnlineSource>,
    /// The service within its limits, when it is in use.
    pub(crate) limited: Option<Arc<Limited<Arc<dyn Service>>>>,
}

impl fmt::Debug for Online {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Online").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("online", &self.online).finish_non_exhaustive()
    }
}

impl Sources {
    /// Builds every source. No service is asked, and no key is resolved before its service is;
    /// the password of Redis and a contact kept as a secret are.
    pub async fn open(site: Site<'_>) -> Self {
        let cache = Arc::new(cache(&site).await);
        let ledger: Arc<dyn Ledger> = Arc::new(DatabaseLedger::new(site.database.clone()));
        let mut online = Vec::with_capacity(ONLINE.len());
        for name in ONLINE {
            online.push(open(name, &site, &cache, &ledger).await);
        }
        Self { online, cache, ledger }
    }

    /// The sources, in the order of the cascade.
    pub fn online(&self) -> &[Online] {
        &self.online
    }

    /// Those that can know of such a thing.
    pub fn online_for(&self, question: &Question) -> impl Iterator<Item = &Online> {
        self.online.iter().filter(|online| online.name.takes(question))
    }

    /// The cache that all of them share.
    pub fn cache(&self) -> &Arc<Cache> {
        &self.cache
    }

    /// The rates and quotas that all processes share.
    pub fn ledger(&self) -> &Arc<dyn Ledger> {
        &self.ledger
    }
}

impl Online {
    /// What became of its questions to the service in this process; `None` when it is not in use.
    pub fn report(&self) -> Option<LimitReport> {
        self.limited.as_ref().map(|limited| limited.report())
    }
}

async fn open(
    name: SourceName,
    site: &Site<'_>,
    cache: &Arc<Cache>,
    ledger: &Arc<dyn Ledger>,
) -> Online {
    let plan = Plan::of(name, site.settings);
    match service(name, &plan, site).await {
        Ok(client) => {
            let clock = Arc::clone(&site.clock);
            let limited =
                Arc::new(Limited::new(client, plan.limits, Arc::clone(ledger), Arc::clone(&clock)));
            let cached = Cached::new(Arc::clone(&limited), Arc::clone(cache), plan.keep, clock);
            Online { name, source: Arc::new(cached), limited: Some(limited) }
        }
        Err(reason) => {
            Online { name, source: Arc::new(Disabled::new(name, reason)), limited: None }
        }
    }
}

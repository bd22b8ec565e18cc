//! The ledger of one process.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use cowrie_enrichment::SourceName;

use crate::{Grant, Ledger, LedgerError, State, Terms, Usage, grant};

/// A ledger in memory: what it knows is shared by those who share it, and ends with it.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    states: Mutex<BTreeMap<SourceName, State>>,
}

impl MemoryLedger {
    /// Changes what is known of a service, and never fails.
    fn change<T>(&self, service: SourceName, change: impl FnOnce(State) -> (State, T)) -> T {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(service).or_default();
        let (after, said) = change(std::mem::take(state));
        *state = after;
        said
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn reserve(
        &self,
        service: SourceName,
        terms: &Terms,
        wanted: NonZeroU32,
        now: DateTime<Utc>,
    ) -> Result<Grant, LedgerError> {
        Ok(self.change(service, |state| grant(state, terms, wanted, now)))
    }

    async fn pause(&self, service: SourceName, until: DateTime<Utc>) -> Result<(), LedgerError> {
        self.change(service, |state| (state.paused(until), ()));
        Ok(())
    }

    async fn usage(&self, service: SourceName, now: DateTime<Utc>) -> Result<Usage, LedgerError> {
        Ok(self.change(service, |state| (state.clone(), state.usage(now))))
    }
}

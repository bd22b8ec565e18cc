//! Callers wait here for their turn.
//!
//! What the ledger hands out is kept as moments on the runtime's clock, so that a clock that is
//! set while somebody waits changes nothing.

use std::collections::VecDeque;
use std::error::Error;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_core::{Clock, one_line};
use cowrie_enrichment::{Outcome, Remedy, SourceName};
use tokio::sync::Mutex as FairMutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::moment::Anchor;
use crate::{Grant, Ledger, LedgerError, Terms};

/// How much of the rate may be taken in advance.
const SLICE: Duration = Duration::from_secs(2);

/// How late a caller may be who waited for a request before it was handed out.
const LATENESS: Duration = Duration::from_millis(100);

/// How long what the ledger said is taken to hold; then it is asked again.
const MEMORY: Duration = Duration::from_secs(1);

/// Those who want to ask one service.
pub(crate) struct Queue {
    service: SourceName,
    terms: Terms,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    n_waiting: AtomicU32,
    lease: FairMutex<Lease>,
    heard: Mutex<Heard>,
}

/// Requests that were handed out and have no taker yet.
#[derive(Default)]
struct Lease {
    slots: VecDeque<Slot>,
    /// The question to the ledger that is under way. It is a task of its own, so that a caller
    /// who gives up takes nothing from the others, and leaves no lock behind in a database.
    asking: JoinSet<(Result<Grant, LedgerError>, Anchor, Instant)>,
    /// How many more than there were callers were wanted last time.
    n_extra: u32,
    /// Whether all that was handed out since was used.
    is_used_up: bool,
}

/// The moment of a request, and until when it may be taken.
#[derive(Clone, Copy, Debug)]
struct Slot {
    at: Instant,
    until: Instant,
}

/// The last word of the ledger.
#[derive(Debug, Default)]
struct Heard {
    at: Option<Instant>,
    pause: Option<Hold>,
    /// There are no requests, and for how long this is remembered.
    full: Option<(Hold, Instant)>,
}

/// Nobody is to ask before this moment.
#[derive(Clone, Copy, Debug)]
struct Hold {
    end: Instant,
    until: DateTime<Utc>,
}

enum Next {
    Slot(Instant),
    Hold(Hold),
}

impl Queue {
    pub(crate) fn new(
        service: SourceName,
        terms: Terms,
        ledger: Arc<dyn Ledger>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            service,
            terms,
            ledger,
            clock,
            n_waiting: AtomicU32::new(0),
            lease: FairMutex::default(),
            heard: Mutex::default(),
        }
    }

    /// Waits for the moment of one request; when there is none before the deadline, says at once
    /// when there is.
    pub(crate) async fn turn(&self, deadline: Instant) -> Result<(), Outcome> {
        loop {
            match self.next(deadline).await? {
                Next::Slot(at) => {
                    sleep_until(at).await;
                    if !self.is_paused().await? {
                        return Ok(());
                    }
                }
                Next::Hold(hold) if hold.end <= deadline => sleep_until(hold.end).await,
                Next::Hold(hold) => return Err(Outcome::Quota { until: Some(hold.until) }),
            }
        }
    }

    /// Lets nobody ask before `until`, in this process or in any that shares the ledger.
    pub(crate) async fn pause(&self, until: DateTime<Utc>) -> Result<(), LedgerError> {
        self.hear_pause(self.anchor(), until);
        self.ledger.pause(self.service, until).await
    }

    /// The next request, or why there is none; in the order in which callers come.
    async fn next(&self, deadline: Instant) -> Result<Next, Outcome> {
        let _waiting = Waiting::new(&self.n_waiting);
        let mut lease = self.lease.lock().await;
        loop {
            let now = Instant::now();
            if let Some(hold) = self.pause_at(now) {
                return Ok(Next::Hold(hold));
            }
            if let Some(at) = lease.first_at(now) {
                if at > deadline.max(now) {
                    let ahead = TimeDelta::from_std(at - now).unwrap_or_default();
                    return Err(Outcome::Quota { until: Some(self.clock.now() + ahead) });
                }
                lease.slots.pop_front();
                return Ok(Next::Slot(at));
            }
            if let Some(hold) = self.full_at(now) {
                return Ok(Next::Hold(hold));
            }
            self.lease_more(&mut lease).await?;
        }
    }

    async fn lease_more(&self, lease: &mut Lease) -> Result<(), Outcome> {
        let n_waiting = self.n_waiting.load(Ordering::Relaxed);
        if lease.asking.is_empty() {
            lease.choose_extra(&self.terms);
            let wanted = NonZeroU32::MIN.saturating_add(n_waiting.saturating_sub(1));
            self.ask_ledger(lease, wanted.saturating_add(lease.n_extra));
        }
        let (grant, asked, received) = match lease.asking.join_next().await {
            Some(Ok(said)) => said,
            Some(Err(broken)) => return Err(failed(&broken)),
            None => return Ok(()),
        };
        match grant.map_err(|error| failed(&error))? {
            Grant::Slots { first, n } => {
                self.lock_heard().at = Some(received);
                lease.add(first, n, n_waiting, &self.terms, asked, received);
            }
            Grant::Paused { until } => self.hear_pause(asked, until),
            Grant::Later { until } | Grant::Spent { until } => {
                let hold = Hold { end: asked.instant_of(until), until };
                let forget = hold.end.min(received + MEMORY);
                self.lock_heard().full = Some((hold, forget));
            }
        }
        Ok(())
    }

    fn ask_ledger(&self, lease: &mut Lease, wanted: NonZeroU32) {
        let (ledger, clock) = (Arc::clone(&self.ledger), Arc::clone(&self.clock));
        let (service, terms) = (self.service, self.terms);
        lease.asking.spawn(async move {
            let asked = Anchor { instant: Instant::now(), now: clock.now() };
            let grant = ledger.reserve(service, &terms, wanted, asked.now).await;
            (grant, asked, Instant::now())
        });
    }

    /// Whether the service was paused, here or elsewhere, while a caller waited for its moment.
    async fn is_paused(&self) -> Result<bool, Outcome> {
        let heard_at = self.lock_heard().at;
        if heard_at.is_none_or(|at| at.elapsed() >= MEMORY) {
            let asked = self.anchor();
            let usage = self.ledger.usage(self.service, asked.now).await;
            let usage = usage.map_err(|error| failed(&error))?;
            self.lock_heard().at = Some(asked.instant);
            if let Some(until) = usage.paused_until {
                self.hear_pause(asked, until);
            }
        }
        Ok(self.pause_at(Instant::now()).is_some())
    }

    fn hear_pause(&self, asked: Anchor, until: DateTime<Utc>) {
        let hold = Hold { end: asked.instant_of(until), until };
        let mut heard = self.lock_heard();
        if heard.pause.is_none_or(|known| known.end < hold.end) {
            heard.pause = Some(hold);
        }
    }

    fn pause_at(&self, now: Instant) -> Option<Hold> {
        self.lock_heard().pause.filter(|hold| hold.end > now)
    }

    fn full_at(&self, now: Instant) -> Option<Hold> {
        let full = self.lock_heard().full.filter(|(_, forget)| *forget > now);
        full.map(|(hold, _)| hold)
    }

    fn lock_heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn anchor(&self) -> Anchor {
        Anchor { instant: Instant::now(), now: self.clock.now() }
    }
}

impl Lease {
    /// The moment of the next request, after dropping those whose moment is past.
    fn first_at(&mut self, now: Instant) -> Option<Instant> {
        while let Some(slot) = self.slots.front() {
            if slot.until >= now {
                return Some(slot.at);
            }
            self.slots.pop_front();
            self.is_used_up = false;
        }
        None
    }

    /// Takes more in advance the longer all of it is used, and nothing that counts.
    fn choose_extra(&mut self, terms: &Terms) {
        let in_a_slice = SLICE.as_nanos().checked_div(terms.spacing.as_nanos());
        let most = match terms.daily_quota {
            None => in_a_slice.and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
            Some(_) => 0,
        };
        self.n_extra =
            if self.is_used_up { self.n_extra.saturating_mul(2).max(1).min(most) } else { 0 };
        self.is_used_up = true;
    }

    /// Keeps what was handed out. Where the ledger took so long that the first moment is past,
    /// all are put off by as much, so that they keep their distances.
    fn add(
        &mut self,
        first: DateTime<Utc>,
        n: u32,
        n_waiting: u32,
        terms: &Terms,
        asked: Anchor,
        received: Instant,
    ) {
        let late = received.saturating_duration_since(asked.instant_of(first));
        for number in 0..n {
            let at = asked.instant_of(terms.slot(first, number)) + late;
            // Who comes only now may not take one whose moment is past.
            let until = if number < n_waiting { at + LATENESS } else { at };
            self.slots.push_back(Slot { at, until });
        }
    }
}

/// A failure of the ledger, and so of the question: nobody is asked unless it is counted.
fn failed(error: &dyn Error) -> Outcome {
    Outcome::Failed { reason: one_line(error), remedy: Remedy::TryAgain }
}

/// One who waits; counted until this is dropped.
struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    fn new(n_waiting: &'a AtomicU32) -> Self {
        n_waiting.fetch_add(1, Ordering::Relaxed);
        Self(n_waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

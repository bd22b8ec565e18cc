//! Leaves a service alone that keeps failing, and finds out by one request whether it is back.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::BreakerLimits;
use crate::moment::after;
use crate::verdict::Health;

/// How a breaker is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BreakerState {
    /// The service is asked.
    Closed {
        /// How many requests failed since the last that did not.
        failures: u32,
    },
    /// The service is left alone.
    Open {
        /// Until then; after that the next request is a probe.
        until: DateTime<Utc>,
    },
    /// One probe is under way.
    HalfOpen,
}

impl fmt::Display for BreakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed { .. } => "closed",
            Self::Open { .. } => "open",
            Self::HalfOpen => "half-open",
        })
    }
}

#[derive(Debug)]
pub(crate) struct Breaker {
    limits: BreakerLimits,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    /// Grows with every change of phase: what was sent in another era says nothing of this one.
    era: u64,
    failures: u32,
    phase: Phase,
    /// How long the service is left alone next time.
    pause: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed,
    Open { until: Instant },
    Probing,
}

/// Leave to send one request; a probe that is given up makes way for another.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    breaker: &'a Breaker,
    era: u64,
    is_probe: bool,
}

impl Breaker {
    pub(crate) fn new(limits: BreakerLimits) -> Self {
        let pause = limits.first_pause;
        let state = State { era: 0, failures: 0, phase: Phase::Closed, pause };
        Self { limits, state: Mutex::new(state), changed: Notify::new() }
    }

    /// Waits until the service may be asked; when that is not before the deadline, says at once
    /// when it may be.
    pub(crate) async fn enter(&self, deadline: Instant) -> Result<Pass<'_>, Instant> {
        loop {
            // Made before the look at the state, so that no change is missed in between.
            let changed = self.changed.notified();
            match self.try_enter() {
                Ok(pass) => return Ok(pass),
                Err(Phase::Open { until }) if until > deadline => return Err(until),
                Err(Phase::Open { until }) => sleep_until(until).await,
                Err(_probing) => timeout_at(deadline, changed).await.map_err(|_late| deadline)?,
            }
        }
    }

    fn try_enter(&self) -> Result<Pass<'_>, Phase> {
        let mut state = self.lock();
        let is_probe = match state.phase {
            Phase::Closed => false,
            Phase::Open { until } if until <= Instant::now() => {
                state.turn(Phase::Probing);
                true
            }
            phase => return Err(phase),
        };
        Ok(Pass { breaker: self, era: state.era, is_probe })
    }

    pub(crate) fn state(&self, now: DateTime<Utc>) -> BreakerState {
        let state = self.lock();
        match state.phase {
            Phase::Closed => BreakerState::Closed { failures: state.failures },
            Phase::Open { until } => {
                let left = until.saturating_duration_since(Instant::now());
                let left = TimeDelta::from_std(left).unwrap_or_default();
                BreakerState::Open { until: now.checked_add_signed(left).unwrap_or(now) }
            }
            Phase::Probing => BreakerState::HalfOpen,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn turn(&mut self, phase: Phase) {
        self.phase = phase;
        self.era += 1;
    }

    fn open(&mut self) {
        self.turn(Phase::Open { until: after(self.pause) });
    }
}

impl Pass<'_> {
    /// Whether the request may still be sent.
    pub(crate) fn is_valid(&self) -> bool {
        self.breaker.lock().era == self.era
    }

    /// Says how the request went.
    pub(crate) fn settle(self, health: Health) {
        let limits = self.breaker.limits;
        let mut state = self.breaker.lock();
        if state.era != self.era {
            return;
        }
        match (health, self.is_probe) {
            (Health::Good, _) => {
                state.failures = 0;
                state.pause = limits.first_pause;
                if self.is_probe {
                    state.turn(Phase::Closed);
                }
            }
            (Health::Bad, false) => {
                state.failures = state.failures.saturating_add(1);
                if state.failures >= limits.failures.get() {
                    state.open();
                }
            }
            (Health::Bad, true) => {
                state.pause = state.pause.saturating_mul(2).min(limits.max_pause);
                state.open();
            }
            // A probe that told nothing makes way for another when it is dropped.
            (Health::Unknown, _) => {}
        }
        drop(state);
        self.breaker.changed.notify_waiters();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.is_probe {
            return;
        }
        let mut state = self.breaker.lock();
        if state.era == self.era {
            state.turn(Phase::Open { until: Instant::now() });
            drop(state);
            self.breaker.changed.notify_waiters();
        }
    }
}

//! Everything that happens, in the order of time, with only the sessions under way in memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, TimeDelta, Utc};
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Zipf};
use rand_pcg::Pcg64Mcg;

use crate::corpus::Size;
use crate::corpus::actor::{Actor, session};
use crate::corpus::address::address;
use crate::corpus::event::{Origin, What};

/// One event that is to be written.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub(crate) at: DateTime<Utc>,
    pub(crate) origin: Origin,
    pub(crate) what: What,
}

/// Sessions of the small campaign, and of the one of middling size.
const SMALL_CAMPAIGN: u32 = 10;
const MIDDLING_CAMPAIGN: u32 = 1_000;

/// How often the most frequent attackers come back.
const ZIPF_EXPONENT: f64 = 0.9;

/// The sessions of a corpus, one event after the other.
pub(crate) struct Plan<'a> {
    size: &'a Size,
    rng: Pcg64Mcg,
    /// Sessions that have begun.
    begun: u32,
    /// Attackers that have come.
    attackers: u32,
    next_start: DateTime<Utc>,
    pending: BinaryHeap<Reverse<Pending>>,
    n_pending: u64,
}

struct Pending {
    at: DateTime<Utc>,
    rank: u64,
    happening: Happening,
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.rank) == (other.at, other.rank)
    }
}

impl Eq for Pending {}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.rank).cmp(&(other.at, other.rank))
    }
}

impl<'a> Plan<'a> {
    pub(crate) fn new(size: &'a Size) -> Self {
        let next_start = DateTime::from_timestamp(super::BUILT_AT as i64, 0).unwrap_or_default();
        Self {
            size,
            rng: Pcg64Mcg::seed_from_u64(size.seed),
            begun: 0,
            attackers: 0,
            next_start,
            pending: BinaryHeap::new(),
            n_pending: 0,
        }
    }

    fn begin_session(&mut self) {
        let attacker = self.attacker();
        let actor = self.actor(attacker);
        let origin = Origin {
            session: format!("{:012x}", self.rng.random::<u64>() >> 16),
            source_ip: address(attacker),
            source_port: self.rng.random_range(1_025..=65_535),
            is_telnet: actor.is_telnet(),
            sensor: self.rng.random_range(0..self.size.sensors.max(1)) as usize,
        };
        let mut at = self.next_start;
        for (after, what) in session(actor, &mut self.rng) {
            // No two events of a session share their microsecond.
            let more = self.rng.random_range(1..1_000);
            at += TimeDelta::milliseconds(i64::from(after)) + TimeDelta::microseconds(more);
            let happening = Happening { at, origin: origin.clone(), what };
            self.pending.push(Reverse(Pending { at, rank: self.n_pending, happening }));
            self.n_pending += 1;
        }
        self.begun += 1;
        let mean =
            i64::from(self.size.days.max(1)) * 86_400_000_000 / i64::from(self.size.sessions);
        let wait = self.rng.random_range(0..=2 * mean.max(1) - 1);
        self.next_start += TimeDelta::microseconds(wait);
    }

    /// Every so many sessions somebody new comes; otherwise one who was there comes back.
    fn attacker(&mut self) -> u32 {
        let Size { sessions, addresses, .. } = *self.size;
        let due = u64::from(self.begun) * u64::from(addresses) / u64::from(sessions);
        if due >= u64::from(self.attackers) {
            self.attackers += 1;
            return self.attackers - 1;
        }
        let rank = Zipf::new(f64::from(self.attackers), ZIPF_EXPONENT)
            .map_or(1, |zipf| zipf.sample(&mut self.rng) as u32);
        rank.clamp(1, self.attackers) - 1
    }

    /// Two campaigns are of a known size, spread evenly over the whole time.
    fn actor(&self, attacker: u32) -> Actor {
        let falls_in = |campaign: u32, offset: u32| {
            let every = self.size.sessions / campaign;
            every > 0 && self.begun % every == offset % every && self.begun / every < campaign
        };
        if falls_in(SMALL_CAMPAIGN, 3) {
            Actor::Planter(2)
        } else if falls_in(MIDDLING_CAMPAIGN, 7) {
            Actor::Planter(1)
        } else {
            Actor::of(attacker)
        }
    }
}

impl Iterator for Plan<'_> {
    type Item = Happening;

    fn next(&mut self) -> Option<Happening> {
        while self.begun < self.size.sessions
            && self.pending.peek().is_none_or(|Reverse(first)| first.at >= self.next_start)
        {
            self.begin_session();
        }
        self.pending.pop().map(|Reverse(first)| first.happening)
    }
}

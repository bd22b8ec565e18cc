//! What the replies to one request say of the service.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_enrichment::{Outcome, Remedy, Reply};

use crate::law::end_of_day;

/// Whether a request shows that the service works.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Health {
    /// It answered.
    Good,
    /// It answered nothing, and failed.
    Bad,
    /// Neither: it was not asked after all, or wants to be left alone.
    Unknown,
}

/// What follows from the replies to one request.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) health: Health,
    /// Whether the service says that it is asked too often or too much.
    pub(crate) is_throttled: bool,
    /// Until when it is not to be asked.
    pub(crate) pause_until: Option<DateTime<Utc>>,
    /// Why it is to be asked nothing more.
    pub(crate) dropped: Option<String>,
}

/// No pause is longer, whatever a service says: a month, for which quotas are given.
const LONGEST_PAUSE: TimeDelta = TimeDelta::days(31);

impl Verdict {
    /// Reads the replies, and puts times in place of lengths: a failure that asks for a pause
    /// becomes the end of that pause.
    pub(crate) fn of(replies: &mut [Reply], now: DateTime<Utc>) -> Self {
        let mut verdict =
            Self { health: Health::Unknown, is_throttled: false, pause_until: None, dropped: None };
        for reply in replies {
            verdict.add(reply, now);
        }
        verdict
    }

    fn add(&mut self, reply: &mut Reply, now: DateTime<Utc>) {
        if reply.remaining == Some(0) {
            self.pause(end_of_day(now), now);
        }
        match &mut reply.outcome {
            Outcome::Found(_) | Outcome::NotFound => self.health = Health::Good,
            Outcome::Skipped { .. } => {}
            Outcome::Quota { until } => {
                let until = *until.get_or_insert_with(|| end_of_day(now));
                self.is_throttled = true;
                self.pause(until, now);
            }
            Outcome::Failed { remedy: Remedy::Wait(wait), .. } => {
                let until = after(now, *wait);
                self.is_throttled = true;
                self.pause(until, now);
                reply.outcome = Outcome::Quota { until: Some(until) };
            }
            Outcome::Failed { remedy: Remedy::DropSource, reason } => {
                self.dropped.get_or_insert_with(|| reason.clone());
            }
            Outcome::Failed { remedy: Remedy::TryAgain | Remedy::SkipItem, .. } => {
                if self.health == Health::Unknown {
                    self.health = Health::Bad;
                }
            }
        }
    }

    fn pause(&mut self, until: DateTime<Utc>, now: DateTime<Utc>) {
        self.pause_until = self.pause_until.max(Some(until.min(now + LONGEST_PAUSE)));
    }
}

/// The time after a wait, which a service may have made absurdly long.
fn after(now: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(wait).map_or(LONGEST_PAUSE, |wait| wait.min(LONGEST_PAUSE))
}

/// Whether a question with this outcome is worth another request.
pub(crate) fn is_worth_repeating(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed { remedy: Remedy::TryAgain | Remedy::Wait(_), .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(remedy: Remedy) -> Outcome {
        Outcome::Failed { reason: "x".to_owned(), remedy }
    }

    #[track_caller]
    fn check(outcomes: Vec<Outcome>, health: Health, pause_seconds: Option<i64>) {
        let now = DateTime::UNIX_EPOCH;
        let mut replies: Vec<Reply> = outcomes.into_iter().map(Reply::from).collect();
        let verdict = Verdict::of(&mut replies, now);
        assert_eq!(verdict.health, health);
        let pause = verdict.pause_until.map(|until| (until - now).num_seconds());
        assert_eq!(pause, pause_seconds);
    }

    #[test]
    fn one_answer_shows_that_the_service_works() {
        let try_again = || failed(Remedy::TryAgain);
        check(vec![], Health::Unknown, None);
        check(vec![Outcome::skipped("x")], Health::Unknown, None);
        check(vec![try_again(), Outcome::skipped("x")], Health::Bad, None);
        check(vec![failed(Remedy::SkipItem)], Health::Bad, None);
        check(vec![try_again(), Outcome::NotFound, try_again()], Health::Good, None);
        check(vec![failed(Remedy::DropSource)], Health::Unknown, None);
    }

    #[test]
    fn the_longest_pause_holds_and_none_is_endless() {
        let wait = |seconds| failed(Remedy::Wait(Duration::from_secs(seconds)));
        check(vec![wait(5), wait(7), wait(6)], Health::Unknown, Some(7));
        check(vec![Outcome::Quota { until: None }], Health::Unknown, Some(86_400));
        check(vec![wait(u64::MAX)], Health::Unknown, Some(31 * 86_400));
    }

    #[test]
    fn a_reply_says_until_when() {
        let now = DateTime::UNIX_EPOCH;
        let mut replies = [failed(Remedy::Wait(Duration::from_secs(9))).into()];
        Verdict::of(&mut replies, now);
        let until = Some(now + TimeDelta::seconds(9));
        assert_eq!(replies[0].outcome, Outcome::Quota { until });
    }
}

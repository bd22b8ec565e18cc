//! Whether a tier is asked, and when again after it failed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a tier is left alone after it first failed.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// How long it is left alone at most.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How a tier is.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<Option<Down>>);

/// Since when a tier is down, and when it is tried again.
#[derive(Clone, Copy, Debug)]
struct Down {
    noted_at: Instant,
    wait: Duration,
    retry_at: Instant,
}

impl Health {
    /// Whether the tier is to be asked now. Of those who ask about a tier that is down, one is
    /// let through each time.
    pub(crate) fn may_ask(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(down) = state.as_mut() else { return true };
        let now = Instant::now();
        let is_due = now >= down.retry_at;
        if is_due {
            down.retry_at = now + down.wait;
        }
        is_due
    }

    /// Notes that something went well that began at `begun`, and says whether the tier was down.
    pub(crate) fn succeeded(&self, begun: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_back = state.is_some_and(|down| begun > down.noted_at);
        if is_back {
            *state = None;
        }
        is_back
    }

    /// Notes that something failed that began at `begun`, and says whether that is news.
    ///
    /// What began before the tier was known to be down says nothing new.
    pub(crate) fn failed(&self, begun: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let wait = match *state {
            None => FIRST_WAIT,
            Some(down) if begun > down.noted_at => (down.wait * 2).min(LONGEST_WAIT),
            Some(_) => return false,
        };
        let is_news = state.is_none();
        *state = Some(Down { noted_at: now, wait, retry_at: now + wait });
        is_news
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    /// Seconds after which a tier that always fails is asked, within ten minutes.
    #[tokio::test(start_paused = true)]
    async fn a_tier_that_fails_is_asked_ever_less_often() {
        let health = Health::default();
        let start = Instant::now();
        let mut asked = Vec::new();
        let mut news = 0;
        while start.elapsed() < Duration::from_mins(10) {
            if health.may_ask() {
                asked.push(start.elapsed().as_secs());
                assert!(!health.may_ask() || asked.len() == 1, "two are let through");
                news += u32::from(health.failed(Instant::now()));
            }
            advance(Duration::from_secs(1)).await;
        }
        assert_eq!(asked, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363, 423, 483, 543]);
        assert_eq!(news, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_began_before_the_failure_says_nothing_of_it() {
        let health = Health::default();
        let before = Instant::now();
        advance(Duration::from_millis(10)).await;
        assert!(health.failed(before));
        assert!(!health.failed(before) && !health.succeeded(before) && !health.may_ask());
        advance(Duration::from_secs(1)).await;
        assert!(health.may_ask(), "the wait was not doubled");
        assert!(health.succeeded(Instant::now()));
        assert!(health.may_ask() && health.may_ask());
    }
}

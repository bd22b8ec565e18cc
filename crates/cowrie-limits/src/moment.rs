//! Moments on the runtime's clock, which never goes back.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// Nobody waits longer; a moment further away might not be one at all.
const LONGEST: Duration = Duration::from_hours(366 * 24);

/// The moment after so long a time from now.
pub(crate) fn after(length: Duration) -> Instant {
    Instant::now() + length.min(LONGEST)
}

/// A moment that both clocks told at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    pub(crate) instant: Instant,
    pub(crate) now: DateTime<Utc>,
}

impl Anchor {
    /// The moment of a time; one that is past is this very moment.
    pub(crate) fn instant_of(&self, time: DateTime<Utc>) -> Instant {
        let ahead = (time - self.now).to_std().unwrap_or_default();
        self.instant + ahead.min(LONGEST)
    }
}

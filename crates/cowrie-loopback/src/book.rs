//! What the providers know.

use std::collections::BTreeMap;

use chrono::DateTime;

use crate::rules;
use crate::{Canned, Provider};

/// What each provider says of each key.
#[derive(Debug)]
pub(crate) struct Book {
    pages: BTreeMap<(Provider, String), Canned>,
    n_told: i64,
}

/// When the first file was last modified: 2026-04-29, 06:00 UTC.
const FIRST_MODIFIED: i64 = 1_777_442_400;

impl Book {
    /// The wire samples of this crate.
    pub(crate) fn with_samples() -> Self {
        let mut book = Self { pages: BTreeMap::new(), n_told: 0 };
        for provider in Provider::ALL {
            for (key, canned) in (rules::of(provider).samples)() {
                book.tell(provider, key, canned);
            }
        }
        book
    }

    /// From now on, that is what the provider says of the key.
    ///
    /// A file is a minute younger than the one that was told before it, unless it says itself when
    /// it was modified.
    pub(crate) fn tell(&mut self, provider: Provider, key: &str, canned: Canned) {
        let needs_date = provider == Provider::Lists && canned.header("last-modified").is_none();
        let canned =
            if needs_date { canned.with_header("last-modified", self.next_date()) } else { canned };
        self.pages.insert((provider, (rules::of(provider).canonical)(key)), canned);
    }

    pub(crate) fn get(&self, provider: Provider, key: &str) -> Option<&Canned> {
        self.pages.get(&(provider, key.to_owned()))
    }

    fn next_date(&mut self) -> String {
        self.n_told += 1;
        let at = DateTime::from_timestamp(FIRST_MODIFIED + 60 * self.n_told, 0).unwrap_or_default();
        at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

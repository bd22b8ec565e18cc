//! The port of a source, and the source that is not configured.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::{Answer, Outcome, SourceName};

/// A source that answers from this machine, without waiting.
pub trait OfflineSource: Send + Sync {
    /// Which source this is.
    fn name(&self) -> SourceName;

    /// What is known of the address as of `at`, the time of the attack.
    ///
    /// The same address and time always give the same answer while the files stay the same.
    fn lookup(&self, address: IpAddr, at: DateTime<Utc>) -> Answer;

    /// How the source and each of its files are.
    fn status(&self) -> Vec<SourceStatus>;

    /// The vintages that an answer as of `at` carries now, as in [`Answer::vintages`].
    ///
    /// An older answer with others is stale; there are none when vintages say nothing.
    fn vintages_in_force(&self, at: DateTime<Utc>) -> Vintages;
}

/// When the files were built that an answer is from, by the fact that they give.
pub type Vintages = BTreeMap<&'static str, DateTime<Utc>>;

/// How one file of a source is, or the source itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourceStatus {
    /// The path of the file, or the name of the list or source.
    pub name: String,
    /// How it is.
    pub state: SourceState,
}

/// How a file is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SourceState {
    /// In use.
    Ok {
        /// When it was built, where that is known.
        vintage: Option<DateTime<Utc>>,
    },
    /// Whole or not looked into, and not needed.
    NotUsed {
        /// Why.
        reason: String,
    },
    /// Missing or damaged.
    Problem {
        /// What failed.
        reason: String,
    },
}

/// A source that is not in use: it answers every question with `skipped` and the reason.
#[derive(Clone, Debug)]
pub struct Disabled {
    name: SourceName,
    reason: Cow<'static, str>,
}

impl Disabled {
    /// The source `name`, not in use for this reason.
    pub fn new(name: SourceName, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { name, reason: reason.into() }
    }

    /// The source `name`, which the configuration does not mention.
    pub fn not_configured(name: SourceName) -> Self {
        Self::new(name, "not configured")
    }

    /// Which source is not in use.
    pub fn name(&self) -> SourceName {
        self.name
    }

    /// Why it is not in use.
    pub fn reason(&self) -> &Cow<'static, str> {
        &self.reason
    }
}

impl OfflineSource for Disabled {
    fn name(&self) -> SourceName {
        self.name
    }

    fn lookup(&self, _address: IpAddr, _at: DateTime<Utc>) -> Answer {
        Outcome::Skipped { reason: self.reason.clone() }.into()
    }

    fn status(&self) -> Vec<SourceStatus> {
        let state = SourceState::NotUsed { reason: self.reason.clone().into_owned() };
        vec![SourceStatus { name: self.name.name().to_owned(), state }]
    }

    fn vintages_in_force(&self, _at: DateTime<Utc>) -> Vintages {
        Vintages::new()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_disabled_source_says_so() {
        let source = Disabled::not_configured(SourceName::Spur);
        let answer = source.lookup(Ipv4Addr::new(8, 8, 8, 8).into(), DateTime::UNIX_EPOCH);
        assert_eq!(answer, Outcome::skipped("not configured").into());
        let state = SourceState::NotUsed { reason: "not configured".to_owned() };
        assert_eq!(source.status(), [SourceStatus { name: "spur".to_owned(), state }]);
    }
}

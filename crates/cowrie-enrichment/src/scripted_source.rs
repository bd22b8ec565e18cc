//! A source for tests, with real state.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use crate::{Answer, OfflineSource, Outcome, SourceName, SourceState, SourceStatus, Vintages};

/// Answers from a table, *not found* for what is not in it, and remembers what it was asked.
#[derive(Debug)]
pub struct ScriptedSource {
    name: SourceName,
    answers: BTreeMap<IpAddr, Answer>,
    asked: Mutex<Vec<(IpAddr, DateTime<Utc>)>>,
}

impl ScriptedSource {
    /// A source with this name and these answers.
    pub fn new(name: SourceName, answers: impl IntoIterator<Item = (IpAddr, Answer)>) -> Self {
        Self { name, answers: answers.into_iter().collect(), asked: Mutex::default() }
    }

    /// What was asked until now, in order: the address, and as of when.
    pub fn asked(&self) -> Vec<(IpAddr, DateTime<Utc>)> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl OfflineSource for ScriptedSource {
    fn name(&self) -> SourceName {
        self.name
    }

    fn lookup(&self, address: IpAddr, at: DateTime<Utc>) -> Answer {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push((address, at));
        self.answers.get(&address).cloned().unwrap_or_else(|| Outcome::NotFound.into())
    }

    fn status(&self) -> Vec<SourceStatus> {
        let state = SourceState::Ok { vintage: None };
        vec![SourceStatus { name: self.name.name().to_owned(), state }]
    }

    /// The oldest vintage in the table, for every fact.
    fn vintages_in_force(&self, _at: DateTime<Utc>) -> Vintages {
        let oldest = self.answers.values().filter_map(|answer| answer.vintage).min();
        oldest.map(|vintage| ("all", vintage)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn answers_from_the_table_and_remembers() {
        let [known, unknown] = [1, 2].map(|last| Ipv4Addr::new(192, 0, 2, last).into());
        let answer = Answer::from(Outcome::skipped("scripted"));
        let source = ScriptedSource::new(SourceName::Cymru, [(known, answer.clone())]);
        let at = DateTime::UNIX_EPOCH;
        assert_eq!(source.lookup(known, at), answer);
        assert_eq!(source.lookup(unknown, at).outcome, Outcome::NotFound);
        assert_eq!(source.asked(), [(known, at), (unknown, at)]);
    }
}

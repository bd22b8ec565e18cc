//! Why there is no answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use cowrie_core::one_line;
use cowrie_enrichment::{Outcome, Remedy};
use trust_dns_resolver::net::NetError;

/// How long the service is left alone after it complained. It does not say for how long.
const THROTTLED_WAIT: Duration = Duration::from_mins(5);

/// Team Cymru was asked about an address and gave no answer.
///
/// One failed reply is the failure of many addresses, hence the copies.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CymruError {
    /// No connection to the whois service, or it broke.
    #[error("there is no connection to the whois service")]
    Unreachable(#[source] Arc<io::Error>),
    /// The answer, or the rest of it, did not come in time.
    #[error("the answer did not come in time")]
    TimedOut,
    /// The reply ended in the middle of a line.
    #[error("the reply broke off")]
    Truncated,
    /// The reply is longer than allowed; the rest was not read.
    #[error("the reply is longer than {limit} bytes")]
    TooLong {
        /// How many bytes are allowed.
        limit: usize,
    },
    /// The reply says nothing of the address, or nothing that can be read.
    #[error("the reply does not speak of the address")]
    Unanswered,
    /// The service says that the line with the address is neither an address nor an AS.
    #[error("the service does not understand the address")]
    NotUnderstood,
    /// Too many questions in too short a time.
    #[error("the service was asked too often: {said}")]
    Throttled {
        /// What it said.
        said: String,
    },
    /// The service does not want to be asked from here.
    #[error("the service refuses to answer: {said}")]
    Denied {
        /// What it said.
        said: String,
    },
    /// The service has another failure.
    #[error("the service failed: {said}")]
    Refused {
        /// What it said.
        said: String,
    },
    /// No name server gave an answer.
    #[error("the name server gave no answer")]
    Dns(#[source] NetError),
    /// There are records, and none is as Team Cymru writes them.
    #[error("the records are not those of Team Cymru")]
    Malformed,
}

impl CymruError {
    /// What to do next.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Unreachable(_)
            | Self::TimedOut
            | Self::Truncated
            | Self::Unanswered
            | Self::Refused { .. }
            | Self::Dns(_) => Remedy::TryAgain,
            Self::TooLong { .. } | Self::NotUnderstood | Self::Malformed => Remedy::SkipItem,
            Self::Throttled { .. } => Remedy::Wait(THROTTLED_WAIT),
            Self::Denied { .. } => Remedy::DropSource,
        }
    }

    /// What a source says of it: *failed*, with the error and its causes in one line without
    /// control characters.
    pub fn outcome(&self) -> Outcome {
        Outcome::Failed { reason: one_line(self), remedy: self.remedy() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: &CymruError, expected: &str, remedy: Remedy) {
        let expected = Outcome::Failed { reason: expected.to_owned(), remedy };
        assert_eq!(error.outcome(), expected);
    }

    #[test]
    fn every_failure_has_its_words_and_its_remedy() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        check(
            &CymruError::Unreachable(Arc::new(refused)),
            "there is no connection to the whois service: connection refused",
            Remedy::TryAgain,
        );
        check(&CymruError::TimedOut, "the answer did not come in time", Remedy::TryAgain);
        check(&CymruError::Truncated, "the reply broke off", Remedy::TryAgain);
        check(&CymruError::Unanswered, "the reply does not speak of the address", Remedy::TryAgain);
        check(
            &CymruError::TooLong { limit: 9 },
            "the reply is longer than 9 bytes",
            Remedy::SkipItem,
        );
        check(
            &CymruError::NotUnderstood,
            "the service does not understand the address",
            Remedy::SkipItem,
        );
        check(&CymruError::Malformed, "the records are not those of Team Cymru", Remedy::SkipItem);
        let said = || "Error:\u{1b}[2J no".to_owned();
        check(
            &CymruError::Throttled { said: said() },
            "the service was asked too often: Error: [2J no",
            Remedy::Wait(Duration::from_mins(5)),
        );
        check(
            &CymruError::Denied { said: said() },
            "the service refuses to answer: Error: [2J no",
            Remedy::DropSource,
        );
        check(
            &CymruError::Refused { said: said() },
            "the service failed: Error: [2J no",
            Remedy::TryAgain,
        );
        check(
            &CymruError::Dns(NetError::Timeout),
            "the name server gave no answer: request timed out",
            Remedy::TryAgain,
        );
    }

    #[test]
    fn a_reason_is_not_longer_than_allowed() {
        let outcome = CymruError::Refused { said: "ä".repeat(1_000) }.outcome();
        let Outcome::Failed { reason, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(reason.chars().count(), 300);
    }
}

//! Why a service gave no answer.

use std::error::Error;
use std::time::Duration;

use cowrie_core::one_line;
use cowrie_enrichment::{Outcome, Remedy};
use cowrie_http::BodyError;
use reqwest::StatusCode;

/// A service was asked and gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// Too many questions in too short a time.
    #[error("the service was asked too often")]
    Throttled {
        /// How long to leave it alone.
        wait: Duration,
    },
    /// No more questions are allowed in this day, week or month.
    #[error("the service's quota is used up")]
    Spent,
    /// The key is missing or wrong, or this address is shut out.
    #[error("the service refuses to answer ({status})")]
    Denied {
        /// 401 or 403.
        status: StatusCode,
    },
    /// The service has a failure of its own.
    #[error("the service is not available ({status})")]
    Unavailable {
        /// What it said.
        status: StatusCode,
        /// How long it wants to be left alone, where it says so.
        wait: Option<Duration>,
    },
    /// A status that this service should not give.
    #[error("the service answered with {status}")]
    Unexpected {
        /// What it said.
        status: StatusCode,
    },
    /// No connection, no answer in time, or no HTTP.
    #[error("the service cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// The body broke off, or was too long.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The body is not what the service promises.
    #[error("the answer is not the {what} that was expected")]
    Malformed {
        /// What was expected.
        what: &'static str,
        /// Why it could not be read.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl LookupError {
    /// An answer that could not be read as `what`.
    pub fn malformed(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Malformed { what, source: source.into() }
    }

    /// What to do next.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Throttled { wait } | Self::Unavailable { wait: Some(wait), .. } => {
                Remedy::Wait(*wait)
            }
            Self::Unavailable { wait: None, .. }
            | Self::Unreachable(_)
            | Self::Body(BodyError::Read(_)) => Remedy::TryAgain,
            Self::Denied { .. } | Self::Spent => Remedy::DropSource,
            Self::Unexpected { .. }
            | Self::Body(BodyError::TooLong { .. })
            | Self::Malformed { .. } => Remedy::SkipItem,
        }
    }

    /// What a source says of it.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Spent => Outcome::Quota { until: None },
            _ => Outcome::Failed { reason: one_line(self), remedy: self.remedy() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_without_what_a_terminal_obeys() {
        let source = format!("\u{1b}[31m{}\n", "x".repeat(1_000));
        let outcome = LookupError::malformed("JSON", source).outcome();
        let Outcome::Failed { reason, remedy } = outcome else { panic!("{outcome:?}") };
        assert!(reason.starts_with("the answer is not the JSON that was expected:  [31mxxx"));
        assert_eq!(reason.chars().count(), 300);
        assert_eq!(remedy, Remedy::SkipItem);
    }

    #[test]
    fn every_failure_has_its_remedy() {
        let wait = Duration::from_secs(5);
        assert_eq!(LookupError::Throttled { wait }.remedy(), Remedy::Wait(wait));
        let status = StatusCode::BAD_GATEWAY;
        assert_eq!(LookupError::Unavailable { status, wait: None }.remedy(), Remedy::TryAgain);
        let told = LookupError::Unavailable { status, wait: Some(wait) };
        assert_eq!(told.remedy(), Remedy::Wait(wait));
        let status = StatusCode::UNAUTHORIZED;
        assert_eq!(LookupError::Denied { status }.remedy(), Remedy::DropSource);
        assert_eq!(LookupError::Spent.outcome(), Outcome::Quota { until: None });
    }
}

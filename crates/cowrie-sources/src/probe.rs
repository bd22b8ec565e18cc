//! Whether a service accepts its key.

use cowrie_enrichment::{Outcome, Question, Remedy, Service as _, SourceName};

use crate::Online;

/// What came of asking a service one harmless thing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Probe {
    /// It answered.
    Accepted,
    /// It refuses the key, or has none.
    Refused(String),
    /// It gave no answer, which says nothing of the key.
    NoAnswer(String),
}

impl Online {
    /// Asks the service itself, within its limits, about something that everybody asks about.
    ///
    /// Costs one question of its quota.
    pub async fn probe(&self) -> Probe {
        let Some(limited) = &self.limited else {
            return Probe::NoAnswer("it is not in use".to_owned());
        };
        let Some(question) = harmless(self.name) else {
            return Probe::NoAnswer("nothing is known to ask it about".to_owned());
        };
        let reply = limited.ask(&[question]).await.into_iter().next();
        match reply.map(|reply| reply.outcome) {
            Some(Outcome::Found(_) | Outcome::NotFound) => Probe::Accepted,
            Some(Outcome::Failed { reason, remedy: Remedy::DropSource }) => Probe::Refused(reason),
            Some(Outcome::Failed { reason, .. }) => Probe::NoAnswer(reason),
            Some(Outcome::Quota { .. }) => Probe::NoAnswer("its quota is used up".to_owned()),
            Some(Outcome::Skipped { reason }) => Probe::NoAnswer(reason.into_owned()),
            None => Probe::NoAnswer("it said nothing".to_owned()),
        }
    }
}

/// A public name server, the test file of antivirus programs, and the prefix of `password`.
fn harmless(name: SourceName) -> Option<Question> {
    match name {
        SourceName::VirusTotal => Some(Question::File(EICAR.parse().ok()?)),
        SourceName::Hibp => Some(Question::Passwords("5BAA6".parse().ok()?)),
        _ => Some(Question::Address(std::net::IpAddr::from([8, 8, 8, 8]).try_into().ok()?)),
    }
}

/// SHA-256 of the EICAR test file.
const EICAR: &str = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"; // pragma: allowlist secret

//! What a client says through the port.

use cowrie_enrichment::{Data, Outcome, Reply};

use crate::LookupError;

/// The reply for what a look-up came to: facts, nothing known, or a failure.
pub fn reply(result: Result<Option<Data>, LookupError>) -> Reply {
    match result {
        Ok(Some(data)) => Outcome::Found(data).into(),
        Ok(None) => Outcome::NotFound.into(),
        Err(error) => error.outcome().into(),
    }
}

/// The reply to a question of a kind that the service does not answer.
pub fn not_its_kind() -> Reply {
    Outcome::skipped("it does not answer such questions").into()
}

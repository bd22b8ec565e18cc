//! A service whose key is resolved anew, once, when the service refuses it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use cowrie_client::BadEndpoint;
use cowrie_core::one_line;
use cowrie_enrichment::{Outcome, Question, Remedy, Reply, Service, SourceName};
use cowrie_secrets::{Reference, Resolver, SecretString};
use tracing::info;

/// Makes the client of a service with a key.
pub(crate) type Make =
    Box<dyn Fn(SecretString) -> Result<Arc<dyn Service>, BadEndpoint> + Send + Sync>;

/// The client of a service that asks for a key; the key is resolved when the service is asked
/// for the first time.
pub(crate) struct Renewed {
    name: SourceName,
    client: RwLock<Option<Arc<dyn Service>>>,
    make: Make,
    key: String,
    reference: Reference,
    resolver: Arc<Resolver>,
    is_spent: AtomicBool,
}

impl Renewed {
    /// The service whose key `reference` names; `key` is what the settings call it.
    pub(crate) fn new(
        name: SourceName,
        make: Make,
        (key, reference): (String, Reference),
        resolver: Arc<Resolver>,
    ) -> Self {
        let is_spent = AtomicBool::new(false);
        Self { name, client: RwLock::default(), make, key, reference, resolver, is_spent }
    }

    /// The client with the key in force.
    async fn client(&self) -> Result<Arc<dyn Service>, String> {
        let there = self.client.read().unwrap_or_else(PoisonError::into_inner).clone();
        match there {
            Some(client) => Ok(client),
            None => self.connect().await,
        }
    }

    /// A client with the key as it is now.
    async fn connect(&self) -> Result<Arc<dyn Service>, String> {
        let secret = self.resolver.resolve(&self.reference, &self.key).await;
        let secret =
            secret.map_err(|error| format!("its key cannot be had: {}", one_line(&error)))?;
        let client = (self.make)(secret).map_err(|error| one_line(&error))?;
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&client));
        Ok(client)
    }

    /// A client with the key resolved anew; `None` when there is nothing new to try.
    async fn renew(&self) -> Option<Arc<dyn Service>> {
        if self.is_spent.swap(true, Ordering::Relaxed) {
            return None;
        }
        self.resolver.forget();
        let client = self.connect().await.ok()?;
        info!(source.name = %self.name, "its key was refused and has been resolved again");
        Some(client)
    }
}

#[async_trait]
impl Service for Renewed {
    fn name(&self) -> SourceName {
        self.name
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let client = match self.client().await {
            Ok(client) => client,
            Err(reason) => {
                let failed = Outcome::Failed { reason, remedy: Remedy::DropSource };
                return vec![failed.into(); questions.len()];
            }
        };
        let replies = client.ask(questions).await;
        if !replies.iter().any(is_refused) {
            return replies;
        }
        match self.renew().await {
            Some(client) => client.ask(questions).await,
            None => replies,
        }
    }
}

fn is_refused(reply: &Reply) -> bool {
    matches!(reply.outcome, Outcome::Failed { remedy: Remedy::DropSource, .. })
}

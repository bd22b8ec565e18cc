//! A service whose key is resolved anew, once, when the service refuses it.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use cowrie_client::BadEndpoint;
use cowrie_enrichment::{Outcome, Question, Remedy, Reply, Service, SourceName};
use cowrie_secrets::{Reference, Resolver, SecretString};
use tracing::info;

/// Makes the client of a service with a key.
pub(crate) type Make =
    Box<dyn Fn(SecretString) -> Result<Arc<dyn Service>, BadEndpoint> + Send + Sync>;

/// The client with the key in force, and what makes another.
pub(crate) struct Renewed {
    client: RwLock<Arc<dyn Service>>,
    make: Make,
    key: String,
    reference: Reference,
    resolver: Arc<Resolver>,
    is_spent: AtomicBool,
}

impl Renewed {
    /// The client with `secret`, which `reference` resolved to; `key` is what the settings call
    /// it.
    pub(crate) fn new(
        secret: SecretString,
        make: Make,
        (key, reference): (String, Reference),
        resolver: Arc<Resolver>,
    ) -> Result<Self, BadEndpoint> {
        let client = RwLock::new(make(secret)?);
        let is_spent = AtomicBool::new(false);
        Ok(Self { client, make, key, reference, resolver, is_spent })
    }

    fn client(&self) -> Arc<dyn Service> {
        Arc::clone(&self.client.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The client with the key as it is now; `None` when there is nothing new to try.
    async fn renew(&self) -> Option<Arc<dyn Service>> {
        if self.is_spent.swap(true, Ordering::Relaxed) {
            return None;
        }
        self.resolver.forget();
        let secret = self.resolver.resolve(&self.reference, &self.key).await.ok()?;
        let client = (self.make)(secret).ok()?;
        info!(source.name = %client.name(), "its key was refused and has been resolved again");
        *self.client.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&client);
        Some(client)
    }
}

#[async_trait]
impl Service for Renewed {
    fn name(&self) -> SourceName {
        self.client().name()
    }

    fn batch_size(&self) -> NonZeroUsize {
        self.client().batch_size()
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let replies = self.client().ask(questions).await;
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

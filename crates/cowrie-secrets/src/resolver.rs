//! The one place where references become secrets.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tracing::info;

use crate::reference::Place;
use crate::schemes::{aws, file, op, sops, variable, vault};
use crate::{Environment, Problem, Reference, ResolveError};

/// How long a secret is waited for, unless somebody says otherwise. Somebody may have to touch a
/// sensor for `op`.
pub const STANDARD_TIMEOUT: Duration = Duration::from_secs(30);

/// Resolves references, each once, when it is first needed.
///
/// Every resolution leaves one line in the log, of target `cowrie_secrets::audit`: the reference,
/// the program, the purpose and the outcome, never the value.
pub struct Resolver {
    program: String,
    environment: Arc<dyn Environment>,
    timeout: Duration,
    found: Mutex<BTreeMap<Reference, Arc<OnceCell<SecretString>>>>,
}

impl Resolver {
    /// A resolver for `program`, which is how the log names it.
    pub fn new(program: impl Into<String>, environment: Arc<dyn Environment>) -> Self {
        Self {
            program: program.into(),
            environment,
            timeout: STANDARD_TIMEOUT,
            found: Mutex::default(),
        }
    }

    /// Waits so long for each secret.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The secret behind `reference`. `purpose` says in the log what it is for, as in `database`.
    ///
    /// A value is kept until [`Resolver::forget`]; a failure is not kept. The value is final: a
    /// reference that comes out of a reference is the secret itself.
    pub async fn resolve(
        &self,
        reference: &Reference,
        purpose: &str,
    ) -> Result<SecretString, ResolveError> {
        let cell = Arc::clone(self.cells().entry(reference.clone()).or_default());
        cell.get_or_try_init(|| self.resolve_now(reference, purpose)).await.cloned()
    }

    /// Resolves again what is asked for from now on, because secrets may have been replaced.
    pub fn forget(&self) {
        self.cells().clear();
    }

    async fn resolve_now(
        &self,
        reference: &Reference,
        purpose: &str,
    ) -> Result<SecretString, ResolveError> {
        let result = match timeout(self.timeout, self.fetch(reference)).await {
            Ok(result) => result,
            Err(_) => Err(Problem::TimedOut { seconds: self.timeout.as_secs_f64() }),
        };
        let program = &self.program;
        match &result {
            Ok(_) => info!(
                target: "cowrie_secrets::audit",
                %reference, program, purpose, outcome = "resolved", "secret"
            ),
            Err(problem) => info!(
                target: "cowrie_secrets::audit",
                %reference, program, purpose, outcome = %problem, "secret"
            ),
        }
        result.map_err(|problem| ResolveError {
            reference: reference.clone(),
            problem: problem.into(),
        })
    }

    async fn fetch(&self, reference: &Reference) -> Result<SecretString, Problem> {
        let environment = &self.environment;
        match &reference.0 {
            Place::Variable(name) => variable::read(name, environment.as_ref()),
            Place::File(path) => file::read(path),
            Place::Credential(name) => file::read_credential(name, environment.as_ref()),
            Place::OnePassword(item) => op::read(item, environment.as_ref()).await,
            Place::Sops(value) => sops::read(value, environment.as_ref()).await,
            // What asks over HTTP is large, and rare.
            Place::Vault(field) => {
                Box::pin(vault::read(field, environment.as_ref(), self.timeout)).await
            }
            Place::Aws(secret) => Box::pin(aws::read(secret, environment, self.timeout)).await,
        }
    }

    fn cells(&self) -> std::sync::MutexGuard<'_, BTreeMap<Reference, Arc<OnceCell<SecretString>>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("program", &self.program).finish_non_exhaustive()
    }
}

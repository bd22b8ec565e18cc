//! A service for tests, with real state.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::{Question, Reply, Service, SourceName};

/// What it replies to a question in the n-th request.
type Script = Box<dyn Fn(&Question, usize) -> Reply + Send + Sync>;

/// Replies as a function says, and remembers every request.
pub struct ScriptedService {
    name: SourceName,
    batch_size: NonZeroUsize,
    reply: Script,
    requests: Mutex<Vec<Vec<Question>>>,
}

impl ScriptedService {
    /// A service whose reply to a question in the n-th request (from 0) is `reply(question, n)`.
    pub fn new(
        name: SourceName,
        reply: impl Fn(&Question, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let batch_size = NonZeroUsize::MIN;
        Self { name, batch_size, reply: Box::new(reply), requests: Mutex::default() }
    }

    /// The same service, which takes so many questions in one request.
    #[must_use]
    pub fn with_batch_size(self, batch_size: NonZeroUsize) -> Self {
        Self { batch_size, ..self }
    }

    /// The requests until now, in their order.
    pub fn requests(&self) -> Vec<Vec<Question>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for ScriptedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedService").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl Service for ScriptedService {
    fn name(&self) -> SourceName {
        self.name
    }

    fn batch_size(&self) -> NonZeroUsize {
        self.batch_size
    }

    async fn ask(&self, questions: &[Question]) -> Vec<Reply> {
        let n = {
            let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
            requests.push(questions.to_vec());
            requests.len() - 1
        };
        questions.iter().map(|question| (self.reply)(question, n)).collect()
    }
}

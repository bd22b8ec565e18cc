//! Answers in Redis, which several hosts share.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use cowrie_enrichment::{Question, SourceName, Tier};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, ConnectionAddr, ErrorKind, IntoConnectionInfo as _, RedisConnectionInfo, RedisError,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::entry::{BadEntry, Entry};
use crate::{CacheTier, Census, Got, Pruned, TierError};

/// The longest that Redis keeps an answer, whatever it is told.
pub const MAX_REDIS_LIFE: Duration = Duration::from_hours(24);

/// How long a connection may take, and then an answer: a dead server costs no more than this once,
/// and is then left alone.
const WAIT: Duration = Duration::from_millis(250);

/// What every key begins with; then come the service, a colon and the question.
const PREFIX: &str = "cowrie:enrichment:";

/// Keys in one command.
const KEYS: usize = 100;

/// How many keys Redis looks at before it answers a `SCAN`.
const PAGE: usize = 500;

/// Where Redis is, and how long it keeps answers.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The number of the database in it.
    pub db: u32,
    /// The password, where it wants one.
    pub password: Option<SecretString>,
    /// How long an answer is kept at most; no more than [`MAX_REDIS_LIFE`] in any case.
    pub max_life: Duration,
}

/// Answers in Redis under `cowrie:enrichment:{service}:{key}`.
///
/// The connection is made when it is first needed, and made again when it was lost.
pub struct RedisTier {
    client: Client,
    connection: OnceCell<ConnectionManager>,
    max_life: Duration,
}

impl RedisTier {
    /// A tier over this server, which is not spoken to yet.
    ///
    /// # Errors
    ///
    /// When the options name no server.
    pub fn new(options: &RedisOptions) -> Result<Self, TierError> {
        let failed = TierError::new("make a client of Redis");
        let mut settings = RedisConnectionInfo::default().set_db(options.db.into());
        if let Some(password) = &options.password {
            settings = settings.set_password(password.expose_secret());
        }
        let server = ConnectionAddr::Tcp(options.host.clone(), options.port);
        let server = server.into_connection_info().map_err(failed)?;
        let client = Client::open(server.set_redis_settings(settings)).map_err(failed)?;
        let max_life = options.max_life.min(MAX_REDIS_LIFE);
        Ok(Self { client, connection: OnceCell::new(), max_life })
    }

    /// Asks the server for a sign of life.
    ///
    /// # Errors
    ///
    /// When it gives none, or takes no commands from us; see [`RedisTier::is_refusal`].
    pub async fn ping(&self) -> Result<(), TierError> {
        let mut connection = self.connection().await?;
        let pong = redis::cmd("PING").query_async::<String>(&mut connection).await;
        pong.map(drop).map_err(TierError::new("ping Redis"))
    }

    /// Whether the server is there and wants another password.
    pub fn is_refusal(error: &TierError) -> bool {
        error.source.downcast_ref::<RedisError>().is_some_and(|error| {
            error.kind() == ErrorKind::AuthenticationFailed
                || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
        })
    }

    async fn connection(&self) -> Result<ConnectionManager, TierError> {
        let connect = || {
            // One try: when to try again is for the cache to say, which knows how often it failed.
            let config = ConnectionManagerConfig::new()
                .set_number_of_retries(0)
                .set_connection_timeout(Some(WAIT))
                .set_response_timeout(Some(WAIT));
            ConnectionManager::new_with_config(self.client.clone(), config)
        };
        // Whoever waits for somebody else's try waits no longer than for one of their own.
        let made = timeout(WAIT, self.connection.get_or_try_init(connect)).await;
        let made = made.map_err(TierError::new("reach Redis"))?;
        made.cloned().map_err(TierError::new("reach Redis"))
    }

    /// What is under the keys of some questions.
    async fn read(
        &self,
        connection: &mut ConnectionManager,
        service: SourceName,
        questions: &[&Question],
        now: DateTime<Utc>,
    ) -> Result<Vec<Option<Result<Entry, BadEntry>>>, TierError> {
        let mut command = redis::cmd("MGET");
        for question in questions {
            command.arg(key(service, question));
        }
        let texts = command.query_async::<Vec<Option<Vec<u8>>>>(connection).await;
        let texts = texts.map_err(TierError::new("read from Redis"))?;
        let read = |(text, question): (Option<Vec<u8>>, &&Question)| {
            text.map(|text| Entry::read(&text, service, question, now))
        };
        let mut found: Vec<_> = texts.into_iter().zip(questions).map(read).collect();
        found.resize_with(questions.len(), || None);
        Ok(found)
    }

    /// For how many milliseconds Redis is to keep an answer; `None` when that is over.
    fn life(&self, entry: &Entry, now: DateTime<Utc>) -> Option<u64> {
        let left = entry.expires_at.signed_duration_since(now).to_std().ok()?;
        let millis = u64::try_from(left.min(self.max_life).as_millis()).ok()?;
        (millis > 0).then_some(millis)
    }
}

impl fmt::Debug for RedisTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTier").field("max_life", &self.max_life).finish_non_exhaustive()
    }
}

#[async_trait]
impl CacheTier for RedisTier {
    fn tier(&self) -> Tier {
        Tier::Redis
    }

    async fn get(
        &self,
        service: SourceName,
        questions: &[Question],
        now: DateTime<Utc>,
    ) -> Result<Got, TierError> {
        let mut connection = self.connection().await?;
        let mut got = Got::default();
        let questions: Vec<&Question> = questions.iter().collect();
        for some in questions.chunks(KEYS) {
            for found in self.read(&mut connection, service, some, now).await? {
                got.n_unreadable += u64::from(matches!(found, Some(Err(_))));
                let entry = found.and_then(Result::ok).filter(|entry| entry.is_fresh(now));
                got.entries.push(entry);
            }
        }
        Ok(got)
    }

    /// Looks first, then writes: of two hosts that answer the same question in the same moment
    /// the older answer may win, which is as good.
    async fn put(
        &self,
        service: SourceName,
        entries: &[(Question, Entry)],
        now: DateTime<Utc>,
    ) -> Result<(), TierError> {
        let mut connection = self.connection().await?;
        for some in entries.chunks(KEYS) {
            let questions: Vec<&Question> = some.iter().map(|(question, _)| question).collect();
            let there = self.read(&mut connection, service, &questions, now).await?;
            let mut commands = redis::pipe();
            for ((question, entry), there) in some.iter().zip(there) {
                let is_newer =
                    !matches!(there, Some(Ok(there)) if there.fetched_at >= entry.fetched_at);
                if let Some(millis) = self.life(entry, now).filter(|_| is_newer) {
                    let text = entry.to_json(service, question).to_string();
                    let command = commands.cmd("SET").arg(key(service, question)).arg(text);
                    command.arg("PX").arg(millis).ignore();
                }
            }
            if !commands.is_empty() {
                let done = commands.exec_async(&mut connection).await;
                done.map_err(TierError::new("write to Redis"))?;
            }
        }
        Ok(())
    }

    /// Nothing: Redis removes by itself what no longer holds.
    async fn prune(&self, _now: DateTime<Utc>) -> Result<Pruned, TierError> {
        Ok(Pruned::default())
    }

    async fn clear(&self, service: Option<SourceName>) -> Result<u64, TierError> {
        let mut connection = self.connection().await?;
        let mut n_removed = 0;
        let mut pages = Pages::of(service);
        while let Some(keys) = pages.next(&mut connection).await? {
            if !keys.is_empty() {
                let mut command = redis::cmd("UNLINK");
                let removed = command.arg(keys).query_async::<u64>(&mut connection).await;
                n_removed += removed.map_err(TierError::new("remove from Redis"))?;
            }
        }
        Ok(n_removed)
    }

    /// While Redis makes room for more keys, some may be counted twice.
    async fn census(&self, _now: DateTime<Utc>) -> Result<Vec<Census>, TierError> {
        let mut connection = self.connection().await?;
        let mut counts: BTreeMap<SourceName, Census> = BTreeMap::new();
        let mut pages = Pages::of(None);
        while let Some(keys) = pages.next(&mut connection).await? {
            if keys.is_empty() {
                continue;
            }
            let mut commands = redis::pipe();
            for key in &keys {
                commands.cmd("MEMORY").arg("USAGE").arg(key);
            }
            let sizes = commands.query_async::<Vec<Option<u64>>>(&mut connection).await;
            let sizes = sizes.map_err(TierError::new("ask Redis for sizes"))?;
            for (key, size) in keys.iter().zip(sizes) {
                let Some(service) = service_of(key) else { continue };
                let none = Census { service, n_entries: 0, n_expired: 0, bytes: None };
                let census = counts.entry(service).or_insert(none);
                census.n_entries += 1;
                census.bytes = Some(census.bytes.unwrap_or(0).saturating_add(size.unwrap_or(0)));
            }
        }
        Ok(counts.into_values().collect())
    }
}

/// The keys of one service or of all, page by page.
struct Pages {
    pattern: String,
    /// Where the next page begins; `None` behind the last one.
    cursor: Option<u64>,
}

impl Pages {
    fn of(service: Option<SourceName>) -> Self {
        // No name of a service holds a letter that means something in a pattern.
        let pattern = service.map_or_else(
            || format!("{PREFIX}*"),
            |service| format!("{PREFIX}{}:*", service.name()),
        );
        Self { pattern, cursor: Some(0) }
    }

    /// The keys of the next page, of which there may be none; `None` behind the last page.
    async fn next(
        &mut self,
        connection: &mut ConnectionManager,
    ) -> Result<Option<Vec<Vec<u8>>>, TierError> {
        let Some(cursor) = self.cursor else { return Ok(None) };
        let mut command = redis::cmd("SCAN");
        command.arg(cursor).arg("MATCH").arg(&self.pattern).arg("COUNT").arg(PAGE);
        let page = command.query_async::<(u64, Vec<Vec<u8>>)>(connection).await;
        let (next, keys) = page.map_err(TierError::new("list the keys of Redis"))?;
        self.cursor = (next != 0).then_some(next);
        Ok(Some(keys))
    }
}

fn key(service: SourceName, question: &Question) -> String {
    format!("{PREFIX}{}:{question}", service.name())
}

fn service_of(key: &[u8]) -> Option<SourceName> {
    let key = std::str::from_utf8(key).ok()?.strip_prefix(PREFIX)?;
    key.split_once(':')?.0.parse().ok()
}

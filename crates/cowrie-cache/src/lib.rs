#![doc = include_str!("../README.md")]

mod cache;
mod cached;
mod database_tier;
mod disk_tier;
mod entry;
mod flights;
mod health;
mod keep;
mod memory_tier;
mod redis_tier;
mod statistics;
mod tier;

pub use cache::{Cache, LARGE_BYTES};
pub use cached::Cached;
pub use database_tier::DatabaseTier;
pub use disk_tier::{DiskTier, Translate};
pub use entry::{BadEntry, ENVELOPE_VERSION, Entry, Kept, MAX_ENTRY_BYTES};
pub use keep::Keep;
pub use memory_tier::{MEMORY_BYTES, MemoryTier};
pub use redis_tier::{MAX_REDIS_LIFE, RedisOptions, RedisTier};
pub use statistics::{CacheStatistics, ServiceCounts, TierCounts};
pub use tier::{CacheTier, Census, Got, Pruned, TierError};

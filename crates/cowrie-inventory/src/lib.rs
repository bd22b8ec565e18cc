#![doc = include_str!("../README.md")]
#![warn(clippy::indexing_slicing)]

mod enrichment;
mod facts;
mod ip_type;
mod local;
mod record;
mod snapshot;

pub use enrichment::{BadEnrichment, Enrichment, Status};
pub use facts::{Fact, Facts, facts};
pub use ip_type::{IpType, ip_types};
pub use local::{KnownAddress, LocalKnowledge};
pub use snapshot::{Basis, Known, Snapshot};

#![doc = include_str!("../README.md")]
#![expect(
    elided_lifetimes_in_paths,
    reason = "the async trait of sea-orm-migration refuses `SchemaManager<'_>`"
)]

mod enrichment;
mod error;
mod inventory_rules;
mod m0011_base;
mod m0012_longtail;
mod m0013_longtail_links;
mod m0014_vectors;
mod m0015_enrichment_cache;
mod m0016_three_tiers;
mod m0017_campaign_keys;
mod m0018_session_documents;
mod m0019_dead_letter_places;
mod m0020_provider_pace;
mod raw_events;
mod run;
mod status;
mod steps;
mod types;
mod vectors;
mod written_once;

pub use error::MigrateError;
pub use run::{StepReport, down, plan, up};
pub use status::{Origin, Status, StepStatus, status};
pub use steps::NEWEST;
pub use vectors::Vectors;

#![doc = include_str!("../README.md")]

pub mod asn_inventory;
pub mod behavioral_vectors;
pub mod command_sequence_vectors;
pub mod command_stats;
pub mod dead_letter_events;
pub mod enrichment_cache;
pub mod files;
pub mod ingest_cursors;
pub mod ingest_gaps;
pub mod ip_asn_history;
pub mod ip_inventory;
pub mod longtail_analysis;
pub mod longtail_analysis_checkpoints;
pub mod longtail_detection_sessions;
pub mod longtail_detections;
pub mod password_session_usage;
pub mod password_statistics;
pub mod password_tracking;
pub mod provider_pace;
pub mod provider_quota;
pub mod raw_events;
pub mod runs;
pub mod schema_state;
pub mod session_events;
pub mod session_siblings;
pub mod session_ssh_keys;
pub mod session_summaries;
pub mod ssh_key_associations;
pub mod ssh_key_intelligence;

mod indexes;
mod roles;
mod tables;

pub use indexes::{INDEXES, IndexInfo, TRIGGERS, TriggerInfo, UNIQUE_KEYS, UniqueKeyInfo};
pub use roles::{Role, role_of};
pub use tables::{ColumnInfo, ColumnKind, ForeignKeyInfo, Presence, TableInfo, tables};

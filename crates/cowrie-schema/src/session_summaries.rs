//! One row per session, folded from its events.

use sea_orm::entity::prelude::*;

/// One session, folded from its events; all but the columns of work and knowledge is a pure
/// function of them.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, PartialEq)]
#[sea_orm(table_name = "session_summaries")]
pub struct Model {
    /// Key of the session: Cowrie's id of 12 or 32 hex digits, else `<id>@<sensor>`, and `#<time>`
    /// for a second connection under one id.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub session_id: String,
    /// Name of the honeypot that wrote the events.
    #[sea_orm(column_type = "Text", nullable)]
    pub sensor: Option<String>,
    /// The sensor under its legacy name; generated from `sensor`.
    #[sea_orm(column_type = "Text", nullable)]
    pub matcher: Option<String>,
    /// `ssh` or `telnet`, as the connect said; NULL where an old release did not say.
    #[sea_orm(column_type = "Text", nullable)]
    pub protocol: Option<String>,
    /// Time of the earliest event.
    pub first_event_at: DateTimeUtc,
    /// Time of the latest event.
    pub last_event_at: DateTimeUtc,
    /// How long the session lasted in seconds, as its close said; NULL when it was never
    /// closed.
    pub duration_seconds: Option<f64>,
    /// Number of distinct events.
    pub event_count: i32,
    /// Number of commands the attacker entered.
    pub command_count: i32,
    /// Number of login attempts, successful ones included.
    pub login_attempts: i32,
    /// Number of login attempts that Cowrie let through.
    pub login_successes: i32,
    /// Number of files fetched by the session.
    pub file_downloads: i32,
    /// Number of files sent into the session.
    pub file_uploads: i32,
    /// Number of attempts to plant an SSH key.
    pub ssh_key_injections: i32,
    /// Number of distinct SSH keys that were planted.
    pub unique_ssh_keys: i32,
    /// The client's first version line.
    #[sea_orm(column_type = "Text", nullable)]
    pub client_version: Option<String>,
    /// The client's first HASSH, a digest of its offer of algorithms.
    #[sea_orm(column_type = "Text", nullable)]
    pub hassh: Option<String>,
    /// The first terminal size, columns and rows, as `80x24`.
    #[sea_orm(column_type = "Text", nullable)]
    pub terminal_size: Option<String>,
    /// The architecture that the client was shown.
    #[sea_orm(column_type = "Text", nullable)]
    pub arch: Option<String>,
    /// The highest risk of the session's events, from 0 to 100.
    pub risk_score: Option<i32>,
    /// Whether VirusTotal calls one of the session's files malicious.
    pub vt_flagged: bool,
    /// Whether DShield counts attacks from the session's address.
    pub dshield_flagged: bool,
    /// What sources said of the address, one key per source and `_meta`; add-only, by trigger.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub enrichment: Option<Json>,
    /// Run that wrote the row last.
    #[sea_orm(column_type = "Text", nullable)]
    pub ingest_id: Option<String>,
    /// When the row was written last.
    pub updated_at: DateTimeUtc,
    /// Address that connected, in canonical text.
    #[sea_orm(column_type = "Text", nullable)]
    pub source_ip: Option<String>,
    /// AS of the address at the time of the attack; written once.
    pub snapshot_asn: Option<i64>,
    /// Country of the address at the time of the attack, two capitals; written once.
    #[sea_orm(column_type = "Text", nullable)]
    pub snapshot_country: Option<String>,
    /// First kind in rank of the address at the time of the attack; written once.
    #[sea_orm(column_type = "Text", nullable)]
    pub snapshot_ip_type: Option<String>,
    /// When the first snapshot value was cut; written once.
    pub snapshot_at: Option<DateTimeUtc>,
    /// Where the first snapshot value came from: `as_of_attack`, `at_load` or `backfilled`;
    /// written once.
    #[sea_orm(column_type = "Text", nullable)]
    pub snapshot_basis: Option<String>,
    /// When `enrichment` was last added to.
    pub enrichment_at: Option<DateTimeUtc>,
    /// Fingerprint of the first planted SSH key, else of the first one offered; all of them are
    /// in `session_ssh_keys`.
    #[sea_orm(column_type = "Text", nullable)]
    pub ssh_key_fingerprint: Option<String>,
    /// SHA-256 of the password that got in first, else of the one tried last, as lower-case
    /// hex.
    #[sea_orm(column_type = "Text", nullable)]
    pub password_hash: Option<String>,
    /// Signature of the session's commands in order, the same for commands that differ only by
    /// accident.
    #[sea_orm(column_type = "Text", nullable)]
    pub command_signature: Option<String>,
    /// The row of `ip_inventory` that `source_ip` names.
    #[sea_orm(belongs_to, from = "source_ip", to = "ip_address")]
    pub source: BelongsTo<Option<super::ip_inventory::Entity>>,
    /// The row of `asn_inventory` that `snapshot_asn` names.
    #[sea_orm(belongs_to, from = "snapshot_asn", to = "asn_number")]
    pub asn: BelongsTo<Option<super::asn_inventory::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

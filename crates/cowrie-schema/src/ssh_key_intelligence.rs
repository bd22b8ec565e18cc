//! Every SSH key that sessions planted or offered.

use sea_orm::entity::prelude::*;

/// One SSH public key.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "ssh_key_intelligence")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Algorithm, as the key names it: `ssh-rsa`, `ssh-ed25519`, ….
    #[sea_orm(column_type = "Text")]
    pub key_type: String,
    /// The key's blob in base64.
    #[sea_orm(column_type = "Text")]
    pub key_data: String,
    /// `SHA256:` and the SHA-256 of the blob in unpadded base64, as OpenSSH shows it.
    #[sea_orm(column_type = "Text", unique)]
    pub key_fingerprint: String,
    /// SHA-256 of the algorithm and the blob, as lower-case hex.
    #[sea_orm(column_type = "Text")]
    pub key_hash: String,
    /// The comment behind the key, of the first sighting.
    #[sea_orm(column_type = "Text", nullable)]
    pub key_comment: Option<String>,
    /// Size of the key in bits.
    pub key_bits: Option<i32>,
    /// The key as one line of an `authorized_keys` file.
    #[sea_orm(column_type = "Text")]
    pub key_full: String,
    /// How the key stood in the command: `direct`, `heredoc` or `base64_encoded`; `offered` for
    /// one that came at login only.
    #[sea_orm(column_type = "Text")]
    pub pattern_type: String,
    /// File it was planted in first.
    #[sea_orm(column_type = "Text", nullable)]
    pub target_path: Option<String>,
    /// When it was seen first.
    pub first_seen: DateTimeUtc,
    /// When it was seen last.
    pub last_seen: DateTimeUtc,
    /// How often it was planted or offered.
    pub total_attempts: i64,
    /// From how many addresses.
    pub unique_sources: i64,
    /// In how many sessions.
    pub unique_sessions: i64,
}

impl ActiveModelBehavior for ActiveModel {}

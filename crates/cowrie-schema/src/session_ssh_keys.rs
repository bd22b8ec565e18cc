//! Which session used which SSH key, and how.

use sea_orm::entity::prelude::*;

/// One use of an SSH key by a session.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "session_ssh_keys")]
pub struct Model {
    /// Session; see `session_summaries`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub session_id: String,
    /// Rank of the use in the session, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The key.
    pub ssh_key_id: i64,
    /// How it was planted: `echo_append`, `heredoc`, `base64_decode`, …, or `offered` at login.
    #[sea_orm(column_type = "Text")]
    pub injection_method: String,
    /// The front of the command that planted it.
    #[sea_orm(column_type = "Text", nullable)]
    pub command_text: Option<String>,
    /// The file it was planted in.
    #[sea_orm(column_type = "Text", nullable)]
    pub target_path: Option<String>,
    /// How often the session did so.
    pub attempts: i32,
    /// When the session did so first.
    pub timestamp: DateTimeUtc,
    /// Address the session came from.
    #[sea_orm(column_type = "Text", nullable)]
    pub source_ip: Option<String>,
    /// Whether it was planted by a session that had logged in.
    pub successful_injection: bool,
    /// The row of `ssh_key_intelligence` that `ssh_key_id` names.
    #[sea_orm(belongs_to, from = "ssh_key_id", to = "id", on_delete = "Cascade")]
    pub ssh_key: BelongsTo<super::ssh_key_intelligence::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

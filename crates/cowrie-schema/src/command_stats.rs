//! The distinct commands of each session, in order of first use.

use sea_orm::entity::prelude::*;

/// One distinct command of a session.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "command_stats")]
pub struct Model {
    /// Session; see `session_summaries`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub session_id: String,
    /// Rank of the command's first use in the session, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The command as it was typed, without the blanks around it.
    #[sea_orm(column_type = "Text")]
    pub command_normalized: String,
    /// How often the session used it.
    pub occurrences: i32,
    /// When the session used it first.
    pub first_seen: DateTimeUtc,
    /// When the session used it last.
    pub last_seen: DateTimeUtc,
    /// Whether the command's risk is 70 or more.
    pub high_risk: bool,
}

impl ActiveModelBehavior for ActiveModel {}

//! Who tried which password in which session.

use sea_orm::entity::prelude::*;

/// One pair of user name and password that a session tried.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "password_session_usage")]
pub struct Model {
    /// Session; see `session_summaries`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub session_id: String,
    /// Rank of the pair's first use in the session, from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    /// The password.
    pub password_id: i64,
    /// The user name it was tried with.
    #[sea_orm(column_type = "Text")]
    pub username: String,
    /// Whether Cowrie let the pair in.
    pub success: bool,
    /// How often the session tried the pair.
    pub attempts: i32,
    /// When the session tried it first.
    pub timestamp: DateTimeUtc,
    /// The row of `password_tracking` that `password_id` names.
    #[sea_orm(belongs_to, from = "password_id", to = "id", on_delete = "Cascade")]
    pub password: BelongsTo<super::password_tracking::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

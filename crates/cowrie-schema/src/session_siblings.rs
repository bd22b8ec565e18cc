//! Session ids of Cowrie that more than one session bears.

use sea_orm::entity::prelude::*;

/// One of several sessions under one id.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "session_siblings")]
pub struct Model {
    /// The name under which the events of all of them are found together.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub family: String,
    /// A session that goes under it; see `session_summaries`.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub session_id: String,
}

impl ActiveModelBehavior for ActiveModel {}

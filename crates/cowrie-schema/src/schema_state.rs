//! What the database knows about itself, by key.

use sea_orm::entity::prelude::*;

/// One entry of the database's knowledge of itself.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "schema_state")]
pub struct Model {
    /// What is known; `schema_version` is kept by every migration step.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub key: String,
    /// The value as text; for `schema_version` the number of the newest applied step.
    #[sea_orm(column_type = "Text")]
    pub value: String,
}

impl ActiveModelBehavior for ActiveModel {}

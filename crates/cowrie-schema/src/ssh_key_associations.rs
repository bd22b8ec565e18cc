//! Pairs of SSH keys that come together.

use sea_orm::entity::prelude::*;

/// Two SSH keys that came together; the smaller number first.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "ssh_key_associations")]
pub struct Model {
    /// The key with the smaller number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_id_1: i64,
    /// The key with the larger number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_id_2: i64,
    /// How often they came together: in how many sessions, as `same_session_count`.
    pub co_occurrence_count: i64,
    /// In how many sessions both came.
    pub same_session_count: i64,
    /// From how many addresses sessions came in which both did.
    pub same_ip_count: i64,
    /// When they came together first.
    pub first_seen: DateTimeUtc,
    /// When they came together last.
    pub last_seen: DateTimeUtc,
    /// The row of `ssh_key_intelligence` that `key_id_1` names.
    #[sea_orm(
        belongs_to,
        relation_enum = "FirstKey",
        from = "key_id_1",
        to = "id",
        on_delete = "Cascade"
    )]
    pub first_key: BelongsTo<super::ssh_key_intelligence::Entity>,
    /// The row of `ssh_key_intelligence` that `key_id_2` names.
    #[sea_orm(
        belongs_to,
        relation_enum = "SecondKey",
        from = "key_id_2",
        to = "id",
        on_delete = "Cascade"
    )]
    pub second_key: BelongsTo<super::ssh_key_intelligence::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

//! Which AS announced an address, and when that was seen.

use sea_orm::entity::prelude::*;

/// One sighting of an address in an AS.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "ip_asn_history")]
pub struct Model {
    /// The address.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub ip_address: String,
    /// When it was seen there.
    #[sea_orm(primary_key, auto_increment = false)]
    pub observed_at: DateTimeUtc,
    /// The AS.
    #[sea_orm(primary_key, auto_increment = false)]
    pub asn_number: i64,
    /// Who said so.
    #[sea_orm(column_type = "Text")]
    pub verification_source: String,
    /// The row of `ip_inventory` that `ip_address` names.
    #[sea_orm(belongs_to, from = "ip_address", to = "ip_address")]
    pub ip: BelongsTo<super::ip_inventory::Entity>,
    /// The row of `asn_inventory` that `asn_number` names.
    #[sea_orm(belongs_to, from = "asn_number", to = "asn_number")]
    pub asn: BelongsTo<super::asn_inventory::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

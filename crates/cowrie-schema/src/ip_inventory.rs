//! Tier 2: addresses, as they are known now.

use sea_orm::entity::prelude::*;

/// One address.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "ip_inventory")]
pub struct Model {
    /// The address in canonical text.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub ip_address: String,
    /// AS that announces it, as last known.
    pub current_asn: Option<i64>,
    /// When `current_asn` was last confirmed.
    pub asn_last_verified: Option<DateTimeUtc>,
    /// Its earliest attack.
    pub first_seen: DateTimeUtc,
    /// Its latest attack.
    pub last_seen: DateTimeUtc,
    /// Number of its sessions.
    pub session_count: i64,
    /// What sources said of it, one key per source that has data and `_meta` with one per
    /// source tried.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub enrichment: Option<Json>,
    /// When `enrichment` was last changed.
    pub enrichment_updated_at: Option<DateTimeUtc>,
    /// Version of the enrichment's shape.
    #[sea_orm(column_type = "Text", nullable)]
    pub enrichment_version: Option<String>,
    /// Its country, two capitals, never `XX` or `ZZ`; generated from `enrichment`.
    #[sea_orm(column_type = "Text", nullable)]
    pub geo_country: Option<String>,
    /// Its kinds in rank, joined by commas; generated from `enrichment`.
    #[sea_orm(column_type = "Text", nullable)]
    pub ip_types: Option<String>,
    /// Whether GreyNoise sees it scan the Internet; generated from `enrichment`.
    pub is_scanner: bool,
    /// Whether it is no public address; generated from `enrichment`.
    pub is_bogon: bool,
    /// The row of `asn_inventory` that `current_asn` names.
    #[sea_orm(belongs_to, from = "current_asn", to = "asn_number")]
    pub asn: BelongsTo<Option<super::asn_inventory::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

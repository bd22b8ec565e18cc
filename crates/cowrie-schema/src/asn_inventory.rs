//! Tier 1: autonomous systems.

use sea_orm::entity::prelude::*;

/// One autonomous system.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "asn_inventory")]
pub struct Model {
    /// Its number, from 1 to 4294967295.
    #[sea_orm(primary_key, auto_increment = false)]
    pub asn_number: i64,
    /// Name of the organisation that runs it.
    #[sea_orm(column_type = "Text", nullable)]
    pub organization_name: Option<String>,
    /// Country of registration, two capitals.
    #[sea_orm(column_type = "Text", nullable)]
    pub organization_country: Option<String>,
    /// Regional registry that assigned it.
    #[sea_orm(column_type = "Text", nullable)]
    pub rir_registry: Option<String>,
    /// What kind of network it is, by rules over its name; NULL when none matches.
    #[sea_orm(column_type = "Text", nullable)]
    pub asn_type: Option<String>,
    /// Whether it is known to rent out servers.
    pub is_known_hosting: bool,
    /// Whether it is known to carry VPN services.
    pub is_known_vpn: bool,
    /// Earliest attack from one of its addresses.
    pub first_seen: DateTimeUtc,
    /// Latest attack from one of its addresses.
    pub last_seen: DateTimeUtc,
    /// Number of addresses whose `current_asn` it is.
    pub unique_ip_count: i64,
    /// Number of sessions whose `snapshot_asn` it is.
    pub total_session_count: i64,
    /// What sources said of it, in the shape of an address's enrichment.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub enrichment: Option<Json>,
    /// When `enrichment` was last added to.
    pub enrichment_updated_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

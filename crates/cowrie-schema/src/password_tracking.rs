//! Every password ever tried.

use sea_orm::entity::prelude::*;

/// One password.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "password_tracking")]
pub struct Model {
    /// Number of the row.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// SHA-256 of the password's bytes, as lower-case hex.
    #[sea_orm(column_type = "Text", unique)]
    pub password_hash: String,
    /// The password, with what a database cannot hold escaped.
    #[sea_orm(column_type = "Text")]
    pub password_text: String,
    /// Whether it is in a known breach; NULL when nobody was asked.
    pub breached: Option<bool>,
    /// How many accounts of known breaches it appears with.
    pub breach_prevalence: Option<i64>,
    /// When Have I Been Pwned answered last.
    pub last_hibp_check: Option<DateTimeUtc>,
    /// When it was tried first.
    pub first_seen: DateTimeUtc,
    /// When it was tried last.
    pub last_seen: DateTimeUtc,
    /// How often it was tried.
    pub times_seen: i64,
    /// How many sessions tried it.
    pub unique_sessions: i64,
}

impl ActiveModelBehavior for ActiveModel {}

//! Passwords tried, by day.

use sea_orm::entity::prelude::*;

/// The passwords of one day.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "password_statistics")]
pub struct Model {
    /// The day, in UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub date: Date,
    /// Login attempts on that day.
    pub total_attempts: i64,
    /// Distinct passwords on that day.
    pub unique_passwords: i64,
    /// How many of them are in known breaches; NULL when none was asked about.
    pub breached_count: Option<i64>,
    /// How many of them are in no known breach; NULL when none was asked about.
    pub novel_count: Option<i64>,
    /// The largest number of breaches' accounts that one of them appears with.
    pub max_prevalence: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

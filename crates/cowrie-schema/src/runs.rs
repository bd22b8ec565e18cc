//! The runs of the programs.

use sea_orm::entity::prelude::*;

/// One run of a program.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "runs")]
pub struct Model {
    /// Key of the run.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub run_id: String,
    /// The program.
    #[sea_orm(column_type = "Text")]
    pub program: String,
    /// What it was to do: `bulk`, `delta`, `refresh`, ….
    #[sea_orm(column_type = "Text")]
    pub workflow: String,
    /// The sensor it worked for, where it was one.
    #[sea_orm(column_type = "Text", nullable)]
    pub sensor: Option<String>,
    /// When it began.
    pub started_at: DateTimeUtc,
    /// When it ended; NULL while it runs, and for ever if it died.
    pub finished_at: Option<DateTimeUtc>,
    /// How it ended: `done`, `partial`, `failed` or `stopped`.
    #[sea_orm(column_type = "Text", nullable)]
    pub outcome: Option<String>,
    /// What it told the shell.
    pub exit_code: Option<i32>,
    /// What it counted.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub counters: Option<Json>,
    /// Hits and misses of each cache tier.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub cache: Option<Json>,
    /// Questions and answers of each source.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub sources: Option<Json>,
    /// Size of the database at the end, in bytes.
    pub database_bytes: Option<i64>,
    /// Dead letters that were open when it ended.
    pub dead_letters: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

//! How far each log file has been read.

use sea_orm::entity::prelude::*;

/// How far one log file has been read.
#[sea_orm::model]
#[derive(Clone, Debug, DeriveEntityModel, Eq, PartialEq)]
#[sea_orm(table_name = "ingest_cursors")]
pub struct Model {
    /// The log file, by the path under which it was read.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub source: String,
    /// Device number of the file.
    pub device: Option<i64>,
    /// Inode number of the file.
    pub inode: Option<i64>,
    /// Digest of the file's first bytes, by which a renamed file is known again.
    #[sea_orm(column_type = "Text", nullable)]
    pub fingerprint: Option<String>,
    /// Bytes of the content read and stored.
    pub last_offset: i64,
    /// Digest of the bytes just before `last_offset`, by which a rewritten file is found out.
    #[sea_orm(column_type = "Text", nullable)]
    pub check_hash: Option<String>,
    /// Size of the file when it was read last, in bytes.
    pub file_size: Option<i64>,
    /// Time of change of the file when it was read last.
    pub modified_at: Option<DateTimeUtc>,
    /// When the cursor was moved last.
    pub last_ingest_at: DateTimeUtc,
    /// Run that moved it last.
    #[sea_orm(column_type = "Text", nullable)]
    pub last_ingest_id: Option<String>,
    /// What else the reader must remember of the file.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub metadata_json: Option<Json>,
}

impl ActiveModelBehavior for ActiveModel {}

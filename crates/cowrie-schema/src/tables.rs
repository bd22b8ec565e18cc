//! What the entities say of their tables, as values that can be walked.

use sea_orm::{
    ColumnTrait, ColumnType, EntityTrait, Iden, Iterable, PrimaryKeyToColumn, RelationDef,
    RelationTrait,
    sea_query::{ForeignKeyAction, TableRef},
};

use crate::{
    Role, asn_inventory, behavioral_vectors, command_sequence_vectors, command_stats,
    dead_letter_events, enrichment_cache, files, ingest_cursors, ingest_gaps, ip_asn_history,
    ip_inventory, longtail_analysis, longtail_analysis_checkpoints, longtail_detection_sessions,
    longtail_detections, password_session_usage, password_statistics, password_tracking,
    provider_pace, provider_quota, raw_events, role_of, runs, schema_state, session_events,
    session_siblings, session_ssh_keys, session_summaries, ssh_key_associations,
    ssh_key_intelligence,
};

/// A table or view, as its entity says it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TableInfo {
    /// Its name in the database.
    pub name: &'static str,
    /// Where it is to be found.
    pub presence: Presence,
    /// Its columns, in order.
    pub columns: Vec<ColumnInfo>,
    /// The columns of its primary key, in the order of [`TableInfo::columns`]; for a view those
    /// that tell its rows apart.
    pub primary_key: Vec<String>,
    /// Its foreign keys.
    pub foreign_keys: Vec<ForeignKeyInfo>,
}

/// Where a table is to be found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Presence {
    /// In every database, as a table.
    Table,
    /// In every database, as a view.
    View,
    /// In PostgreSQL with pgvector.
    WithVectors,
}

/// A column, as its entity says it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ColumnInfo {
    /// Its name in the database.
    pub name: String,
    /// Its type.
    pub kind: ColumnKind,
    /// Whether it may be NULL.
    pub is_nullable: bool,
    /// The rule by which the database makes it from other columns; nobody may set it then.
    pub rule: Option<&'static str>,
    /// What equality means for it.
    pub role: Role,
}

/// The types that columns have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// A number of 32 bits.
    Integer,
    /// A number of 64 bits.
    BigInteger,
    /// A floating-point number of 64 bits.
    Double,
    /// True or false.
    Boolean,
    /// An instant, to the microsecond, in UTC.
    Time,
    /// A day.
    Date,
    /// Bytes.
    Bytes,
    /// JSON that is compared by value.
    JsonObject,
    /// JSON that is kept as it was written.
    JsonDocument,
    /// A vector of so many numbers.
    Vector(u32),
    /// A type that no column of the schema may have.
    Other,
}

impl ColumnKind {
    /// The type in PostgreSQL.
    pub fn in_postgres(self) -> String {
        let name = match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::BigInteger => "bigint",
            Self::Double => "double precision",
            Self::Boolean => "boolean",
            Self::Time => "timestamp with time zone",
            Self::Date => "date",
            Self::Bytes => "bytea",
            Self::JsonObject => "jsonb",
            Self::JsonDocument => "json",
            Self::Vector(length) => return format!("vector({length})"),
            Self::Other => "none of ours",
        };
        name.to_owned()
    }

    /// The type in SQLite, as the table's definition names it; `None` where SQLite has no such
    /// column.
    pub fn in_sqlite(self) -> Option<&'static str> {
        match self {
            Self::Text => Some("text"),
            Self::Integer | Self::BigInteger => Some("integer"),
            Self::Double => Some("double"),
            Self::Boolean => Some("boolean"),
            Self::Time => Some("timestamp_with_timezone_text"),
            Self::Date => Some("date_text"),
            Self::Bytes => Some("blob"),
            Self::JsonObject | Self::JsonDocument => Some("json_text"),
            Self::Vector(_) | Self::Other => None,
        }
    }
}

/// A foreign key of one column.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ForeignKeyInfo {
    /// The column that points.
    pub column: String,
    /// The table pointed to.
    pub to_table: String,
    /// The column pointed to.
    pub to_column: String,
    /// What becomes of the row when its parent goes, in the words of SQL.
    pub on_delete: &'static str,
}

/// The columns that the database makes from others, and by which rule.
const GENERATED: [(&str, &str, &str); 5] = [
    (
        "ip_inventory",
        "geo_country",
        "the first of `maxmind.country`, `cymru.country` and `dshield.country` in `enrichment` \
         that is two letters and neither `XX` nor `ZZ`, in capitals; NULL when there is none",
    ),
    (
        "ip_inventory",
        "ip_types",
        "of `tor`, `vpn`, `proxy`, `cloud`, `datacenter`, `mobile` and `residential`, in this \
         order, those that are equal to `ip_classification.ip_type` in `enrichment`, or that \
         stand as a quoted word in capitals in its `spur.tunnels`, `spur.infrastructure` or \
         `spur.client.types` (`cloud` never does), joined by commas; NULL when there is none",
    ),
    ("ip_inventory", "is_bogon", "whether `validation.is_bogon` in `enrichment` is JSON's `true`"),
    ("ip_inventory", "is_scanner", "whether `greynoise.noise` in `enrichment` is JSON's `true`"),
    ("session_summaries", "matcher", "`sensor`; stored in PostgreSQL, worked out in SQLite"),
];

fn rule_of(table: &str, column: &str) -> Option<&'static str> {
    GENERATED.iter().find(|rule| rule.0 == table && rule.1 == column).map(|rule| rule.2)
}

/// Every table and view of the schema, parents before children.
pub fn tables() -> Vec<TableInfo> {
    use Presence::{Table, View, WithVectors};
    vec![
        describe::<schema_state::Entity>(Table),
        describe::<asn_inventory::Entity>(Table),
        describe::<ip_inventory::Entity>(Table),
        describe::<ip_asn_history::Entity>(Table),
        describe::<session_events::Entity>(Table),
        describe::<session_siblings::Entity>(Table),
        describe::<raw_events::Entity>(View),
        describe::<session_summaries::Entity>(Table),
        describe::<command_stats::Entity>(Table),
        describe::<files::Entity>(Table),
        describe::<password_tracking::Entity>(Table),
        describe::<password_session_usage::Entity>(Table),
        describe::<password_statistics::Entity>(Table),
        describe::<ssh_key_intelligence::Entity>(Table),
        describe::<session_ssh_keys::Entity>(Table),
        describe::<ssh_key_associations::Entity>(Table),
        describe::<longtail_analysis::Entity>(Table),
        describe::<longtail_detections::Entity>(Table),
        describe::<longtail_detection_sessions::Entity>(Table),
        describe::<longtail_analysis_checkpoints::Entity>(Table),
        describe::<command_sequence_vectors::Entity>(WithVectors),
        describe::<behavioral_vectors::Entity>(WithVectors),
        describe::<enrichment_cache::Entity>(Table),
        describe::<provider_quota::Entity>(Table),
        describe::<provider_pace::Entity>(Table),
        describe::<ingest_cursors::Entity>(Table),
        describe::<ingest_gaps::Entity>(Table),
        describe::<dead_letter_events::Entity>(Table),
        describe::<runs::Entity>(Table),
    ]
}

fn describe<E: EntityTrait + Default>(presence: Presence) -> TableInfo {
    let name = E::default().table_name();
    let columns = E::Column::iter()
        .map(|column| {
            let definition = column.def();
            let column = column.to_string();
            ColumnInfo {
                kind: kind_of(definition.get_column_type()),
                is_nullable: definition.is_null(),
                rule: rule_of(name, &column),
                role: role_of(name, &column),
                name: column,
            }
        })
        .collect();
    TableInfo {
        name,
        presence,
        columns,
        primary_key: E::PrimaryKey::iter().map(|key| key.into_column().to_string()).collect(),
        foreign_keys: E::Relation::iter().filter_map(|key| foreign_key(&key.def())).collect(),
    }
}

fn kind_of(column_type: &ColumnType) -> ColumnKind {
    match column_type {
        ColumnType::Text => ColumnKind::Text,
        ColumnType::Integer => ColumnKind::Integer,
        ColumnType::BigInteger => ColumnKind::BigInteger,
        ColumnType::Double => ColumnKind::Double,
        ColumnType::Boolean => ColumnKind::Boolean,
        ColumnType::TimestampWithTimeZone => ColumnKind::Time,
        ColumnType::Date => ColumnKind::Date,
        ColumnType::Blob => ColumnKind::Bytes,
        ColumnType::JsonBinary => ColumnKind::JsonObject,
        ColumnType::Json => ColumnKind::JsonDocument,
        ColumnType::Vector(Some(length)) => ColumnKind::Vector(*length),
        _ => ColumnKind::Other,
    }
}

/// Entities say a relation on the side that points only, so that each is a foreign key.
fn foreign_key(relation: &RelationDef) -> Option<ForeignKeyInfo> {
    let TableRef::Table(to_table, _) = &relation.to_tbl else { return None };
    Some(ForeignKeyInfo {
        column: relation.from_col.to_string(),
        to_table: to_table.1.to_string(),
        to_column: relation.to_col.to_string(),
        on_delete: match relation.on_delete {
            Some(ForeignKeyAction::Cascade) => "CASCADE",
            Some(ForeignKeyAction::SetNull) => "SET NULL",
            _ => "NO ACTION",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(table: &str, expected: &str) {
        let info = tables().into_iter().find(|info| info.name == table).unwrap();
        let columns: Vec<String> = info
            .columns
            .iter()
            .map(|c| {
                let null = if c.is_nullable { "?" } else { "" };
                format!("{} {:?}{null}", c.name, c.kind)
            })
            .collect();
        let keys: Vec<String> = info
            .foreign_keys
            .iter()
            .map(|k| format!("{} -> {}.{} {}", k.column, k.to_table, k.to_column, k.on_delete))
            .collect();
        assert_eq!(format!("{} | {}", columns.join(", "), keys.join(", ")), expected);
    }

    #[test]
    fn entities_say_what_they_are() {
        check("session_siblings", "family Text, session_id Text | ");
        check(
            "ip_asn_history",
            "ip_address Text, observed_at Time, asn_number BigInteger, verification_source Text \
             | ip_address -> ip_inventory.ip_address NO ACTION, \
             asn_number -> asn_inventory.asn_number NO ACTION",
        );
        check(
            "longtail_detection_sessions",
            "detection_id BigInteger, session_id Text \
             | detection_id -> longtail_detections.id CASCADE, \
             session_id -> session_summaries.session_id CASCADE",
        );
    }

    #[test]
    fn every_type_is_known() {
        for table in tables() {
            for column in table.columns {
                assert_ne!(column.kind, ColumnKind::Other, "{}.{}", table.name, column.name);
            }
        }
    }
}

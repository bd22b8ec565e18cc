//! Which columns stand outside the law that a session's rows are a function of its events.

/// What equality of two databases means for a column.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// A pure function of the set of events: equal sets give equal values.
    Events,
    /// A fact of a run: its key, a time of loading, asking or storing, a duration, a number
    /// that the database handed out. Left out of comparisons.
    Work,
    /// What sources said, and what follows from it: compared when the answers in force are
    /// equal.
    Knowledge,
}

/// Every column of these tables is work.
const WORK_TABLES: [&str; 7] = [
    "enrichment_cache",
    "ingest_cursors",
    "ingest_gaps",
    "provider_pace",
    "provider_quota",
    "runs",
    "schema_state",
];

/// Every column of these tables is knowledge, unless it is work.
const KNOWLEDGE_TABLES: [&str; 2] = ["asn_inventory", "ip_asn_history"];

/// The columns of work in other tables. A number that the database handed out is compared
/// through the row it names.
const WORK: [(&str, &[&str]); 15] = [
    ("asn_inventory", &["enrichment_updated_at"]),
    ("behavioral_vectors", &["id", "analysis_id"]),
    ("command_sequence_vectors", &["id", "analysis_id"]),
    (
        "dead_letter_events",
        &[
            "id",
            "ingest_id",
            "source",
            "source_offset",
            "created_at",
            "resolved",
            "resolved_at",
            "sensor",
            "beside_at",
            "resolution",
        ],
    ),
    ("files", &["vt_scan_date"]),
    ("ip_inventory", &["asn_last_verified", "enrichment_updated_at"]),
    ("longtail_analysis", &["id", "analysis_time", "analysis_duration_seconds", "memory_usage_mb"]),
    ("longtail_analysis_checkpoints", &["id", "last_analysis_id", "completed_at"]),
    ("longtail_detection_sessions", &["detection_id"]),
    ("longtail_detections", &["id", "analysis_id"]),
    ("password_session_usage", &["password_id"]),
    ("password_tracking", &["id", "last_hibp_check"]),
    ("session_ssh_keys", &["ssh_key_id"]),
    ("session_summaries", &["ingest_id", "updated_at", "snapshot_at", "enrichment_at"]),
    ("ssh_key_intelligence", &["id"]),
];

/// The columns of knowledge in other tables.
const KNOWLEDGE: [(&str, &[&str]); 6] = [
    (
        "files",
        &[
            "vt_classification",
            "vt_description",
            "vt_malicious",
            "vt_first_seen",
            "vt_last_analysis",
            "vt_positives",
            "vt_total",
            "enrichment_status",
        ],
    ),
    (
        "ip_inventory",
        &[
            "current_asn",
            "enrichment",
            "enrichment_version",
            "geo_country",
            "ip_types",
            "is_scanner",
            "is_bogon",
        ],
    ),
    ("longtail_analysis", &["enrichment_coverage"]),
    ("password_statistics", &["breached_count", "novel_count", "max_prevalence"]),
    ("password_tracking", &["breached", "breach_prevalence"]),
    (
        "session_summaries",
        &[
            "vt_flagged",
            "dshield_flagged",
            "enrichment",
            "snapshot_asn",
            "snapshot_country",
            "snapshot_ip_type",
            "snapshot_basis",
        ],
    ),
];

/// What equality means for a column. The two columns that pair SSH keys are numbers that the
/// database handed out too, but their pair is the row's key: compare it by fingerprints.
pub fn role_of(table: &str, column: &str) -> Role {
    let lists = |list: &[(&str, &[&str])]| {
        list.iter().any(|(name, columns)| *name == table && columns.contains(&column))
    };
    if WORK_TABLES.contains(&table) || lists(&WORK) {
        Role::Work
    } else if KNOWLEDGE_TABLES.contains(&table) || lists(&KNOWLEDGE) {
        Role::Knowledge
    } else {
        Role::Events
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables;

    /// A list that names a column which is no more would silently exempt nothing.
    #[test]
    fn lists_name_what_is_there() {
        let tables = tables();
        let has = |table: &str, column: Option<&str>| {
            tables.iter().any(|info| {
                info.name == table
                    && column.is_none_or(|name| info.columns.iter().any(|c| c.name == name))
            })
        };
        for table in WORK_TABLES.iter().chain(&KNOWLEDGE_TABLES) {
            assert!(has(table, None), "{table}");
        }
        for (table, columns) in WORK.iter().chain(&KNOWLEDGE) {
            for column in *columns {
                assert!(has(table, Some(column)), "{table}.{column}");
            }
        }
    }

    #[test]
    fn a_column_of_the_session_is_of_the_events_unless_listed() {
        assert_eq!(role_of("session_summaries", "event_count"), Role::Events);
        assert_eq!(role_of("session_summaries", "updated_at"), Role::Work);
        assert_eq!(role_of("session_summaries", "vt_flagged"), Role::Knowledge);
        assert_eq!(role_of("asn_inventory", "asn_type"), Role::Knowledge);
        assert_eq!(role_of("asn_inventory", "enrichment_updated_at"), Role::Work);
    }
}

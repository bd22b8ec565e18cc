//! The indexes, unique keys and triggers of the schema, each with what it is there for.

/// An index and the statement it serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IndexInfo {
    /// Its name in the database.
    pub name: &'static str,
    /// The table it is on.
    pub table: &'static str,
    /// Its columns, in order.
    pub columns: &'static [&'static str],
    /// Whether it holds only the rows whose first column is known.
    pub is_partial: bool,
    /// The statement it serves.
    pub serves: &'static str,
}

/// A unique key that is not the primary key, and what it makes safe.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UniqueKeyInfo {
    /// The table it is on.
    pub table: &'static str,
    /// Its columns, in order.
    pub columns: &'static [&'static str],
    /// What it makes safe.
    pub serves: &'static str,
}

/// A trigger and what it refuses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TriggerInfo {
    /// Its name in the database.
    pub name: &'static str,
    /// The table it is on.
    pub table: &'static str,
    /// What it refuses, and with which words.
    pub refuses: &'static str,
}

const fn index(
    name: &'static str,
    table: &'static str,
    columns: &'static [&'static str],
    serves: &'static str,
) -> IndexInfo {
    IndexInfo { name, table, columns, is_partial: false, serves }
}

const fn known(
    name: &'static str,
    table: &'static str,
    columns: &'static [&'static str],
    serves: &'static str,
) -> IndexInfo {
    IndexInfo { name, table, columns, is_partial: true, serves }
}

/// Every index that is not a key, by table.
pub const INDEXES: &[IndexInfo] = &[
    index(
        "ix_behavioral_vectors_behavioral_vector",
        "behavioral_vectors",
        &["behavioral_vector"],
        "sessions that behave alike (HNSW): `ORDER BY behavioral_vector <-> $1 LIMIT n`",
    ),
    index(
        "ix_command_sequence_vectors_sequence_vector",
        "command_sequence_vectors",
        &["sequence_vector"],
        "sequences alike (HNSW): `ORDER BY sequence_vector <=> $1 LIMIT n`",
    ),
    index(
        "ix_enrichment_cache_expires_at",
        "enrichment_cache",
        &["expires_at"],
        "pruning: `DELETE … WHERE expires_at <= $1`",
    ),
    index(
        "ix_files_shasum",
        "files",
        &["shasum"],
        "sessions that brought a file, and its verdict: `WHERE shasum = $1`",
    ),
    index(
        "ix_ip_inventory_current_asn",
        "ip_inventory",
        &["current_asn"],
        "addresses of an AS, and counting them: `GROUP BY current_asn`",
    ),
    index(
        "ix_ip_inventory_geo_country",
        "ip_inventory",
        &["geo_country"],
        "addresses of a country: `WHERE geo_country = $1`",
    ),
    index(
        "ix_longtail_detection_sessions_session_id",
        "longtail_detection_sessions",
        &["session_id"],
        "findings about a session: `WHERE session_id = $1`, and the cascade when it goes",
    ),
    index(
        "ix_longtail_detections_analysis_id_detection_type",
        "longtail_detections",
        &["analysis_id", "detection_type"],
        "findings of an analysis, by kind: `WHERE analysis_id = $1 AND detection_type = $2`",
    ),
    known(
        "ix_longtail_detections_session_id",
        "longtail_detections",
        &["session_id"],
        "outlier findings about a session: `WHERE session_id = $1`",
    ),
    index(
        "ix_password_session_usage_password_id",
        "password_session_usage",
        &["password_id"],
        "sessions that tried a password: `WHERE password_id = $1`, and recounting it",
    ),
    index(
        "ix_password_session_usage_timestamp",
        "password_session_usage",
        &["timestamp"],
        "passwords of a day: `WHERE timestamp >= $1 AND timestamp < $2`",
    ),
    index(
        "ix_runs_workflow_started_at",
        "runs",
        &["workflow", "started_at"],
        "the last runs of a workflow: `WHERE workflow = $1 ORDER BY started_at DESC`",
    ),
    index(
        "ix_session_ssh_keys_ssh_key_id_source_ip",
        "session_ssh_keys",
        &["ssh_key_id", "source_ip"],
        "sessions and addresses of a key: `WHERE ssh_key_id = $1`, `COUNT(DISTINCT source_ip)`",
    ),
    known(
        "ix_session_summaries_command_signature",
        "session_summaries",
        &["command_signature"],
        "a campaign by its commands: `WHERE command_signature = $1`",
    ),
    index(
        "ix_session_summaries_first_event_at",
        "session_summaries",
        &["first_event_at"],
        "sessions of a window: `WHERE first_event_at >= $1 AND first_event_at < $2`",
    ),
    known(
        "ix_session_summaries_password_hash",
        "session_summaries",
        &["password_hash"],
        "a campaign by its password: `WHERE password_hash = $1`",
    ),
    known(
        "ix_session_summaries_snapshot_asn",
        "session_summaries",
        &["snapshot_asn"],
        "sessions from an AS at the time, and counting them: `GROUP BY snapshot_asn`",
    ),
    known(
        "ix_session_summaries_snapshot_country",
        "session_summaries",
        &["snapshot_country"],
        "sessions from a country at the time: `WHERE snapshot_country = $1`",
    ),
    known(
        "ix_session_summaries_source_ip",
        "session_summaries",
        &["source_ip"],
        "sessions of an address: `WHERE source_ip = $1`, and recounting it",
    ),
    known(
        "ix_session_summaries_ssh_key_fingerprint_country_source_ip",
        "session_summaries",
        &["ssh_key_fingerprint", "snapshot_country", "source_ip"],
        "a campaign by its key, whole or in a country: \
         `WHERE ssh_key_fingerprint = $1 AND snapshot_country = $2`; \
         and its sessions and addresses by country, from the index alone",
    ),
];

/// Every unique key that is not a primary key.
pub const UNIQUE_KEYS: &[UniqueKeyInfo] = &[
    UniqueKeyInfo {
        table: "behavioral_vectors",
        columns: &["analysis_id", "fingerprint"],
        serves: "each way of behaving is stored once per analysis",
    },
    UniqueKeyInfo {
        table: "command_sequence_vectors",
        columns: &["analysis_id", "fingerprint"],
        serves: "each sequence is stored once per analysis",
    },
    UniqueKeyInfo {
        table: "dead_letter_events",
        columns: &["content_id"],
        serves: "loading a file again adds no dead letter",
    },
    UniqueKeyInfo {
        table: "longtail_analysis",
        columns: &[
            "detector",
            "parameters_hash",
            "normaliser_version",
            "scope",
            "window_start",
            "window_end",
        ],
        serves: "analysing a window again replaces its row",
    },
    UniqueKeyInfo {
        table: "longtail_analysis_checkpoints",
        columns: &["scope", "parameters_hash", "normaliser_version", "checkpoint_date"],
        serves: "a day has one checkpoint for each way of looking at it",
    },
    UniqueKeyInfo {
        table: "password_tracking",
        columns: &["password_hash"],
        serves: "a password has one row",
    },
    UniqueKeyInfo {
        table: "ssh_key_intelligence",
        columns: &["key_fingerprint"],
        serves: "a key has one row",
    },
];

/// Every trigger; both engines have them, under the same names and with the same words.
pub const TRIGGERS: &[TriggerInfo] = &[
    TriggerInfo {
        name: "session_summaries_snapshot_once",
        table: "session_summaries",
        refuses: "an update that changes a known `snapshot_asn`, `snapshot_country`, \
                  `snapshot_ip_type`, `snapshot_at` or `snapshot_basis`: \"snapshot columns are \
                  written once\"",
    },
    TriggerInfo {
        name: "session_summaries_enrichment_add_only",
        table: "session_summaries",
        refuses: "an update of `enrichment` that removes it, that changes or removes the data or \
                  the `_meta` entry of a source whose status is `ok` or `not_found`, or that \
                  changes or removes an entry of `_meta.snapshot`: \"session enrichment is \
                  add-only\"",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables;

    /// No two indexes or keys begin with the same columns: the shorter would be idle.
    #[test]
    fn no_index_begins_a_key() {
        let mut lists: Vec<(&str, Vec<&str>)> =
            INDEXES.iter().map(|index| (index.table, index.columns.to_vec())).collect();
        lists.extend(UNIQUE_KEYS.iter().map(|key| (key.table, key.columns.to_vec())));
        let tables = tables();
        for table in &tables {
            let key = table.primary_key.iter().map(String::as_str).collect();
            lists.push((table.name, key));
        }
        for (at, (table, columns)) in lists.iter().enumerate() {
            for (other_at, (other_table, other)) in lists.iter().enumerate() {
                let begins = at != other_at && table == other_table && other.starts_with(columns);
                assert!(!begins, "{table}: {columns:?} begins {other:?}");
            }
        }
    }
}

//! The column `enrichment` of a session, an address and an AS: what it may hold.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::types::object;

/// The keys of an enrichment that hold an object each: one per source that has data, and `_meta`.
const KEYS: [&str; 10] = [
    "_meta",
    "maxmind",
    "cymru",
    "greynoise",
    "dshield",
    "urlhaus",
    "spur",
    "virustotal",
    "ip_classification",
    "validation",
];

/// The column `enrichment`: NULL, or a non-empty object in which no known key holds a shell.
///
/// A key that is there with `null` or `{}` would say "this source has data" to whoever counts
/// keys, so it is refused.
pub(crate) fn enrichment(engine: DbBackend) -> ColumnDef {
    object(engine, "enrichment")
}

/// The table CHECK that goes with [`enrichment`].
pub(crate) fn no_shells(engine: DbBackend) -> Expr {
    let conditions: Vec<String> = KEYS.iter().map(|key| says_something(engine, key)).collect();
    Expr::cust(conditions.join(" and "))
}

fn says_something(engine: DbBackend, key: &str) -> String {
    match engine {
        DbBackend::Postgres => format!(
            "coalesce(jsonb_typeof(enrichment -> '{key}') = 'object' \
             and enrichment -> '{key}' <> '{{}}'::jsonb, true)"
        ),
        _ => format!(
            "coalesce(json_type(enrichment, '$.{key}') = 'object' \
             and json_extract(enrichment, '$.{key}') <> '{{}}', true)"
        ),
    }
}

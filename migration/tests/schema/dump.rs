//! Everything a database says of its own tables, as text that can be compared.

use sea_orm::{DatabaseConnection, DbBackend};

use crate::support::column;

/// The definition of every table, index, view and trigger, sorted.
pub(crate) async fn dump(db: &DatabaseConnection) -> Vec<String> {
    if db.get_database_backend() == DbBackend::Sqlite {
        let query = "SELECT type || ' ' || name || ' ' || coalesce(sql, '') \
                     FROM sqlite_master WHERE name NOT IN ('sqlite_sequence') ORDER BY 1";
        let lines = column(db, query).await;
        // Dropping a column leaves the blanks around it.
        return lines.iter().map(|line| line.split_whitespace().collect()).collect();
    }
    let mut lines = Vec::new();
    for query in POSTGRES {
        lines.extend(column(db, query).await);
    }
    lines.sort();
    lines
}

const POSTGRES: [&str; 5] = [
    "SELECT format('%s.%s %s %s %s %s %s %s', t.relname, c.attname,
        format_type(c.atttypid, c.atttypmod), c.attnotnull, c.attgenerated, c.attidentity,
        c.attcompression, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute AS c JOIN pg_class AS t ON t.oid = c.attrelid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = t.oid AND d.adnum = c.attnum
    WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'v')
        AND c.attnum > 0 AND NOT c.attisdropped",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT pg_get_functiondef(p.oid) FROM pg_proc AS p
    WHERE p.pronamespace = 'public'::regnamespace AND p.prolang <> 13
    UNION ALL SELECT definition FROM pg_views WHERE schemaname = 'public'",
];

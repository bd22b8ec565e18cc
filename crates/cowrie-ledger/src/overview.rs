//! Where attackers came from, and what is not known of it: read from the snapshots alone.

use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult, Statement};

use crate::error::LedgerError;

/// A country or network, and what came from it.
#[derive(Clone, Debug, Eq, FromQueryResult, PartialEq)]
pub struct Place {
    /// The country code, or the AS number.
    pub name: String,
    /// The organisation, for a network.
    pub organization: Option<String>,
    /// Sessions.
    pub sessions: i64,
    /// Distinct addresses.
    pub addresses: i64,
}

/// Sessions without a country, and why.
#[derive(Clone, Debug, Eq, FromQueryResult, PartialEq)]
pub struct Unplaced {
    /// What kind of address it is (`public`, `loopback`, …); `None` without an address, or when
    /// nothing was asked.
    pub kind: Option<String>,
    /// What became of the question to the local databases.
    pub status: Option<String>,
    /// Why, where they were not asked or failed.
    pub reason: Option<String>,
    /// Sessions.
    pub sessions: i64,
    /// Distinct addresses.
    pub addresses: i64,
}

/// What a database holds, in a few figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// All sessions.
    pub sessions: i64,
    /// Those with a country in their snapshot.
    pub with_country: i64,
    /// Those with a network in their snapshot.
    pub with_network: i64,
    /// The countries with the most sessions.
    pub countries: Vec<Place>,
    /// The networks with the most sessions.
    pub networks: Vec<Place>,
    /// Why the other sessions have no country.
    pub gaps: Vec<Unplaced>,
}

#[derive(Debug, FromQueryResult)]
struct Counts {
    sessions: i64,
    with_country: i64,
    with_network: i64,
}

const COUNTS: &str = "SELECT count(*) AS sessions, count(snapshot_country) AS with_country, \
     count(snapshot_asn) AS with_network FROM session_summaries";

const COUNTRIES: &str = "SELECT snapshot_country AS name, NULL AS organization, \
     count(*) AS sessions, count(DISTINCT source_ip) AS addresses FROM session_summaries \
     WHERE snapshot_country IS NOT NULL GROUP BY snapshot_country \
     ORDER BY sessions DESC, name LIMIT $1";

const NETWORKS: &str = "SELECT CAST(a.asn_number AS text) AS name, \
     a.organization_name AS organization, s.sessions, s.addresses \
     FROM (SELECT snapshot_asn, count(*) AS sessions, count(DISTINCT source_ip) AS addresses \
     FROM session_summaries WHERE snapshot_asn IS NOT NULL GROUP BY snapshot_asn \
     ORDER BY sessions DESC, snapshot_asn LIMIT $1) AS s \
     JOIN asn_inventory a ON a.asn_number = s.snapshot_asn ORDER BY s.sessions DESC, a.asn_number";

const GAPS: &str = "SELECT enrichment->'validation'->>'kind' AS kind, \
     enrichment->'_meta'->'maxmind'->>'status' AS status, \
     enrichment->'_meta'->'maxmind'->>'reason' AS reason, count(*) AS sessions, \
     count(DISTINCT source_ip) AS addresses FROM session_summaries \
     WHERE snapshot_country IS NULL GROUP BY 1, 2, 3 ORDER BY sessions DESC, 1, 2, 3 LIMIT $1";

/// The overview, with at most `most` rows in each list.
///
/// # Errors
///
/// When the database fails.
pub async fn overview(db: &DatabaseConnection, most: u32) -> Result<Overview, LedgerError> {
    let counts: Vec<Counts> = all(db, COUNTS, None).await?;
    let counts = counts.first();
    Ok(Overview {
        sessions: counts.map_or(0, |counts| counts.sessions),
        with_country: counts.map_or(0, |counts| counts.with_country),
        with_network: counts.map_or(0, |counts| counts.with_network),
        countries: all(db, COUNTRIES, Some(most)).await?,
        networks: all(db, NETWORKS, Some(most)).await?,
        gaps: all(db, GAPS, Some(most)).await?,
    })
}

async fn all<T: FromQueryResult>(
    db: &DatabaseConnection,
    sql: &str,
    limit: Option<u32>,
) -> Result<Vec<T>, LedgerError> {
    let values = limit.map(|limit| i64::from(limit).into());
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = db.query_all_raw(statement).await;
    let read = |rows: Vec<sea_orm::QueryResult>| -> Result<Vec<T>, sea_orm::DbErr> {
        rows.iter().map(|row| T::from_query_result(row, "")).collect()
    };
    let doing = "read the overview";
    rows.and_then(read).map_err(LedgerError::new(doing))
}

//! The rules by which an address's `enrichment` becomes columns, the same in both engines.
//!
//! They are SQL that the database keeps, in the words that both engines allow in a stored
//! generated column: no subquery, no function that PostgreSQL does not call immutable.

use sea_orm_migration::sea_orm::DbBackend;

/// Sources of a country, the one that is believed first.
const COUNTRY_SOURCES: [&str; 3] = ["maxmind", "cymru", "dshield"];

/// Where SPUR names the kind of an address, as a quoted word in capitals.
const SPUR_KINDS: [&[&str]; 3] =
    [&["spur", "tunnels"], &["spur", "infrastructure"], &["spur", "client", "types"]];

/// Kinds of address in rank, and whether SPUR has a word for the kind.
const KINDS: [(&str, bool); 7] = [
    ("tor", true),
    ("vpn", true),
    ("proxy", true),
    ("cloud", false),
    ("datacenter", true),
    ("mobile", true),
    ("residential", true),
];

/// The first source's country that is two letters and names one, in capitals; else NULL.
pub(crate) fn geo_country(engine: DbBackend) -> String {
    let known: Vec<String> = COUNTRY_SOURCES
        .iter()
        .map(|source| known_country(engine, &text_at(engine, &[source, "country"])))
        .collect();
    format!("coalesce({})", known.join(", "))
}

/// The kinds of the address in rank, joined by commas; NULL when there is none.
pub(crate) fn ip_types(engine: DbBackend) -> String {
    let labels: Vec<String> = KINDS
        .iter()
        .map(|(kind, spur_has_it)| {
            format!("case when {} then ',{kind}' else '' end", is_kind(engine, kind, *spur_has_it))
        })
        .collect();
    format!("nullif(substr({}, 2), '')", labels.join(" || "))
}

/// Whether GreyNoise has seen the address scan the Internet.
pub(crate) fn is_scanner(engine: DbBackend) -> String {
    is_true(engine, &["greynoise", "noise"])
}

/// Whether the address is not one of the public Internet.
pub(crate) fn is_bogon(engine: DbBackend) -> String {
    is_true(engine, &["validation", "is_bogon"])
}

/// Letters are compared byte by byte, so that no language's rules make the engines disagree.
fn known_country(engine: DbBackend, value: &str) -> String {
    let (capitals, is_two_letters) = match engine {
        DbBackend::Postgres => (format!(r#"upper({value} COLLATE "C")"#), "~ '^[A-Z]{2}$'"),
        _ => (format!("upper({value})"), "glob '[A-Z][A-Z]'"),
    };
    let names_one = format!("{capitals} {is_two_letters} and {capitals} not in ('XX', 'ZZ')");
    format!("case when {names_one} then {capitals} end")
}

fn is_kind(engine: DbBackend, kind: &str, spur_has_it: bool) -> String {
    let classified = text_at(engine, &["ip_classification", "ip_type"]);
    let mut alternatives = vec![format!("{classified} = '{kind}'")];
    if spur_has_it {
        let word = kind.to_uppercase();
        let position = if engine == DbBackend::Postgres { "strpos" } else { "instr" };
        for path in SPUR_KINDS {
            let json = json_at(engine, path);
            alternatives.push(format!(r#"{position}({json}, '"{word}"') > 0"#));
        }
    }
    alternatives.join(" or ")
}

/// True when the value at the path is JSON's `true`, else false; never NULL.
fn is_true(engine: DbBackend, path: &[&str]) -> String {
    format!("coalesce({} = 'true', false)", json_at(engine, path))
}

/// The value at a path of `enrichment` as text: a string without its quotes.
fn text_at(engine: DbBackend, path: &[&str]) -> String {
    match engine {
        DbBackend::Postgres => format!("(enrichment #>> '{{{}}}')", path.join(",")),
        _ => format!("(enrichment ->> '$.{}')", path.join(".")),
    }
}

/// The value at a path of `enrichment` as JSON text: a string with its quotes.
fn json_at(engine: DbBackend, path: &[&str]) -> String {
    match engine {
        DbBackend::Postgres => format!("(enrichment #> '{{{}}}')::text", path.join(",")),
        _ => format!("(enrichment -> '$.{}')", path.join(".")),
    }
}

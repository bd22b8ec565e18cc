//! Figures of important questions, worked out once more from plain rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use cowrie_testdb::Engine;
use cowrie_tests::Row;
use serde_json::Value;

use crate::answers::question;
use crate::site::{KEY, Site};

/// Sessions and distinct addresses.
type Counts = (usize, usize);

/// What the tables say of a session.
struct Session {
    id: String,
    at: DateTime<Utc>,
    country: Option<String>,
    asn: Option<i64>,
    address: String,
    commands: usize,
}

/// The sessions that meet a condition.
async fn sessions(site: &Site, condition: &str) -> Vec<Session> {
    let columns = "session_id, first_event_at, snapshot_country, snapshot_asn, source_ip, \
        command_count";
    let sql = format!("SELECT {columns} FROM session_summaries WHERE {condition}");
    let read = |row: &Row| Session {
        id: text(row, "session_id").unwrap(),
        at: text(row, "first_event_at").unwrap().parse().unwrap(),
        country: text(row, "snapshot_country"),
        asn: row["snapshot_asn"].as_i64(),
        address: text(row, "source_ip").unwrap(),
        commands: number(row, "command_count"),
    };
    site.rows(&sql).await.iter().map(read).collect()
}

async fn campaign(site: &Site) -> Vec<Session> {
    let sessions = sessions(site, &format!("ssh_key_fingerprint IN ('{KEY}')")).await;
    assert!(sessions.len() > 20, "{} sessions", sessions.len());
    sessions
}

fn number(row: &Row, column: &str) -> usize {
    let number = row[column].as_u64().unwrap_or_else(|| panic!("{column}: {row:?}"));
    usize::try_from(number).unwrap()
}

fn text(row: &Row, column: &str) -> Option<String> {
    row[column].as_str().map(str::to_owned)
}

fn counts(row: &Row) -> Counts {
    (number(row, "sessions"), number(row, "addresses"))
}

/// Sessions and addresses by what a session is filed under.
fn counted<K: Ord>(sessions: &[Session], key: impl Fn(&Session) -> K) -> BTreeMap<K, Counts> {
    let mut filed: BTreeMap<K, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for session in sessions {
        let (n_sessions, addresses) = filed.entry(key(session)).or_default();
        *n_sessions += 1;
        addresses.insert(&session.address);
    }
    filed.into_iter().map(|(key, (n, addresses))| (key, (n, addresses.len()))).collect()
}

/// A column of an inventory by its key.
async fn known_now<V>(
    site: &Site,
    column: &str,
    read: impl Fn(&Value) -> V,
) -> BTreeMap<String, V> {
    let sql = format!("SELECT ip_address, {column} AS known FROM ip_inventory");
    let rows = site.rows(&sql).await;
    rows.iter().map(|row| (text(row, "ip_address").unwrap(), read(&row["known"]))).collect()
}

#[tokio::test]
async fn a_campaign_is_counted_by_country() {
    for engine in Engine::ALL {
        let site = Site::filled(engine).await;
        let wanted = counted(&campaign(&site).await, |session| session.country.clone());
        let rows = site.answer(&question("A campaign by country")).await;
        let seen = rows.iter().map(|row| (text(row, "country"), counts(row))).collect();
        assert_eq!(wanted, seen);
        let rows = site.answer(&question("A campaign in a country, counted")).await;
        assert_eq!(
            rows.iter().map(counts).next(),
            wanted.get(&Some(site.country().await)).copied()
        );
    }
}

#[tokio::test]
async fn pages_are_the_whole_of_a_campaign() {
    for engine in Engine::ALL {
        let site = Site::filled(engine).await;
        let country = site.country().await;
        let mut wanted: Vec<(String, String)> = campaign(&site)
            .await
            .into_iter()
            .filter(|session| session.country.as_ref() == Some(&country))
            .map(|session| (session.address, session.id))
            .collect();
        wanted.sort();
        assert!(wanted.len() > 2, "{wanted:?}");
        for title in [
            "A campaign in a country, page by page",
            "A campaign with its addresses as they are now",
        ] {
            let question = question(title);
            let rest_after = async |(address, session): &(String, String)| {
                let asked = question.asked(&site.tables, |name| match name {
                    "fingerprint" => KEY.to_owned(),
                    "country" => country.clone(),
                    "after_address" => address.clone(),
                    _ => session.clone(),
                });
                let rows = site.tables.rows(&asked).await;
                let place = |row: &Row| (text(row, "source_ip"), text(row, "session_id"));
                let places = rows.iter().map(place);
                places.map(|(a, s)| (a.unwrap(), s.unwrap())).collect::<Vec<_>>()
            };
            assert_eq!(rest_after(&(String::new(), String::new())).await, wanted);
            for (at, last) in wanted.iter().enumerate() {
                assert_eq!(rest_after(last).await, wanted[at + 1..], "{title} after {last:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_campaign_is_followed_to_where_it_is_now() {
    for engine in Engine::ALL {
        let site = Site::filled(engine).await;
        let campaign = campaign(&site).await;
        let countries = known_now(&site, "geo_country", |v| v.as_str().map(str::to_owned)).await;
        let networks = known_now(&site, "current_asn", Value::as_u64).await;

        let wanted = counted(&campaign, |session| {
            (session.country.clone(), countries[&session.address].clone())
        });
        let rows = site.answer(&question("Countries of a campaign, then and now")).await;
        let pair = |row: &Row| (text(row, "country_then"), text(row, "country_now"));
        assert_eq!(wanted, rows.iter().map(|row| (pair(row), counts(row))).collect());
        let has_moved = wanted.keys().any(|(then, now)| then.is_some() && then != now);
        assert!(has_moved, "{wanted:?}");

        let mut wanted = counted(&campaign, |session| networks[&session.address]);
        wanted.remove(&None);
        let rows = site.answer(&question("Networks that host a campaign now")).await;
        let seen = rows.iter().map(|row| (row["asn_number"].as_u64(), counts(row))).collect();
        assert_eq!(wanted, seen);
        assert!(wanted.len() > 2, "{wanted:?}");
    }
}

#[tokio::test]
async fn an_address_has_moved_when_what_is_known_differs() {
    for engine in Engine::ALL {
        let site = Site::filled(engine).await;
        let countries = known_now(&site, "geo_country", |v| v.as_str().map(str::to_owned)).await;
        let networks = known_now(&site, "current_asn", Value::as_i64).await;
        let state = |session: &Session| {
            let networks = session.asn.zip(networks[&session.address]);
            let countries = session.country.as_ref().zip(countries[&session.address].as_ref());
            match (networks, countries) {
                (Some((then, now)), _) if then != now => "NETWORK_CHANGED",
                (_, Some((then, now))) if then != now => "COUNTRY_CHANGED",
                (Some(_), Some(_)) => "STABLE",
                _ => "NOT_KNOWN",
            }
        };
        let wanted: BTreeMap<_, _> = counted(&campaign(&site).await, |session| {
            (session.address.clone(), state(session).to_owned())
        });
        let rows = site.answer(&question("Addresses of a campaign that have moved")).await;
        // An address whose network became known between two of its sessions is in two rows.
        let mut seen: BTreeMap<_, Counts> = BTreeMap::new();
        for row in &rows {
            let place = (text(row, "source_ip").unwrap(), text(row, "state").unwrap());
            let (n_sessions, n_addresses) = seen.entry(place).or_default();
            *n_sessions += number(row, "sessions");
            *n_addresses = 1;
        }
        assert_eq!(wanted, seen);
        let states: BTreeSet<&str> = seen.keys().map(|(_, state)| state.as_str()).collect();
        assert_eq!(states.len(), 4, "{states:?}");
    }
}

/// The example logs hold one day, so a few sessions are moved to others.
#[tokio::test]
async fn weeks_begin_on_monday_and_days_at_midnight() {
    for engine in Engine::ALL {
        let site = Site::filled(engine).await;
        for (condition, first, last) in [
            ("LIKE '%a'", "2024-12-29T23:59:59.999999+00:00", "2024-12-30T00:00:01.000000+00:00"),
            ("LIKE '%b'", "2024-12-30T00:00:00.000000+00:00", "2024-12-30T00:00:01.000000+00:00"),
            ("LIKE '%c'", "2025-01-06T00:00:00.000000+00:00", "2025-01-06T00:00:01.000000+00:00"),
        ] {
            let moved = "UPDATE session_summaries SET first_event_at = 'F', last_event_at = 'L' \
                 WHERE session_id "
                .replace('F', first);
            site.tables.execute(&(moved.replace("'L'", &format!("'{last}'")) + condition)).await;
        }
        let all = sessions(&site, "source_ip IS NOT NULL").await;
        let monday =
            |day: NaiveDate| day - Days::new(u64::from(day.weekday().num_days_from_monday()));
        for (title, column, start) in [
            ("Sessions by day", "day", (|day| day) as fn(NaiveDate) -> NaiveDate),
            ("Sessions by week, and the change from the week before", "week", monday),
        ] {
            let wanted = counted(&all, |session| start(session.at.date_naive()).to_string());
            let rows = site.answer(&question(title)).await;
            let seen = rows.iter().map(|row| (text(row, column).unwrap(), counts(row))).collect();
            assert_eq!(wanted, seen, "{title}");
            assert!(wanted.contains_key("2025-01-06"), "{wanted:?}");
            let commands: usize = rows.iter().map(|row| number(row, "commands")).sum();
            assert_eq!(commands, all.iter().map(|session| session.commands).sum::<usize>());
        }
    }
}

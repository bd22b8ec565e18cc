//! Databases of countries and networks, whole and damaged.

use std::fs;
use std::path::Path;

use cowrie_tests::{Engine, Site};

use crate::damage::event_of;

/// Addresses of the test databases with what these say, and one that they do not know.
const ADDRESSES: [(&str, &str, &str); 4] = [
    ("81.2.69.160", "GB", "NULL"),
    ("89.160.20.112", "SE", "29518"),
    ("1.128.0.1", "NULL", "1221"),
    ("192.88.99.77", "NULL", "NULL"),
];

/// Damaged files, with what is said of them.
const DAMAGED: [(&str, &str); 3] = [
    ("cyclic-data-structure.mmdb", "failed to open the database"),
    ("libmaxminddb-uint64-max-epoch.mmdb", ""),
    ("metadata-is-an-uint128.mmdb", "failed to open the database"),
];

const WHOLE: [&str; 2] = ["GeoLite2-City-Test.mmdb", "GeoLite2-ASN-Test.mmdb"];

async fn site_with(files: &[&str]) -> Site {
    let site = Site::new(Engine::Sqlite).await;
    let connect = |(number, (address, ..)): (u32, &(&str, &str, &str))| {
        event_of("cowrie.session.connect", number, &format!("\"src_ip\":\"{address}\""))
    };
    let lines: Vec<_> = (0..).zip(&ADDRESSES).map(connect).collect();
    site.write("cowrie.json", lines.join(&b'\n'));
    let data =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cowrie-client-maxmind/tests/data");
    fs::create_dir(site.path("mmdb")).unwrap();
    for file in files {
        fs::copy(data.join(file), site.path("mmdb").join(file)).unwrap();
    }
    site
}

async fn snapshots(site: &Site) -> Vec<String> {
    let tables = site.tables().await;
    let query = "SELECT source_ip || ' ' || coalesce(snapshot_country, 'NULL') || ' ' \
        || coalesce(CAST(snapshot_asn AS text), 'NULL') FROM session_summaries ORDER BY session_id";
    tables.lines(query).await
}

fn expected(knows: bool) -> Vec<String> {
    let line = |(address, country, asn): &(&str, &str, &str)| {
        if knows { format!("{address} {country} {asn}") } else { format!("{address} NULL NULL") }
    };
    ADDRESSES.iter().map(line).collect()
}

const BULK: [&str; 3] = ["cowrie.json", "--mmdb-dir", "mmdb"];

#[tokio::test]
async fn whole_databases_answer() {
    let site = site_with(&WHOLE).await;
    site.bulk(&BULK).ended().await.expect(0).prints(&["SE", "AS29518", "AS1221"]);
    assert_eq!(snapshots(&site).await, expected(true));
}

#[tokio::test]
async fn damaged_databases_are_named_and_the_load_goes_on() {
    let site = site_with(&DAMAGED.map(|(name, _)| name)).await;
    let ended = site.bulk(&BULK).ended().await.expect(3).prints(&["4 new"]);
    for (name, problem) in DAMAGED {
        ended.clone().prints(&[&format!("not used: mmdb/{name}: {problem}")]);
    }
    assert_eq!(snapshots(&site).await, expected(false));
    let json = site.bulk(&[&BULK[..], &["--format", "json"]].concat()).ended().await.expect(3);
    for (name, _) in DAMAGED {
        json.clone().prints(&[name]);
    }
}

#[tokio::test]
async fn a_good_database_beside_damaged_ones_answers() {
    let names = DAMAGED.map(|(name, _)| name);
    let site = site_with(&[&names[..], &WHOLE].concat()).await;
    let ended = site.bulk(&BULK).ended().await.expect(3);
    for name in names {
        ended.clone().prints(&[&format!("not used: mmdb/{name}: ")]);
    }
    assert_eq!(snapshots(&site).await, expected(true));
}

/// Files that open, and break only where they are asked.
#[tokio::test]
async fn a_database_that_breaks_when_asked() {
    // The second is of a kind that nobody asks.
    for (name, code) in
        [("GeoIP2-City-Test-Broken-Double-Format.mmdb", 3), ("libmaxminddb-oversized-map.mmdb", 0)]
    {
        let site = site_with(&[name, WHOLE[1]]).await;
        let ended = site.bulk(&BULK).ended().await.expect(code).prints(&["4 new"]);
        let told = ended.stdout.contains(&format!("not used: mmdb/{name}: "));
        assert_eq!(told, code == 3, "{ended:#?}");
        let networks: Vec<String> = snapshots(&site)
            .await
            .iter()
            .map(|row| row.rsplit(' ').next().unwrap().into())
            .collect();
        assert_eq!(networks, ADDRESSES.map(|(_, _, asn)| asn));
    }
}

#[tokio::test]
async fn an_empty_folder_is_told() {
    let site = site_with(&[]).await;
    let ended = site.bulk(&BULK).ended().await.expect(3);
    ended.prints(&["4 new", "no City, Country, ASN or ISP database in this folder"]);
    assert_eq!(snapshots(&site).await, expected(false));
}

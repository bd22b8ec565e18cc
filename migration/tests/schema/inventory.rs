//! The generated columns of an address, from sample enrichments, the same in both engines.

use sea_orm::DatabaseConnection;

use crate::support::{add_ip, both, column, refused, run};

/// The generated columns of an address with this enrichment.
async fn check(db: &DatabaseConnection, enrichment: &str, expected: &str) {
    add_ip(db, "192.0.2.1", enrichment).await;
    let generated = "SELECT coalesce(geo_country, '-') || ' ' || coalesce(ip_types, '-') \
         || CASE WHEN is_scanner THEN ' scanner' ELSE '' END \
         || CASE WHEN is_bogon THEN ' bogon' ELSE '' END FROM ip_inventory";
    assert_eq!(column(db, generated).await, [expected], "{enrichment}");
    run(db, "DELETE FROM ip_inventory").await;
}

#[tokio::test]
async fn the_country_is_the_first_that_is_known() {
    for test in both().await {
        let db = test.connection();
        check(db, "NULL", "- -").await;
        check(db, r#"'{"maxmind":{"asn":1}}'"#, "- -").await;
        check(db, r#"'{"maxmind":{"country":"DE"}}'"#, "DE -").await;
        check(db, r#"'{"cymru":{"country":"fr"}}'"#, "FR -").await;
        check(db, r#"'{"dshield":{"country":"us"}}'"#, "US -").await;
        let all = r#"'{"dshield":{"country":"US"},"cymru":{"country":"FR"},
            "maxmind":{"country":"DE"}}'"#;
        check(db, all, "DE -").await;
        for unknown in
            [r#""""#, r#""XX""#, r#""xx""#, r#""zz""#, "null", "7", r#"["DE"]"#, r#""DEU""#]
        {
            let none = format!(r#"'{{"maxmind":{{"country":{unknown}}}}}'"#);
            check(db, &none, "- -").await;
            let second =
                format!(r#"'{{"maxmind":{{"country":{unknown}}},"cymru":{{"country":"FR"}}}}'"#);
            check(db, &second, "FR -").await;
        }
        check(db, r#"'{"geo":{"country":"DE"}}'"#, "- -").await;
        check(db, r#"'{"maxmind":{"country":"ıı"}}'"#, "- -").await;
    }
}

#[tokio::test]
async fn the_kinds_come_in_rank_from_classification_and_spur() {
    for test in both().await {
        let db = test.connection();
        for kind in ["tor", "vpn", "proxy", "cloud", "datacenter", "mobile", "residential"] {
            let classified = format!(r#"'{{"ip_classification":{{"ip_type":"{kind}"}}}}'"#);
            check(db, &classified, &format!("- {kind}")).await;
        }
        for (spur, expected) in [
            (r#"{"tunnels":[{"type":"TOR"}]}"#, "- tor"),
            (r#"{"tunnels":[{"operator":"x","type":"VPN"},{"type":"PROXY"}]}"#, "- vpn,proxy"),
            (r#"{"infrastructure":"DATACENTER"}"#, "- datacenter"),
            (r#"{"client":{"types":["MOBILE","DESKTOP"]}}"#, "- mobile"),
            (r#"{"infrastructure":"RESIDENTIAL","tunnels":[{"type":"VPN"}]}"#, "- vpn,residential"),
            // A word counts only as a whole, quoted, in capitals, and in its place.
            (r#"{"tunnels":[{"type":"STARVPN"}]}"#, "- -"),
            (r#"{"tunnels":[{"type":"vpn"}]}"#, "- -"),
            (r#"{"organization":"VPN"}"#, "- -"),
            (r#"{"infrastructure":"CLOUD"}"#, "- -"),
        ] {
            check(db, &format!(r#"'{{"spur":{spur}}}'"#), expected).await;
        }
        let both_say = r#"'{"ip_classification":{"ip_type":"datacenter"},
            "spur":{"tunnels":[{"type":"TOR"}],"infrastructure":"DATACENTER",
            "client":{"types":["MOBILE"]}}}'"#;
        check(db, both_say, "- tor,datacenter,mobile").await;
        check(db, r#"'{"ip_classification":{"ip_type":"unknown"}}'"#, "- -").await;
    }
}

#[tokio::test]
async fn scanners_and_bogons_are_those_that_are_said_to_be() {
    for test in both().await {
        let db = test.connection();
        for (value, scanner, bogon) in [
            ("true", "- - scanner", "- - bogon"),
            ("false", "- -", "- -"),
            ("\"true\"", "- -", "- -"),
        ] {
            check(db, &format!(r#"'{{"greynoise":{{"noise":{value}}}}}'"#), scanner).await;
            check(db, &format!(r#"'{{"validation":{{"is_bogon":{value}}}}}'"#), bogon).await;
        }
        check(db, r#"'{"greynoise":{"riot":true}}'"#, "- -").await;
    }
}

/// The columns follow the enrichment, and nobody sets them.
#[tokio::test]
async fn generated_columns_follow() {
    for test in both().await {
        let db = test.connection();
        add_ip(db, "192.0.2.1", "NULL").await;
        run(db, r#"UPDATE ip_inventory SET enrichment = '{"maxmind":{"country":"DE"}}'"#).await;
        assert_eq!(column(db, "SELECT geo_country FROM ip_inventory").await, ["DE"]);
        refused(db, "UPDATE ip_inventory SET geo_country = 'FR'", "column").await;
        let shell = "UPDATE ip_inventory SET enrichment = '{}'";
        refused(db, shell, "check").await;
    }
}

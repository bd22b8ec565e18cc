//! Writes networks, addresses, and the history of which belonged to which.

use cowrie_sql::{Rows, int, jsonb, text, time};
use std::collections::{BTreeMap, BTreeSet};

use crate::changes::{AddressChange, Changes};
use crate::error::StoreError;
use crate::totals::{AddressTotal, NetworkTotal, Totals};
use crate::write::Writing;

/// The version of the shape of `enrichment`.
const ENRICHMENT_VERSION: &str = "3.0";

/// The earlier (`<`) or later (`>`) of two times, as SQL for both engines; `t` is the table.
macro_rules! extreme {
    ($order:literal, $t:literal, $c:literal) => {
        concat!(
            $c,
            " = CASE WHEN excluded.",
            $c,
            " ",
            $order,
            " ",
            $t,
            ".",
            $c,
            " THEN excluded.",
            $c,
            " ELSE ",
            $t,
            ".",
            $c,
            " END"
        )
    };
}

pub(crate) use extreme;

impl Writing {
    /// Networks: a name stays where one was confirmed; until then the smallest one stands, so
    /// that the order of batches makes no difference.
    pub(crate) async fn write_networks(&mut self, totals: &Totals) -> Result<(), StoreError> {
        let networks: Vec<(&i64, &NetworkTotal)> = totals.networks.iter().collect();
        let rows = Rows::new(vec![
            ("asn_number", int(&networks, |(asn, _)| Some(**asn))),
            ("organization_name", text(&networks, |(_, total)| total.organization.as_deref())),
            ("first_seen", time(&networks, |(_, total)| Some(total.span.first))),
            ("last_seen", time(&networks, |(_, total)| Some(total.span.last))),
            ("unique_ip_count", int(&networks, |(_, total)| Some(total.addresses))),
            ("total_session_count", int(&networks, |(_, total)| Some(total.sessions))),
        ]);
        self.upsert(
            "write networks",
            "asn_inventory",
            &rows,
            concat!(
                "ON CONFLICT (asn_number) DO UPDATE SET \
                 organization_name = CASE \
                 WHEN asn_inventory.organization_name IS NULL THEN excluded.organization_name \
                 WHEN asn_inventory.enrichment_updated_at IS NULL AND \
                 excluded.organization_name {C} < asn_inventory.organization_name {C} \
                 THEN excluded.organization_name ELSE asn_inventory.organization_name END, ",
                extreme!("<", "asn_inventory", "first_seen"),
                ", ",
                extreme!(">", "asn_inventory", "last_seen"),
                ", unique_ip_count = asn_inventory.unique_ip_count + excluded.unique_ip_count, \
                 total_session_count = \
                 asn_inventory.total_session_count + excluded.total_session_count"
            ),
        )
        .await
    }

    /// Addresses and their history.
    pub(crate) async fn write_addresses(
        &mut self,
        totals: &Totals,
        changes: &Changes<'_>,
    ) -> Result<(), StoreError> {
        let known: BTreeMap<&str, &AddressChange> =
            changes.addresses.iter().map(|change| (change.address.as_str(), change)).collect();
        let addresses: Vec<(&String, &AddressTotal)> = totals.addresses.iter().collect();
        let change = |address: &String| known.get(address.as_str()).copied();
        let news = |address: &String| change(address).filter(|news| news.enrichment.is_some());
        let asn = |address: &String| news(address).and_then(|news| news.asn.as_ref());
        let now = changes.now;
        let rows = Rows::new(vec![
            ("ip_address", text(&addresses, |(address, _)| Some(address))),
            ("current_asn", int(&addresses, |(address, _)| asn(address).map(|asn| asn.asn))),
            ("asn_last_verified", time(&addresses, |(a, _)| asn(a).map(|asn| asn.observed_at))),
            ("first_seen", time(&addresses, |(_, total)| Some(total.span.first))),
            ("last_seen", time(&addresses, |(_, total)| Some(total.span.last))),
            ("session_count", int(&addresses, |(_, total)| Some(total.sessions))),
            (
                "enrichment",
                jsonb(&addresses, |(a, _)| news(a).and_then(|n| n.enrichment.as_deref())),
            ),
            ("enrichment_updated_at", time(&addresses, |(a, _)| news(a).map(|_| now))),
            ("enrichment_version", text(&addresses, |(a, _)| news(a).map(|_| ENRICHMENT_VERSION))),
        ]);
        self.upsert("write addresses", "ip_inventory", &rows, ADDRESSES).await?;
        self.write_history(changes.addresses).await
    }

    async fn write_history(&mut self, addresses: &[AddressChange]) -> Result<(), StoreError> {
        let moves: Vec<_> = addresses
            .iter()
            .filter_map(|change| Some((change, change.asn.as_ref().filter(|a| a.is_history)?)))
            .collect();
        let rows = Rows::new(vec![
            ("ip_address", text(&moves, |(change, _)| Some(&change.address))),
            ("asn_number", int(&moves, |(_, asn)| Some(asn.asn))),
            ("observed_at", time(&moves, |(_, asn)| Some(asn.observed_at))),
            ("verification_source", text(&moves, |(_, asn)| Some(asn.source))),
        ]);
        self.upsert(
            "write which network an address belongs to",
            "ip_asn_history",
            &rows,
            "ON CONFLICT (ip_address, observed_at, asn_number) DO NOTHING",
        )
        .await
    }

    /// Looks up the span of addresses that lost a session, and removes those that have none left.
    pub(crate) async fn recount_addresses(
        &mut self,
        vacated: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let rows = Rows::of_texts("ip_address", vacated.iter().cloned());
        self.run(
            "look up the times of addresses that lost a session",
            &rows,
            "UPDATE ip_inventory SET first_seen = span.first_seen, last_seen = span.last_seen \
             FROM (SELECT s.source_ip, min(s.first_event_at) AS first_seen, \
             max(s.last_event_at) AS last_seen FROM rows JOIN session_summaries s \
             ON s.source_ip = rows.ip_address GROUP BY s.source_ip) AS span \
             WHERE ip_inventory.ip_address = span.source_ip",
        )
        .await?;
        for (doing, sql) in EMPTY_ADDRESSES {
            self.run(doing, &rows, sql).await?;
        }
        Ok(())
    }
}

/// Takes back what an address brought that no session comes from after all.
const EMPTY_ADDRESSES: [(&str, &str); 3] = [
    (
        "count the addresses of a network that lost one",
        "UPDATE asn_inventory SET unique_ip_count = unique_ip_count - \
         (SELECT count(*) FROM rows JOIN ip_inventory i ON i.ip_address = rows.ip_address \
         WHERE i.session_count = 0 AND i.current_asn = asn_inventory.asn_number) \
         WHERE asn_number IN (SELECT i.current_asn FROM rows \
         JOIN ip_inventory i ON i.ip_address = rows.ip_address WHERE i.session_count = 0)",
    ),
    (
        "remove the history of addresses without a session",
        "DELETE FROM ip_asn_history WHERE ip_address IN (SELECT i.ip_address FROM rows \
         JOIN ip_inventory i ON i.ip_address = rows.ip_address WHERE i.session_count = 0)",
    ),
    (
        "remove addresses without a session",
        "DELETE FROM ip_inventory WHERE session_count = 0 \
         AND ip_address IN (SELECT ip_address FROM rows)",
    ),
];

const ADDRESSES: &str = concat!(
    "ON CONFLICT (ip_address) DO UPDATE SET \
     current_asn = coalesce(excluded.current_asn, ip_inventory.current_asn), \
     asn_last_verified = coalesce(excluded.asn_last_verified, ip_inventory.asn_last_verified), ",
    extreme!("<", "ip_inventory", "first_seen"),
    ", ",
    extreme!(">", "ip_inventory", "last_seen"),
    ", session_count = ip_inventory.session_count + excluded.session_count, \
     enrichment = coalesce(excluded.enrichment, ip_inventory.enrichment), \
     enrichment_updated_at = \
     coalesce(excluded.enrichment_updated_at, ip_inventory.enrichment_updated_at), \
     enrichment_version = coalesce(excluded.enrichment_version, ip_inventory.enrichment_version)"
);

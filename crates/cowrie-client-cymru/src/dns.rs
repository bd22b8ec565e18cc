//! The DNS zones: one address, in two questions.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use cowrie_core::Asn;
use cowrie_enrichment::Data;
use tokio::time::timeout;
use trust_dns_resolver::TokioResolver;
use trust_dns_resolver::config::{NameServerConfig, ResolverConfig};
use trust_dns_resolver::net::NetError;
use trust_dns_resolver::net::runtime::TokioRuntimeProvider;
use trust_dns_resolver::proto::rr::RData;

use crate::CymruError;
use crate::network::Network;
use crate::wire::{name_record, origin_record};

/// A resolver that asks for records of Team Cymru's zones.
#[derive(Clone, Debug)]
pub(crate) struct Dns {
    resolver: TokioResolver,
    timeout: Duration,
}

impl Dns {
    /// Asks this server, or those of the system.
    pub(crate) fn new(server: Option<SocketAddr>, timeout: Duration) -> Result<Self, NetError> {
        let mut builder = match server {
            Some(server) => {
                TokioResolver::builder_with_config(only(server), TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio()?,
        };
        // A datagram may get lost, so that there is time for a second one.
        let options = builder.options_mut();
        options.timeout = timeout / 2;
        options.attempts = 1;
        Ok(Self { resolver: builder.build()?, timeout })
    }

    /// What is known of the address.
    pub(crate) async fn lookup(&self, address: IpAddr) -> Result<Option<Data>, CymruError> {
        match timeout(self.timeout, self.ask(address)).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(CymruError::TimedOut),
        }
    }

    async fn ask(&self, address: IpAddr) -> Result<Option<Data>, CymruError> {
        let Some(texts) = self.texts(origin_name(address)).await? else { return Ok(None) };
        let origins: Vec<_> = texts
            .iter()
            .filter_map(|text| origin_record(text))
            .map(|origin| origin.about(address))
            .collect();
        if origins.is_empty() {
            return Err(CymruError::Malformed);
        }
        let Some(mut network) = Network::choose(&origins) else { return Ok(None) };
        network.origin.asn_org = self.name_of(network.asn).await?;
        Ok(network.into_data())
    }

    /// The name of an AS; `None` when the zone does not say.
    async fn name_of(&self, asn: Asn) -> Result<Option<String>, CymruError> {
        let texts = self.texts(format!("{asn}.asn.cymru.com.")).await?.unwrap_or_default();
        Ok(texts.iter().find_map(|text| name_record(text, asn)))
    }

    /// The TXT records of a name, the strings of each joined; `None` when it has none.
    async fn texts(&self, name: String) -> Result<Option<Vec<String>>, CymruError> {
        let lookup = match self.resolver.txt_lookup(name).await {
            Ok(lookup) => lookup,
            Err(error) if error.is_no_records_found() => return Ok(None),
            Err(NetError::Timeout) => return Err(CymruError::TimedOut),
            Err(error) => return Err(CymruError::Dns(error)),
        };
        let texts = lookup.answers().iter().filter_map(|record| match &record.data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        });
        Ok(Some(texts.collect()))
    }
}

/// One server, by UDP, and by TCP where an answer does not fit.
fn only(server: SocketAddr) -> ResolverConfig {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut config.connections {
        connection.port = server.port();
    }
    ResolverConfig::from_parts(None, Vec::new(), vec![config])
}

/// The name of an address: octets or nibbles backwards. It ends in a dot, so that no search
/// domain is tried.
fn origin_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.origin.asn.cymru.com.")
        }
        IpAddr::V6(v6) => {
            let mut name = String::new();
            for byte in v6.octets().iter().rev() {
                // Writing to a string does not fail.
                write!(name, "{:x}.{:x}.", byte & 0xf, byte >> 4).unwrap_or_default();
            }
            name.push_str("origin6.asn.cymru.com.");
            name
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: &str) {
        assert_eq!(origin_name(address.parse().unwrap()), expected);
    }

    #[test]
    fn names_run_backwards() {
        check("216.90.108.31", "31.108.90.216.origin.asn.cymru.com.");
        check(
            "2001:db8:1:2:abcd::30",
            "0.3.0.0.0.0.0.0.0.0.0.0.d.c.b.a.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.origin6.asn.cymru.com.",
        );
    }
}

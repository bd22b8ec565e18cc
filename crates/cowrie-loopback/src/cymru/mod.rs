//! Team Cymru's mapping of addresses to networks, by DNS and by whois.

mod dns;
mod whois;

pub use dns::{CymruDns, DnsBehaviour};
pub use whois::{CymruWhois, WhoisBehaviour};

#![doc = include_str!("../README.md")]
#![expect(clippy::expect_used, reason = "a test cannot go on without the services it talks to")]

mod asked;
mod behaviour;
mod book;
mod canned;
mod cymru;
mod digest;
mod invented;
mod log;
mod provider;
mod providers;
mod rules;
mod web;
mod wire;

pub use asked::Asked;
pub use behaviour::Behaviour;
pub use canned::Canned;
pub use cymru::{CymruDns, CymruWhois, DnsBehaviour, WhoisBehaviour};
pub use provider::Provider;
pub use providers::Providers;
pub use rules::maxmind_archive;

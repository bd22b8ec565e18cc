#![doc = include_str!("../README.md")]

mod address;
mod asn;
mod clock;
mod event_id;
mod hex;
mod one_line;
mod time;

pub use address::{AddressKind, canonical, kind_of, parse_address};
pub use asn::{Asn, BadAsn};
pub use clock::{Clock, FixedClock, SystemClock};
pub use event_id::EventId;
pub use hex::hex;
pub use one_line::one_line;
pub use time::{format_time, parse_time};

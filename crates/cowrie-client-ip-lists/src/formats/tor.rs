//! The bulk list of Tor exits: an address on each line.
//!
//! Source: `https://check.torproject.org/torbulkexitlist`. A network in it would be no exit.

use std::net::IpAddr;

use super::lines::lines;
use super::{Rows, network};

pub(super) fn read(bytes: &[u8], rows: &mut Rows) {
    for line in lines(bytes) {
        let exit = line.filter(|line| line.parse::<IpAddr>().is_ok());
        rows.add(exit.and_then(network));
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::Format;
    use crate::formats::testing::shown;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(Format::Tor, text.as_bytes()), expected);
    }

    #[test]
    fn an_address_on_each_line() {
        check("192.0.2.9\n192.0.2.3\n192.0.2.9\n", "192.0.2.3/32 192.0.2.9/32");
        check("2001:db8::1\r\n192.0.2.3\r\n", "192.0.2.3/32 2001:db8::1/128");
        check("192.0.2.0/24\n192.0.2.3\n", "192.0.2.3/32");
        check("192.0.2.0/24\n", "there is no network in it");
    }
}

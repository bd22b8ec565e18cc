//! A geofeed: `network,country,region,city,postal code`.
//!
//! Source: RFC 8805. Only the network is taken: where a cloud's machine stands is nothing that a
//! kind of address needs. `DigitalOcean` publishes its networks so (`google.csv`).

use super::csv::fields;
use super::lines::lines;
use super::{Rows, network};

pub(super) fn read(bytes: &[u8], rows: &mut Rows) {
    for line in lines(bytes) {
        let first = line.and_then(|line| fields(line).next());
        rows.add(first.and_then(|first| network(&first)));
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::Format;
    use crate::formats::testing::shown;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(Format::Geofeed, text.as_bytes()), expected);
    }

    #[test]
    fn the_first_field_is_the_network() {
        check(
            "5.101.96.0/21,NL,NL-NH,Amsterdam,1098 XH\n24.144.64.0/22,US,US-NJ,North Bergen,07047\n\
             2400:6180:0:d0::/64,SG,SG-01,Singapore,627753\n",
            "5.101.96.0/21 24.144.64.0/22 2400:6180:0:d0::/64",
        );
        check("# prefix,country\n\"192.0.2.0/24\",,,\n192.0.2.1\n", "192.0.2.0/24 192.0.2.1/32");
        check("network,country\n", "there is no network in it");
    }
}

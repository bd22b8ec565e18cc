//! Text with a network or an address on each line, and comments behind `#`.
//!
//! Cloudflare publishes its networks so (`ips-v4`, `ips-v6`), and so do most lists of others.

use super::lines::lines;
use super::{Rows, network};

pub(super) fn read(bytes: &[u8], rows: &mut Rows) {
    for line in lines(bytes) {
        let said = line.and_then(|line| line.split('#').next());
        rows.add(said.and_then(|said| network(said.trim_end())));
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::Format;
    use crate::formats::testing::shown;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(Format::Plain, text.as_bytes()), expected);
    }

    #[test]
    fn a_network_on_each_line() {
        // The first lines of Cloudflare's lists, as they are published: without an end of line.
        check("173.245.48.0/20\n103.21.244.0/22", "103.21.244.0/22 173.245.48.0/20");
        check("2400:cb00::/32\n2606:4700::/32\n", "2400:cb00::/32 2606:4700::/32");
        check(
            "# mine\n192.0.2.0/24   # the first\n\n192.0.2.1\n192.0.2.0/24\r\n#\n",
            "192.0.2.0/24 192.0.2.1/32",
        );
        check("# nothing\n", "there is no network in it");
    }
}

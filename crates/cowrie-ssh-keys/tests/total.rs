//! Every text may hold keys, and is searched in linear time.

use cowrie_ssh_keys::{PublicKey, planted_keys};
use proptest::prelude::*;

/// A key made for this test with `ssh-keygen`.
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII8Vf9g4OdnXLpqL1o9St+0BLpuTutRGn9welNaDBYK0";

fn check(command: &str) {
    for planted in planted_keys(command) {
        let key = planted.key;
        assert_eq!(PublicKey::parse(key.key_type(), &key.base64()).as_ref(), Some(&key));
    }
    PublicKey::from_openssh_line(command);
    PublicKey::from_cowrie(command, None);
}

/// Words that lead into every branch, to be glued together.
fn planting_text() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "echo ",
        "printf '%s' ",
        "base64 -d",
        "openssl base64 -d",
        "<<EOF",
        "<<<",
        "\nEOF\n",
        "'",
        "\"",
        "`",
        "$(",
        ")",
        ";",
        "|",
        "\n",
        ">>",
        ">",
        "\\",
        "\\n",
        " ",
        "tee -a ",
        "sh -c ",
        "ssh-rsa AAAA",
        "ssh-rsa ",
        "aWQK",
        "AAAAB3NzaC1yc2E",
        "=",
        "~/.ssh/authorized_keys",
        "%",
        "\u{e9}",
        "\u{0}",
        KEY,
    ];
    prop::collection::vec(prop::sample::select(WORDS), 0..40).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(command in any::<String>()) {
        check(&command);
    }

    #[test]
    fn any_planting_text(command in planting_text()) {
        check(&command);
    }

    #[test]
    fn a_key_is_found_whatever_stands_before_it(before in "[a-z ;]{0,40}") {
        let planted = planted_keys(&format!("{before}; echo \"{KEY}\""));
        prop_assert_eq!(planted.len(), 1);
    }
}

#[test]
fn long_texts_take_linear_time() {
    // A quadratic scan of these would take hours.
    const LENGTH: usize = 1024 * 1024;
    for unit in [
        "A",
        "AAAA ",
        "ssh-rsa AAAA ",
        "echo a|base64 -d|",
        "echo AAAA ssh-rsa|",
        "printf '%s' ",
        "authorized_keys ",
        "ssh-rsa base64 <<< ",
        "sh -c 'ssh- ",
        "base64 $(",
        "base64 -d <<< aWQK;",
    ] {
        let command = unit.repeat(LENGTH / unit.len());
        check(&command);
    }
}

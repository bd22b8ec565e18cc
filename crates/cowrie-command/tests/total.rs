//! Every function takes every text, and takes it in linear time.

use cowrie_command::{risk, signature, template};
use proptest::prelude::*;

/// Calls everything, and checks what holds of every answer.
fn check(command: &str) {
    let masked = template(command);
    assert!(!masked.chars().any(|character| character.is_ascii_control()), "{masked:?}");
    assert!(masked.len() <= 8 * command.len() + 16, "{masked:?}");
    assert_eq!(signature([command]).is_none(), masked.is_empty());
    assert!(risk(command).score() <= 100);
}

/// Words that lead into every branch, to be glued together.
fn shell_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("echo "),
        Just("printf '%s' "),
        Just("base64 -d"),
        Just("<<EOF"),
        Just("<<<"),
        Just("\nEOF\n"),
        Just("'"),
        Just("\""),
        Just("`"),
        Just("$("),
        Just(")"),
        Just("("),
        Just(";"),
        Just("&&"),
        Just("||"),
        Just("|"),
        Just("&"),
        Just("\n"),
        Just(">>"),
        Just("2>&1"),
        Just("\\"),
        Just("\\x7f"),
        Just(" "),
        Just("ssh-rsa AAAA"),
        Just("authorized_keys"),
        Just("http://"),
        Just("192.0.2.1"),
        Just(":80"),
        Just("/tmp/"),
        Just("2001:db8::"),
        Just("root:x"),
        Just("chpasswd"),
        Just("passwd"),
        Just("busybox "),
        Just("ECCHI"),
        Just("sh -c "),
        Just("="),
        Just("-p "),
        Just("\u{e9}"),
        Just("\u{0}"),
        Just("#"),
        Just("deadbeef"),
        Just("$'"),
        Just("<("),
        Just("%"),
        Just("@"),
        Just("."),
        Just(","),
        Just("wget "),
        Just("x"),
        Just("9"),
        Just("\u{fffd}"),
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(command in any::<String>()) {
        check(&command);
    }

    #[test]
    fn any_shell_text(command in shell_text()) {
        check(&command);
    }
}

#[test]
fn long_texts_take_linear_time() {
    // A quadratic scan of these would take hours.
    const LENGTH: usize = 1024 * 1024;
    // How texts are cut is tested with `cowrie-shell`; these are for what is made of the pieces.
    for unit in [
        "a",
        "'",
        "<<E\n",
        "/",
        "=",
        ":",
        "a:",
        "1.",
        "@a",
        "\\x41",
        "\u{e9}",
        "\u{0}",
        "http://",
        "ssh-rsa AAAA ",
        "root:x|passwd ",
        "echo x|passwd;",
        "echo '://' ",
        "sh -c 'x ",
    ] {
        let command = unit.repeat(LENGTH / unit.len());
        template(&command);
        risk(&command);
    }
}

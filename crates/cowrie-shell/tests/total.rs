//! Every text is a command line, cut in linear time into parts of itself.

use cowrie_shell::{Statement, Word, Words, pieces, statements, substitutions, unquote};
use proptest::prelude::*;

/// Checks that the parts stand in the whole, one behind the other.
fn check_order<'a>(whole: &str, parts: impl Iterator<Item = &'a str>) {
    let mut rest = whole;
    for part in parts {
        let found = rest.split_once(part);
        assert!(found.is_some(), "{part:?} is not in {rest:?}");
        rest = found.map_or("", |(_before, behind)| behind);
    }
}

fn check(command: &str) {
    check_order(command, statements(command));
    assert!(statements(command).all(|one| !one.is_empty() && one == one.trim()));
    check_order(command, substitutions(command).into_iter());
    for piece in pieces(command) {
        assert_eq!([piece.head(), piece.body()].concat(), piece.text);
        check_order(piece.head(), Words::new(piece.head()).map(|word| word.text));
        let at_its_place = |word: Word<'_>| {
            piece.head().get(word.at..).is_some_and(|rest| rest.starts_with(word.text))
        };
        assert!(Words::new(piece.head()).all(at_its_place));
        let statement = Statement::parse(piece.head());
        for word in statement.arguments() {
            assert!(unquote(word).len() <= word.len());
        }
    }
}

/// Words that lead into every branch, to be glued together.
fn shell_text() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "echo ", "sh -c ", "<<EOF", "<<-E ", "<<<", "\nEOF\n", "'", "\"", "`", "$(", ")", "(", ";",
        "&&", "||", "|", "&", "\n", ">>", "2>&1", ">|", "&>", "\\", " ", "$IFS", "${IFS}", "$'",
        "<(", "#", "sudo -u ", "X=1 ", "\u{e9}", "\u{0}", "\r\n", "\t", "x",
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
    fn any_shell_text(command in shell_text()) {
        check(&command);
    }
}

#[test]
fn long_texts_take_linear_time() {
    // A quadratic scan of these would take hours.
    const LENGTH: usize = 1024 * 1024;
    for unit in [
        "a",
        " ",
        "\n",
        ";",
        "'",
        "\"",
        "`",
        "$(",
        "\"$(",
        "\" $( ' ",
        "(",
        "\\",
        "<<E ",
        "<<E\n",
        "#",
        "\u{e9}",
        "\u{0}",
        "<(",
        "$'",
        "a=",
        "sh -c 'x ",
        "$IFS",
        "2>",
        "sudo ",
    ] {
        let command = unit.repeat(LENGTH / unit.len());
        assert!(statements(&command).count() <= command.len());
        assert!(substitutions(&command).len() <= command.len());
        assert!(Statement::parse(&command).arguments().len() <= command.len());
    }
}

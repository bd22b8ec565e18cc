//! Imports name what they import; only preludes, and tests of their own file, may take all.

use crate::tidy::checkout::Checkout;
use crate::tidy::rust_file::{RustFile, is_word_byte, words_at};

pub(crate) fn check(checkout: &Checkout) -> Vec<String> {
    checkout.rust_files.iter().flat_map(findings).collect()
}

fn findings(file: &RustFile) -> Vec<String> {
    let imports = words_at(&file.code, "use").into_iter().flat_map(|start| {
        let rest = file.code.get(start..).unwrap_or_default();
        let import = rest.split(';').next().unwrap_or_default();
        let globs = import.match_indices('*');
        globs.map(move |(at, _)| (start + at, from_where(import, at).to_owned()))
    });
    let refused = imports.filter(|(at, from)| match from.as_str() {
        "prelude" => false,
        "super" => !file.is_test_at(*at),
        _ => true,
    });
    refused
        .map(|(at, from)| {
            format!("{}:{}: `{from}::*`: name what is used", file.path, file.line_of(at))
        })
        .collect()
}

/// The last name in front of `::*`, also across the brace of a group.
fn from_where(import: &str, star: usize) -> &str {
    let path = import.get(..star).unwrap_or_default();
    let path = path.trim_end_matches(|c: char| c == ':' || c == '{' || c.is_whitespace());
    let n_name = path.bytes().rev().take_while(|byte| is_word_byte(*byte)).count();
    path.get(path.len() - n_name..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(findings(&RustFile::new("a.rs", text)), expected);
    }

    #[test]
    fn preludes_are_fine() {
        check("use sea_orm::entity::prelude::*;\nuse a::{b, prelude::*};\n", &[]);
        check("use a::b;\nfn f(x: *const u8) {}\n", &[]);
    }

    #[test]
    fn other_globs_are_not() {
        check("use a::b::*;\n", &["a.rs:1: `b::*`: name what is used"]);
        check("use a::{\n    c,\n    d::*,\n};\n", &["a.rs:3: `d::*`: name what is used"]);
        check("pub use a::*;\n", &["a.rs:1: `a::*`: name what is used"]);
    }

    #[test]
    fn tests_may_use_their_file() {
        check("#[cfg(test)]\nmod tests {\n    use super::*;\n}\n", &[]);
        check("mod inner {\n    use super::*;\n}\n", &["a.rs:2: `super::*`: name what is used"]);
    }
}

//! Words that have no place in the sources, and SQL that is put together from values.

use std::ops::Range;

use crate::tidy::checkout::Checkout;
use crate::tidy::rust_file::{Kind, RustFile, words_at};

/// Refused in code, with what to do about it.
const IN_CODE: &[(&str, &str)] = &[
    ("should_panic", "assert on the error instead"),
    ("#[ignore", "a test runs, or goes"),
    ("todo!", "do it"),
];

/// Refused in comments. Each is written in two halves, or this line would be found.
const IN_COMMENTS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// Refused in literals, whatever the case: in SQLite it goes around triggers.
const IN_LITERALS: &[&str] = &[concat!("insert or", " replace"), concat!("replace", " into")];

pub(crate) fn check(checkout: &Checkout) -> Vec<String> {
    checkout.rust_files.iter().flat_map(findings).collect()
}

fn findings(file: &RustFile) -> Vec<String> {
    let comments = file.view(Kind::Comment);
    let code = IN_CODE.iter().flat_map(|(word, advice)| {
        let places = file.code.match_indices(word).map(|(at, _)| at);
        places.map(move |at| (at, format!("`{word}`: {advice}")))
    });
    let comments = IN_COMMENTS.iter().flat_map(|word| {
        words_at(&comments, word).into_iter().map(move |at| (at, format!("`{word}`: do it")))
    });
    // Tests write down their own values, and show what must not be done.
    let released = || file.literals().into_iter().filter(|place| !file.is_test_at(place.start));
    let literals = released().flat_map(|place| {
        let text = file.text.get(place.clone()).unwrap_or_default().to_lowercase();
        let refused = IN_LITERALS.iter().filter(move |words| text.contains(**words));
        refused.map(move |words| (place.start, format!("`{words}`: it goes around triggers")))
    });
    let mut found: Vec<(usize, String)> = code.chain(comments).chain(literals).collect();
    let from_values = released().filter(|place| is_sql_from_values(file, place));
    found.extend(from_values.map(|place| (place.start, "SQL from values: bind them".to_owned())));
    found.sort();
    let place = |at| format!("{}:{}", file.path, file.line_of(at));
    found.into_iter().map(|(at, finding)| format!("{}: {finding}", place(at))).collect()
}

/// Whether the literal is the text of a `format!` or `write!`, and SQL with a placeholder where a
/// value stands. Names of tables and columns stand elsewhere, and cannot be bound.
fn is_sql_from_values(file: &RustFile, place: &Range<usize>) -> bool {
    let before = file.code.get(..place.start).unwrap_or_default().trim_end();
    let text = file.text.get(place.clone()).unwrap_or_default().to_lowercase();
    let after_write = before.rsplit("write!(").next().filter(|rest| rest.len() < before.len());
    let is_formatted = before.ends_with("format!(")
        || before.ends_with("format_args!(")
        || after_write.is_some_and(|target| target.ends_with(',') && !target.contains([';', ')']));
    is_formatted && is_sql(&text) && (has_quoted_placeholder(&text) || has_value_placeholder(&text))
}

/// A placeholder, not doubled, right behind what only a value follows.
fn has_value_placeholder(text: &str) -> bool {
    const BEFORE: [&str; 7] = ["=", "<", ">", " limit", " like", " in (", "values ("];
    text.match_indices('{').any(|(at, _)| {
        let (before, after) = text.split_at(at);
        let is_doubled = after.starts_with("{{") || before.ends_with('{');
        !is_doubled && BEFORE.iter().any(|word| before.trim_end().ends_with(word))
    })
}

fn is_sql(text: &str) -> bool {
    const VERBS: &[&str] = &["delete", "insert", "select", "update", "values", "where"];
    VERBS.iter().any(|verb| !words_at(text, verb).is_empty())
}

/// A quote, maybe a wildcard, and an opening brace that is not doubled.
fn has_quoted_placeholder(text: &str) -> bool {
    text.split('\'').skip(1).any(|after| {
        let after = after.trim_start_matches('%');
        after.starts_with('{') && !after.starts_with("{{")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(findings(&RustFile::new("a.rs", text)), expected);
    }

    #[test]
    fn words_are_refused_where_they_mean_something() {
        check(
            "#[should_panic]\nfn f() {}\n",
            &["a.rs:1: `should_panic`: assert on the error instead"],
        );
        check("#[ignore = \"slow\"]\n", &["a.rs:1: `#[ignore`: a test runs, or goes"]);
        check("\ntodo!()\n", &["a.rs:2: `todo!`: do it"]);
        let later = concat!("// TO", "DO later\n");
        check(later, &[concat!("a.rs:1: `TO", "DO`: do it")]);
        check("let s = \"should_panic todo! #[ignore]\"; // todo! is refused\n", &[]);
    }

    #[test]
    fn replacing_rows_is_refused_in_statements() {
        let statement = concat!("f(\"INSERT OR", " REPLACE", " INTO t VALUES (1)\")\n");
        check(
            statement,
            &[
                concat!("a.rs:1: `insert or", " replace`: it goes around triggers"),
                concat!("a.rs:1: `replace", " into`: it goes around triggers"),
            ],
        );
        check(&format!("// {statement}"), &[]);
        check(&format!("#[cfg(test)]\nmod tests {{\n{statement}}}\n"), &[]);
    }

    #[test]
    fn values_are_bound() {
        let found = &["a.rs:1: SQL from values: bind them"][..];
        check("format!(\"select * from t where a = '{}'\", a)\n", found);
        check("format!(\"INSERT INTO t VALUES ('{a}')\")\n", found);
        check("format!(\"select 1 from t where a like '%{a}%'\")\n", found);
        check("format!(\"select * from t where a = {a}\")\n", found);
        check("format!(\"select * from t limit {n}\")\n", found);
        check("write!(out, \"insert into t values ({a})\")\n", found);
        check("format!(\"select * from {table} where a = $1\")\n", &[]);
        check("write!(out, \"select {column} from t\")\n", &[]);
        check("format!(\"it isn't '{a}'\")\n", &[]);
        check("format!(\"select '{{}}' from {t}\")\n", &[]);
        check("f(\"select e from t where e <> '{}'\")\n", &[]);
    }
}
